"""The weights registry: what is here, what is not, and how it gets here."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from reenactbench.backbones.weights import KNOWN, Weights, fetch, weights_file
from reenactbench.errors import MissingWeights, ReenactbenchError, StorageError


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path):
    """A download server on this machine: the folder it serves and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=served.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{served.server_port}"
    served.shutdown()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path / "cache"))


def pack(folder: Path, url: str, sha256: str | None = None) -> Weights:
    """A small pack of two networks, one of them wanted."""
    path = folder / "pack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pack/wanted.onnx", b"a network")
        archive.writestr("pack/other.onnx", b"another")
    digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    return Weights(
        "pack", "pack.zip", f"{url}/pack.zip", digest, path.stat().st_size, "MIT", "a test", "csim", ("wanted.onnx",)
    )


def test_fetching_verifies_and_unpacks_what_is_wanted(server) -> None:
    weights = pack(*server)
    assert not weights.present
    fetch(weights, progress=False)
    assert weights.present
    assert [path.name for path in weights.folder.iterdir()] == ["wanted.onnx"]
    assert (weights.folder / "wanted.onnx").read_bytes() == b"a network"
    (server[0] / "pack.zip").unlink()
    fetch(weights, progress=False)  # it is here: nothing is downloaded


def test_a_file_without_parts_is_kept_as_it_is(server) -> None:
    folder, url = server
    (folder / "net.pth").write_bytes(b"state")
    digest = hashlib.sha256(b"state").hexdigest()
    weights = Weights("net.pth", "net.pth", f"{url}/net.pth", digest, 5, "MIT", "a test", "fid")
    fetch(weights, progress=False)
    assert weights.paths()[0].read_bytes() == b"state"


def test_another_content_is_refused_and_not_kept(server) -> None:
    weights = pack(*server, sha256="0" * 64)
    with pytest.raises(ReenactbenchError, match=r"pack could not be downloaded from .*hash"):
        fetch(weights, progress=False)
    assert not weights.present


def test_no_connection_is_one_sentence(server) -> None:
    weights = pack(server[0], "http://127.0.0.1:9")
    with pytest.raises(ReenactbenchError) as error:
        fetch(weights, progress=False)
    assert f"try again with a connection, or put its files into {weights.folder} by hand" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_says_which_command_gets_it_and_where_to_put_it() -> None:
    with pytest.raises(MissingWeights) as error:
        weights_file("buffalo_l", "w600k_r50.onnx")
    assert str(error.value) == (
        "buffalo_l is not here: `reenactbench weights fetch buffalo_l` downloads it "
        "(289 MB, licence: non-commercial research only), or put det_10g.onnx, w600k_r50.onnx, 1k3d68.onnx into "
        f"{KNOWN['buffalo_l'].folder} by hand"
    )
    path = KNOWN["buffalo_l"].folder / "w600k_r50.onnx"
    path.parent.mkdir(parents=True)
    path.touch()
    assert weights_file("buffalo_l", "w600k_r50.onnx") == path


def test_a_folder_may_stand_for_a_pack(tmp_path: Path) -> None:
    (tmp_path / "w600k_r50.onnx").touch()
    assert weights_file(str(tmp_path), "w600k_r50.onnx") == tmp_path / "w600k_r50.onnx"


def test_weights_on_the_command_line(cli, tmp_path: Path) -> None:
    own = {"REENACTBENCH_CACHE": str(tmp_path / "cache")}
    listed = json.loads(cli("weights", "list", "--json", env=own).stdout)
    assert [(row["name"], row["present"]) for row in listed] == [(name, False) for name in KNOWN]
    assert all(len(row["sha256"]) == 64 and row["size"] > 10**3 and row["licence"] for row in listed)
    assert "missing (`reenactbench weights fetch buffalo_l`)" in cli("weights", "list", env=own).stdout
    known = KNOWN["pt_inception-2015-12-05-6726825d.pth"]
    path = tmp_path / "cache/weights" / known.file
    path.parent.mkdir(parents=True)
    path.touch()
    assert cli("weights", "fetch", known.name, env=own).stdout == f"{known.name} is here already\n"


def test_what_training_alone_needs_is_fetched_by_name_only(cli, tmp_path: Path) -> None:
    of_metrics = [weights for weights in KNOWN.values() if not weights.for_training]
    assert [weights.name for weights in KNOWN.values() if weights.for_training] == ["vgg19-dcbb9e9d.pth"]
    folder = tmp_path / "cache/weights"
    for weights in of_metrics:
        for path in (
            folder / (weights.name if weights.members else "") / name for name in weights.members or [weights.file]
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    fetched = cli("weights", "fetch", env={"REENACTBENCH_CACHE": str(tmp_path / "cache")})
    assert fetched.stdout.splitlines() == [f"{weights.name} is here already" for weights in of_metrics]


def test_a_full_disk_is_said_to_be_one_and_leaves_nothing(server, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = pack(*server)

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match=rf"^{weights.folder.parent}: No space left on device; free some space"):
        fetch(weights, progress=False)
    assert list(weights.folder.parent.iterdir()) == []
    monkeypatch.setattr("pooch.retrieve", lambda *_, **__: full(Path(), b""))
    with pytest.raises(StorageError, match="No space left on device"):
        fetch(weights, progress=False)
