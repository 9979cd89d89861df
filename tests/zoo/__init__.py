"""Plugins that are deliberately wrong, each in one way. docs/checks.md shows what their authors would see."""
