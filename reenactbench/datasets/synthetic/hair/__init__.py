"""Hair and beards: strands drawn as ribbons."""
