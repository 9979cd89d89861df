"""A world of parametric 3-D faces: any identity under any motion, with exact labels."""
