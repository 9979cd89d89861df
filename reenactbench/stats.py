"""Intervals and tests whose unit is the pair, clustered by identity. Imports no torch."""
