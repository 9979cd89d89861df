"""How the small networks of `reenactbench.backbones.synthface` are trained and measured."""
