"""What a plugin promises, as checks: shared by `reenactbench check`, by `reenactbench.testing` and by our own tests."""
