"""The networks that metrics look through, and where their weights come from."""
