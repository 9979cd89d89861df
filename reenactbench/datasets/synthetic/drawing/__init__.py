"""Meshes, light and the camera."""
