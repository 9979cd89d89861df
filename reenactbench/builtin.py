"""The built-in data sets, protocols, metrics and backbones, registered through the same hooks as anyone's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenactbench.hookspecs import Register, hookimpl

if TYPE_CHECKING:
    import typer


@hookimpl
def register_datasets(register: Register) -> None:
    register(
        "synthetic",
        "reenactbench.datasets.synthetic.dataset:Synthetic",
        summary="64 rendered people, nothing to download; true frames are known for any of them moving like any other",
        licence="Apache-2.0",
    )
    register(
        "300vw",
        "reenactbench.datasets.w300vw:W300VW",
        summary="300 Videos in the Wild: the official tree of 114 folders NNN/vid.avi with NNN/annot/*.pts",
        licence="research only, by application",
        citation="Shen et al., The First Facial Landmark Tracking in-the-Wild Challenge, ICCVW 2015",
    )
    register(
        "folder",
        "reenactbench.datasets.folder:Folder",
        summary="your own videos: any folder of NAME/vid.*, with NAME/annot/*.pts or with --landmarks and --detector",
        licence="that of your videos",
    )


@hookimpl
def register_protocols(register: Register) -> None:
    register(
        "self",
        "reenactbench.protocols.builtin:SelfReenactment",
        summary="each clip reconstructs itself from target images outside the scored frames (the paper's Table 3)",
    )
    register(
        "cross",
        "reenactbench.protocols.builtin:Cross",
        summary="30 pairs of two identities in each quadrant of source seen/unseen x target seen/unseen",
    )
    register(
        "cross-paper",
        "reenactbench.protocols.builtin:CrossPaper",
        summary="10 random pairs of source video and target image (the paper's Table 2)",
    )
    register(
        "matrix",
        "reenactbench.protocols.builtin:Matrix",
        summary="each of 4 unseen drivers with each of 5 targets (the paper's Figure 6), shown whole in the report",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    register("csim", "reenactbench.metrics.csim:CSIM", summary="cosine similarity of identity embeddings")
    register(
        "csim_driver",
        "reenactbench.metrics.csim:CSIMDriver",
        summary="cosine similarity of identity embeddings to the driver",
    )
    register("face_rate", "reenactbench.metrics.face_rate:FaceRate", summary="share of frames in which a face is found")
    register("akd", "reenactbench.metrics.akd:AKD", summary="average keypoint distance to the driver")
    register("akd_truth", "reenactbench.metrics.akd:AKDTruth", summary="average keypoint distance to the true frames")
    register("pose", "reenactbench.metrics.pose:Pose", summary="angle between the head's rotation and the driver's")
    register(
        "expression",
        "reenactbench.metrics.expression:Expression",
        summary="distance of the inner face's shape to the driver's",
    )
    register("ssim", "reenactbench.metrics.ssim:SSIM", summary="structural similarity to the true frames")
    register("psnr", "reenactbench.metrics.psnr:PSNR", summary="peak signal-to-noise ratio to the true frames")
    register("l1", "reenactbench.metrics.l1:L1", summary="mean absolute error to the true frames")
    register("lpips", "reenactbench.metrics.lpips:LPIPS", summary="learned perceptual distance to the true frames")
    register("fd", "reenactbench.metrics.fd:FD", summary="Frechet distance in the features of the identity network")
    register("fid", "reenactbench.metrics.fid:FID", summary="Frechet Inception distance")
    register(
        "fid_inf", "reenactbench.metrics.fid_inf:FIDInfinity", summary="FID extrapolated to infinitely many frames"
    )
    register("kid", "reenactbench.metrics.kid:KID", summary="kernel Inception distance, unbiased, full sample")
    register("speed", "reenactbench.metrics.speed:Speed", summary="frames a second, parameters, FLOPs, peak memory")
    register("leak", "reenactbench.metrics.leak:Leak", summary="how well the motion code alone tells who drives")


@hookimpl
def register_backbones(register: Register) -> None:
    register(
        "detector/insightface",
        "reenactbench.backbones.detector:load_insightface",
        summary="SCRFD of an insightface pack or ONNX file",
    )
    register(
        "detector/yunet",
        "reenactbench.backbones.detector:load_yunet",
        summary="YuNet ONNX file through OpenCV",
        label="yunet",
    )
    register(
        "identity/insightface",
        "reenactbench.backbones.identity:load_insightface",
        summary="ArcFace network of an insightface pack or ONNX file",
    )
    register(
        "landmarks/insightface",
        "reenactbench.backbones.landmarks:load_insightface",
        summary="1k3d68 of an insightface pack or ONNX file",
    )
    register(
        "landmarks/onnx68",
        "reenactbench.backbones.landmarks:load_onnx68",
        summary="68-point ONNX network on a square crop of 1.1 x the face box (PFLD)",
    )
    for kind, what, more in (
        ("detector", "face detector", {"packaged": "landmarks.safetensors"}),
        ("identity", "identity network", {"packaged": "identity.safetensors", "cropping": "crop"}),
        ("landmarks", "68 landmarks", {"packaged": "landmarks.safetensors"}),
    ):
        register(
            f"{kind}/synthface",
            f"reenactbench.backbones.synthface:load_{kind}",
            summary=f"the package's own small {what}, trained on synthetic faces for synthetic faces",
            label="synthface",
            licence="Apache-2.0",
            **more,
        )
    register(
        "perceptual/lpips",
        "reenactbench.backbones.perceptual:load_lpips",
        summary="AlexNet with the linear weights of LPIPS",
        label="alex-v0.1",
        licence="BSD-2-Clause and BSD-3-Clause",
    )
    register(
        "inception/pytorch-fid",
        "reenactbench.backbones.inception:load_pytorch_fid",
        summary="the FID Inception network of pytorch-fid",
        label="pytorch-fid",
    )


@hookimpl
def register_commands(app: typer.Typer) -> None:
    from reenactbench.cli import check, compare, data, doctor, listing, plugin, report, run, show, train, weights

    app.command()(run.run)
    app.command()(train.train)
    app.command()(report.report)
    app.command()(show.show)
    app.command()(compare.compare)
    app.add_typer(data.app, name="data")
    app.command("list")(listing.list_entries)
    app.command()(listing.plugins)
    app.add_typer(plugin.app, name="plugin")
    app.command()(check.check)
    app.add_typer(weights.app, name="weights")
    app.command()(doctor.doctor)
