"""What is measured: one metric a file."""
