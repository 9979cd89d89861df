"""The methods that come with reenactbench. Importing this package imports nothing heavy."""

from __future__ import annotations

from reenactbench.hookspecs import Register, hookimpl


@hookimpl
def register_methods(register: Register) -> None:
    """Name the built-in methods; each is imported when it is first used."""
    register(
        "copy-target",
        "reenactbench_methods.copy_target:CopyTarget",
        summary="control: the first target image in every frame (ceiling of identity, no motion)",
        licence="Apache-2.0",
    )
    register(
        "copy-driver",
        "reenactbench_methods.copy_driver:CopyDriver",
        summary="control: the driving frame itself (ceiling of motion, wrong identity)",
        licence="Apache-2.0",
    )
    register(
        "landmark-warp",
        "reenactbench_methods.landmark_warp.method:LandmarkWarp",
        summary="piecewise-affine warp of the target through a hand-made 3-D face model; no network, no training",
        licence="Apache-2.0",
    )
    register(
        "crossid",
        "reenactbench_methods.crossid:CrossID",
        summary="CrossID-GAN (Huang, Yang and Wang): motion codes free of identity, a mask and a drawn image",
        licence="Apache-2.0",
        citation="Huang et al., Learning Identity-Invariant Motion Representations for Cross-ID Face Reenactment, "
        "CVPR 2020",
        recipe="crossid_gan.recipe:CrossIDRecipe",
    )
