"""A method cannot spoil another: whatever it changes of the process is put back, and said."""

from __future__ import annotations

import gc
import locale
import multiprocessing
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from reenactbench.cli import main
from reenactbench.engine.guard import Guard
from reenactbench.engine.run import run
from reenactbench.engine.setup import RunOptions
from reenactbench.files import read_json
from reenactbench.interfaces import Method
from reenactbench.plugins import load_plugins
from reenactbench.process_state import GENERATORS, draws_kept, put_back, readings
from reenactbench.registry import Entry
from reenactbench.results import read_run
from reenactbench.seeding import seed_everything
from reenactbench.types import Frames

held: list[Any] = []
"""What a method would keep in `self`."""


def entered(mode: Any) -> None:
    held.append(mode)
    mode.__enter__()


def nothing(*_: Any, **__: Any) -> None: ...


CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "default device": (lambda: torch.set_default_device("meta"), "torch's default device to meta"),
    "device entered": (lambda: entered(torch.device("meta")), "torch's default device to meta"),
    "default dtype": (lambda: torch.set_default_dtype(torch.float64), "torch's default dtype to torch.float64"),
    "gradients": (lambda: torch.set_grad_enabled(not torch.is_grad_enabled()), "torch's gradient mode to "),
    "inference mode": (lambda: entered(torch.inference_mode()), "torch's inference mode to True"),
    "autocast": (lambda: entered(torch.autocast("cpu", torch.bfloat16)), "torch's autocast"),
    "threads": (lambda: torch.set_num_threads(3), "torch's number of threads to 3"),
    "determinism": (
        lambda: torch.use_deterministic_algorithms(True, warn_only=True),
        "torch's deterministic mode to warn",
    ),
    "precision": (lambda: torch.set_float32_matmul_precision("medium"), "torch's precision of float32"),
    "TF32": (lambda: setattr(torch.backends.cuda.matmul, "allow_tf32", True), "torch's precision of float32"),
    "no TF32": (lambda: setattr(torch.backends.cudnn, "allow_tf32", False), "torch's precision of float32"),
    "all TF32": (lambda: setattr(torch.backends, "fp32_precision", "tf32"), "torch's precision of float32"),
    "cuDNN": (lambda: setattr(torch.backends.cudnn, "benchmark", True), "cuDNN's flags"),
    "denormals": (lambda: torch.set_flush_denormal(True), "the flushing of denormal numbers to True"),
    "OpenCV": (lambda: cv2.setNumThreads(1 + cv2.getNumThreads() % 2), "OpenCV's number of threads to "),
    "NumPy": (lambda: np.seterr(all="raise"), "NumPy's handling of errors to "),
    "patched torch": (lambda: setattr(torch, "isfinite", nothing), "torch's isfinite"),
    "patched function": (lambda: setattr(functional, "interpolate", nothing), "torch.nn.functional's interpolate"),
    "lost function": (lambda: delattr(functional, "interpolate"), "torch.nn.functional's interpolate"),
    "patched NumPy": (lambda: setattr(np, "load", nothing), "numpy's load"),
    "patched OpenCV": (lambda: setattr(cv2, "imdecode", nothing), "cv2's imdecode"),
    "folder": (lambda: os.chdir("/"), "the working folder"),
    "umask": (lambda: os.umask(0o777), "the mask of new files"),
    "handler": (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN), "the signal handlers"),
    "alarm": (lambda: signal.alarm(100), "the signal handlers"),
    "locale": (
        lambda: locale.setlocale(locale.LC_ALL, "C" if "UTF" in locale.setlocale(locale.LC_CTYPE) else "C.UTF-8"),
        "the locale",
    ),
    "recursion": (lambda: sys.setrecursionlimit(5000), "the recursion limit to 5000"),
    "garbage": (gc.disable, "the garbage collection"),
    "output": (lambda: setattr(sys, "stdout", None), "the standard streams"),
    "search": (lambda: sys.path.insert(0, "nowhere"), "sys.path"),
    "environment": (os.environ.clear, ""),
    "one variable": (lambda: os.environ.update(REENACTBENCH_CACHE="/nowhere"), ""),
    "warnings": (lambda: warnings.simplefilter("error"), ""),
    "filters": (lambda: setattr(warnings, "filters", []), ""),
    "random": (lambda: random.seed(0), ""),
    "numpy.random": (lambda: np.random.seed(0), ""),
    "torch.random": (lambda: torch.manual_seed(0), ""),
}
"""What a method does, and what is said of it: nothing where the libraries that it imports may do the same."""
KINDS = pytest.mark.parametrize("kind", CHANGES)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """A guard that does not guard spoils its own test only."""
    before = readings()
    yield
    held.clear()
    put_back(before)


class Spoils(Method):
    """Changes the process in every one of its functions."""

    change: ClassVar[Callable[[], Any]]

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        type(self).change()

    def encode_target(self, targets: Frames) -> Tensor:
        type(self).change()
        return targets.images[:1]

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        images = identity.repeat(len(driving), 1, 1, 1)
        type(self).change()
        return images


class Victim(Method):
    """Whose frames show how torch and NumPy are set, and what they draw."""

    def encode_target(self, targets: Frames) -> Tensor:
        return functional.interpolate(targets.images[:1], size=driven(targets), mode="bilinear")

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        tint = torch.linspace(0, 1, 3) * float(torch.rand(())) * np.random.rand() * random.random()
        return (0.5 * identity + 0.5 * tint.view(1, 3, 1, 1).float()).repeat(len(driving), 1, 1, 1)


def driven(frames: Frames) -> list[int]:
    return [frames.size, frames.size]


@pytest.fixture
def options(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunOptions]:
    monkeypatch.chdir(tmp_path)

    def make(*methods: str, **changes: Any) -> RunOptions:
        given: dict[str, Any] = {"protocols": ("self",), "metrics": ("l1",), "limit": 2, "out": Path("results")}
        return RunOptions(
            methods=methods, dataset="300vw", data_root=tree, allow_missing=True, device="cpu", **{**given, **changes}
        )

    return make


def done(options: RunOptions, *more: type[Method]) -> tuple[dict[str, Any], pd.DataFrame]:
    """What run.json says of each method, and the rows of the victim."""
    plugins = load_plugins()
    for cls in (Victim, *more):
        plugins.registry.add(Entry("methods", cls.__name__, cls, "test", "test", "1"))
    found = read_run(run(options, plugins).path)
    methods = {method["name"]: method for method in found.info["methods"]}
    return methods, found.pairs.query("method == 'Victim'").reset_index(drop=True)


# Every kind of state


@KINDS
def test_the_next_method_makes_the_frames_that_it_makes_alone(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    change, said = CHANGES[kind]
    guard = Guard(Entry("methods", "mine", Spoils, "test", "test", "1"))
    alone, before = victims_frames(), readings()
    for _ in range(2):
        with guard.watch():
            change()
        assert readings() == before
    assert torch.equal(victims_frames(), alone)
    assert any(changed.startswith(said) for changed in guard.changed) == bool(said)
    lines = [f"method 'mine' changed {changed}; it is put back after every call\n" for changed in guard.changed]
    assert capsys.readouterr().err == "".join(lines)


def victims_frames() -> Tensor:
    with draws_kept():
        seed_everything(0)
        method = Victim(torch.device("cpu"))
        frames = Frames(torch.rand(3, 3, 16, 16), torch.rand(3, 68, 2))
        return method.reenact(method.encode_target(frames), frames)


def test_in_a_run_each_is_named_and_the_last_has_the_numbers_that_it_has_alone(
    options, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilers = [type(kind.replace(" ", "-"), (Spoils,), {"change": CHANGES[kind][0]}) for kind in CHANGES]
    names = [cls.__name__ for cls in spoilers]
    _, alone = done(options("Victim", out=Path("alone")))
    before, states = readings(), [read() for read, _ in GENERATORS.values()]
    methods, beside = done(options(*names, "Victim"), *spoilers)
    assert readings() == before
    assert all(np.array_equal(read()[-1], was[-1]) for (read, _), was in zip(GENERATORS.values(), states, strict=True))
    pd.testing.assert_frame_equal(beside, alone, check_exact=True)
    assert set(alone["status"]) == {"ok"}
    told = capsys.readouterr().err
    for name, (_, said) in zip(names, CHANGES.values(), strict=True):
        changed = methods[name]["changed"]
        assert methods[name]["n_ok"] == 2
        assert any(words.startswith(said) for words in changed) == bool(said)
        assert all(told.count(f"method {name!r} changed {words};") == 1 for words in changed)
    assert methods["Victim"]["changed"] == []


def test_what_was_changed_is_known_when_nothing_is_generated_again(options) -> None:
    change, said = CHANGES["default dtype"]
    spoiler = type("Spoils", (Spoils,), {"change": change})
    assert [done(options("Spoils"), spoiler)[0]["Spoils"]["changed"] for _ in range(2)] == [[said], [said]]


def test_no_built_in_plugin_changes_anything(options) -> None:
    methods, _ = done(options("copy-target", "crossid", "x2face", metrics=(), protocols=("self", "cross"), limit=1))
    assert [method["changed"] for method in methods.values()] == [[], [], []]


# The end of the process


class Ends(Victim):
    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        os._exit(0)


class Panics(Victim):
    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        raise type("PanicException", (BaseException,), {})("of a library in Rust")


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        (Ends, "SystemExit: os._exit(0), which would have ended the whole run"),
        (Panics, "RuntimeError: PanicException: of a library in Rust"),
    ],
)
def test_a_method_that_would_end_the_program_fails_its_cells_alone(method: type[Method], reason: str, options) -> None:
    methods, victim = done(options(method.__name__, "Victim", limit=1), method)
    (path,) = Path("results").glob("*/run.json")
    assert [failure["reason"] for failure in read_json(path)["failures"]] == [reason]
    assert methods[method.__name__]["n_failed"] == 1
    assert victim["status"].tolist() == ["ok"]


def test_a_child_process_of_a_method_may_end(options) -> None:
    with Guard(Entry("methods", "mine", Victim, "test", "test", "1")).watch():
        child = os.fork()
        if child == 0:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert multiprocessing.active_children() == []


LEAVES = """
import concurrent.futures, multiprocessing, threading, time
from reenactbench import Method, hookimpl

thread, process = threading.Thread, multiprocessing.get_context("fork").Process

class Leaves(Method):
    def __init__(self, device, checkpoint=None):
        super().__init__(device, checkpoint)
        self.pool = concurrent.futures.ThreadPoolExecutor()
        self.pool.submit(int).result()
        {leaves}
    def encode_target(self, targets):
        return targets.images[:1]
    def reenact(self, identity, driving):
        return identity.repeat(len(driving), 1, 1, 1)

@hookimpl
def register_methods(register):
    register("leaves", Leaves, summary="leaves")
"""
LEFT = "method 'leaves' left the {} running; reenactbench ends without it"


@pytest.mark.parametrize("kinds", [(), ("thread", "process")])
def test_what_a_method_leaves_running_does_not_keep_the_program_from_ending(
    kinds: tuple[str, ...], cli, tree: Path, tmp_path: Path
) -> None:
    leaves = "; ".join(f"{kind}(target=time.sleep, args=(1000,), name='my {kind}').start()" for kind in kinds)
    (tmp_path / "leaves.py").write_text(LEAVES.format(leaves=leaves or "pass"))
    words = "--method leaves --dataset 300vw --allow-missing --protocol self --metric l1 --limit 1 --data-root".split()
    found = cli("run", "--plugin", "leaves.py", *words, tree)
    assert found.returncode == 0
    assert set(found.stderr.splitlines()) == {LEFT.format(f"{kind} 'my {kind}'") for kind in kinds}
    assert "results: results/" in found.stdout


# A metric that fails everywhere

FAILING = """
import numpy as np
from reenactbench import hookimpl
from reenactbench.interfaces import FrameMetric

class Failing(FrameMetric):
    key, title, definition, recipe, higher_is_better = "failing", "Failing", "Fails.", "always", True
    def score(self, scene):
        if {fails}:
            raise KeyError("no such thing")
        return np.zeros(len(scene.generated.images)), ""

@hookimpl
def register_metrics(register):
    register("failing", Failing)
"""


@pytest.mark.parametrize(
    ("fails", "status", "said"),
    [
        ("True", 1, "failing/always@1 has no value of any method: metric failed: KeyError: 'no such thing'\n"),
        ("scene.pair.source == '001'", 0, ""),
    ],
)
def test_a_metric_that_fails_everywhere_makes_the_status_1(
    fails: str, status: int, said: str, tree: Path, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("failing.py").write_text(FAILING.format(fails=fails))
    words = "--method copy-target --dataset 300vw --allow-missing --protocol self --metric failing --metric l1".split()
    for _ in range(2):  # again it is scored anew
        assert main(["run", "--plugin", "failing.py", *words, "--data-root", str(tree)]) == status
        assert capsys.readouterr().err == said
