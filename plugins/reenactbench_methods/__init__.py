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
        role="control",
    )
    register(
        "copy-driver",
        "reenactbench_methods.copy_driver:CopyDriver",
        summary="control: the driving frame itself (ceiling of motion, wrong identity)",
        licence="Apache-2.0",
        role="control",
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
        citation="P.-H. Huang, F.-E. Yang and Y.-C. F. Wang. Learning Identity-Invariant Motion Representations for "
        "Cross-ID Face Reenactment. CVPR 2020.",
        recipe="crossid_gan.recipe:CrossIDRecipe",
    )
    register(
        "crossid-flow",
        "reenactbench_methods.crossid_flow:CrossIDFlow",
        summary="after CrossID-GAN: a motion code free of identity moves the target's own pixels, the rest is drawn",
        licence="Apache-2.0",
        recipe="crossid_gan.flow.recipe:FlowRecipe",
    )
    register(
        "x2face",
        "reenactbench_methods.x2face:X2Face",
        summary="X2Face (Wiles, Koepke and Zisserman): a face unwrapped from its pictures, moved by one flow",
        licence="Apache-2.0",
        citation="O. Wiles, A. S. Koepke and A. Zisserman. X2Face: A Network for Controlling Face Generation Using "
        "Images, Audio, and Pose Codes. ECCV 2018.",
        recipe="reenactbench_baselines.x2face.recipe:X2FaceRecipe",
    )
    register(
        "talking-head",
        "reenactbench_methods.talking_head:TalkingHead",
        summary="few-shot talking head (Zakharov et al.): drawn landmarks in the style of 1 to 3 target images",
        licence="Apache-2.0",
        citation="E. Zakharov, A. Shysheya, E. Burkov and V. Lempitsky. Few-Shot Adversarial Learning of Realistic "
        "Neural Talking Head Models. ICCV 2019.",
        recipe="reenactbench_baselines.talking_head.recipe:TalkingHeadRecipe",
    )
    register(
        "gannotation",
        "reenactbench_methods.gannotation:GANnotation",
        summary="GANnotation (Sanchez and Valstar): the target redrawn with the driver's landmarks, masked",
        licence="Apache-2.0",
        citation="E. Sanchez and M. Valstar. Triple consistency loss for pairing distributions in GAN-based face "
        "synthesis. arXiv:1811.03492, 2018.",
        recipe="reenactbench_baselines.gannotation.recipe:GANnotationRecipe",
    )
