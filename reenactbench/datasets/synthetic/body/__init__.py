"""Heads, and all that is fixed to them but hair."""
