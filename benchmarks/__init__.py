"""Scripts that measure; none of them is installed."""
