"""Plots, made by matplotlib when the report is written and set into the page as SVG that follows its colours."""
