"""Places out of focus."""
