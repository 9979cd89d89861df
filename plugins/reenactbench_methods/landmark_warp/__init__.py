"""landmark-warp: a face model of 68 points, its fit to landmarks, a mesh that covers the crop, and the warp."""
