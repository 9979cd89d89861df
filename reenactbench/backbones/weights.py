"""The one place that knows, finds and downloads weights. Nothing here is unpickled."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from reenactbench.cache import cache_folder
from reenactbench.datasets.building import partial_folder
from reenactbench.errors import Damaged, MissingWeights, ReenactbenchError
from reenactbench.files import accessing, home_path, sha256_file


@dataclass(frozen=True, slots=True)
class Weights:
    """One downloadable file: an ONNX or state-dict file, or a zip of ONNX files."""

    name: str
    file: str
    url: str
    sha256: str
    size: int
    """Bytes of the download."""
    licence: str
    source: str
    used_by: str
    members: tuple[str, ...] = ()
    """Files taken out of a zip; empty where the file itself is what is used."""
    for_training: bool = False
    """No metric needs it, so it is fetched only by its name."""

    @property
    def folder(self) -> Path:
        return cache_folder() / "weights" / (self.name if self.members else "")

    def paths(self) -> list[Path]:
        return [self.folder / member for member in self.members or (self.file,)]

    @property
    def present(self) -> bool:
        return all(path.is_file() for path in self.paths())

    @property
    def intact(self) -> bool:
        """Whether what is present is what was published; of a pack, whose members have no digest, whether it loads."""
        if not self.members:
            return sha256_file(self.paths()[0]) == self.sha256
        from reenactbench.backbones.onnx import session

        try:
            for path in self.paths():
                session(path, "cpu")
        except ReenactbenchError:
            return False
        return True


KNOWN = {
    weights.name: weights
    for weights in (
        Weights(
            name="buffalo_l",
            file="buffalo_l.zip",
            url="https://github.com/deepinsight/insightface/releases/download/v0.7/buffalo_l.zip",
            sha256="80ffe37d8a5940d59a7384c201a2a38d4741f2f3c51eef46ebb28218a7b0ca2f",
            size=288_621_354,
            licence="non-commercial research only",
            source="insightface model zoo",
            used_by="csim, face_rate, akd",
            members=("det_10g.onnx", "w600k_r50.onnx", "1k3d68.onnx"),
        ),
        Weights(
            name="pt_inception-2015-12-05-6726825d.pth",
            file="pt_inception-2015-12-05-6726825d.pth",
            url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
            sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
            size=95_628_359,
            licence="Apache-2.0",
            source="pytorch-fid, ported from TensorFlow's Inception of 2015-12-05",
            used_by="fid, fid_inf, kid",
        ),
        Weights(
            name="alexnet-owt-7be5be79.pth",
            file="alexnet-owt-7be5be79.pth",
            url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
            sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            size=244_408_911,
            licence="BSD-3-Clause; trained on ImageNet",
            source="torchvision",
            used_by="lpips",
        ),
        Weights(
            name="lpips-alex-v0.1.pth",
            file="lpips-alex-v0.1.pth",
            url="https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/082bb24f84c091ea94de2867d34c4544f68e0963/lpips/weights/v0.1/alex.pth",
            sha256="df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
            size=6_009,
            licence="BSD-2-Clause",
            source="richzhang/PerceptualSimilarity",
            used_by="lpips",
        ),
        Weights(
            name="vgg19-dcbb9e9d.pth",
            file="vgg19-dcbb9e9d.pth",
            url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
            sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            size=574_673_361,
            licence="BSD-3-Clause; trained on ImageNet",
            source="torchvision",
            used_by="training",
            for_training=True,
        ),
    )
}


def weights_file(argument: str, member: str | None = None) -> Path:
    """The file that `argument` names: a path, or a known name (`member` of it where it is a pack).

    Raises MissingWeights, with the sentence that says how to get it, where a known file is not here.
    """
    known = KNOWN.get(argument)
    if known is None:
        path = home_path(argument)
        if path.is_dir() and member:
            path = path / member
        if not path.is_file():
            raise ReenactbenchError(f"{argument} is neither a file nor known weights ({', '.join(KNOWN)})")
        return path
    path = known.folder / (member or known.file)
    if not path.is_file():
        raise MissingWeights(
            f"{known.name} is not here: `reenactbench weights fetch {known.name}` downloads it "
            f"({known.size / 1e6:.3g} MB, licence: {known.licence}), or put "
            f"{', '.join(known.members or (known.file,))} into {known.folder} by hand"
        )
    if not known.members and not known.intact:
        raise Damaged(f"{path} is damaged; remove it, then `reenactbench weights fetch {known.name}` gets it again")
    return path


def fetch(weights: Weights, progress: bool) -> None:
    """Download, verify and unpack; raises ReenactbenchError in one sentence where that fails."""
    if weights.present:
        return
    folder = cache_folder() / "weights"
    with accessing(folder), partial_folder(folder) as temporary:
        downloaded = _downloaded(weights, temporary, progress)
        if weights.members:
            with zipfile.ZipFile(downloaded) as archive:
                for member in weights.members:
                    name = next(name for name in archive.namelist() if Path(name).name == member)
                    (temporary / member).write_bytes(archive.read(name))
        for path in weights.paths():
            path.parent.mkdir(exist_ok=True)
            (temporary / path.name).replace(path)


def _downloaded(weights: Weights, folder: Path, progress: bool) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")  # what is fetched has been said
    try:
        return Path(
            pooch.retrieve(
                weights.url, f"sha256:{weights.sha256}", fname=weights.file, path=folder, progressbar=progress
            )
        )
    except Exception as error:  # pooch lets through what requests and the file system raise
        if isinstance(error, OSError) and error.errno is not None:  # of the file system: requests gives no number
            raise
        cause = " ".join(str(error).split()) if isinstance(error, ValueError) else type(error).__name__
        raise ReenactbenchError(
            f"{weights.name} could not be downloaded from {weights.url} ({cause}); "
            f"try again with a connection, or put its files into {weights.folder} by hand"
        ) from error
