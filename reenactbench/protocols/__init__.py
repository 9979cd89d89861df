"""Who drives whom, and with which frames."""
