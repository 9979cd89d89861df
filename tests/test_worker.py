"""Methods in processes of their own: exactly the numbers of any other, and whatever happens there stays there."""

from __future__ import annotations

import ast
import json
import mmap
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reenactbench.cli import main
from reenactbench.conformance.checks import FAIL, PASS, SKIPPED
from reenactbench.conformance.finding import CheckOptions, examinations
from reenactbench.engine.run import run
from reenactbench.engine.setup import MethodSpec, RunOptions, load_methods
from reenactbench.engine.store import decode_strip
from reenactbench.errors import ReenactbenchError
from reenactbench.files import read_json
from reenactbench.interfaces import Method
from reenactbench.plugins import PluginReport, Plugins, load_plugins
from reenactbench.registry import NAME, Entry
from reenactbench.results import read_run
from reenactbench.seeding import seed_everything
from reenactbench.types import Frames
from reenactbench.worker import shim
from reenactbench.worker.description import KEYS, Description, read_description
from reenactbench.worker.failures import WorkerDied, WorkerFailure
from reenactbench.worker.method import WorkerMethod
from reenactbench.worker.usage import allocated

FADE = """\
import os, sys, time, ctypes
import numpy as np

def encode_target(images, landmarks):
    return images[:1]

def reenact(identity, images, landmarks):
    return (identity + images) / np.float32(2)
"""
ARGUMENTS = "identity, images, landmarks"
PAIRS = 6  # of the tree, in `self`


class Fade(Method):
    """FADE in this process."""

    def encode_target(self, targets: Frames) -> torch.Tensor:
        return targets.images[:1]

    def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
        return (identity + driving.images) / 2


@pytest.fixture
def options(tree: Path, tmp_path: Path) -> Callable[..., RunOptions]:
    def make(*methods: str, **changes: Any) -> RunOptions:
        defaults: dict[str, Any] = {
            "methods": methods,
            "dataset": "300vw",
            "data_root": tree,
            "protocols": ("self",),
            "metrics": ("l1",),
            "out": tmp_path / "results",
            "allow_missing": True,
            "device": "cpu",
        }
        return RunOptions(**{**defaults, **changes})

    return make


def toml(values: dict[str, Any]) -> str:
    """Text, numbers, lists and one level of tables; JSON writes them as TOML does."""
    flat = {key: value for key, value in values.items() if not isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in flat.items()]
    for table, inner in values.items():
        if isinstance(inner, dict):
            lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in inner.items())]
    return "\n".join(lines) + "\n"


@pytest.fixture
def describe(tmp_path: Path) -> Callable[..., Path]:
    """Writes a script and the TOML file of a method of that name; a key set to None is left out."""

    def write(name: str = "own", code: str = FADE, **keys: Any) -> Path:
        (tmp_path / f"{name}_script.py").write_text(code)
        given = {"name": name, "interpreter": sys.executable, "script": f"{name}_script.py", "timeout": 20.0, **keys}
        file = tmp_path / f"{name}.toml"
        file.write_text(toml({key: value for key, value in given.items() if value is not None}))
        return file

    return write


def spec(file: Path, name: str = "own") -> MethodSpec:
    (found,) = load_methods(load_plugins([file]).registry, [name], [])
    return found


def started(file: Path, name: str = "own") -> Method:
    return spec(file, name).construct("cpu", 0)


def frames(count: int, size: int = 16) -> Frames:
    generator = torch.Generator().manual_seed(count)
    return Frames(torch.rand(count, 3, size, size, generator=generator), torch.rand(count, 68, 2, generator=generator))


def outputs(path: Path) -> dict[tuple[str, str], float]:
    """l1 of every pair, exactly."""
    rows = read_run(path).pairs
    return {(row["method"], row["pair_id"]): row["value"] for _, row in rows.iterrows() if row["status"] == "ok"}


def failures(path: Path, method: str = "own") -> list[dict[str, Any]]:
    return [failure for failure in read_run(path).info["failures"] if failure["method"] == method]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# --- The shim


def test_the_shim_needs_python_3_7_and_numpy_alone() -> None:
    module = ast.parse(Path(shim.__file__).read_text(), feature_version=(3, 7))
    imported = {alias.name for node in ast.walk(module) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) == {"numpy"}


@pytest.mark.parametrize("sharing", [False, True])
def test_messages_carry_any_numbers(sharing: bool) -> None:
    shared = shim.Shared(os.memfd_create("test")) if sharing else None
    arrays = [np.arange(6).reshape(2, 3).astype(dtype) for dtype in ("<f4", ">f8", "u1", "?", "c8")]
    arrays += [np.zeros((0, 3, 2)), np.array(7), np.arange(10)[::3], np.zeros((3, 0), "f4")]
    stream = b"".join(map(bytes, shim.encode({"call": "x", "text": "ä\n"}, arrays, shared)))

    def fill(buffer: Any) -> None:
        nonlocal stream
        memoryview(buffer)[:] = stream[: len(buffer)]
        stream = stream[len(buffer) :]

    header, received = shim.decode(fill, shared)
    assert (header, stream) == ({"call": "x", "text": "ä\n"}, b"")
    for sent, came in zip(arrays, received, strict=True):
        assert sent.dtype == came.dtype
        np.testing.assert_array_equal(sent, came)
        assert came.flags.writeable


def test_a_message_with_objects_in_it_is_garbled() -> None:
    stream = b"".join(shim.encode({}, [np.zeros(1)], None)).replace(b"<f8", b"|O ")

    def fill(buffer: Any) -> None:
        nonlocal stream
        memoryview(buffer)[:] = stream[: len(buffer)]
        stream = stream[len(buffer) :]

    with pytest.raises((shim.Garbled, TypeError)):
        shim.decode(fill, None)


# --- The same numbers


def test_a_described_method_gives_exactly_the_frames_of_one_in_this_process(options, describe) -> None:
    plugins = load_plugins([describe(licence="MIT", citation="Me, 2020", summary="half and half")])
    plugins.registry.add(Entry("methods", "fade", Fade, "test", "test", "1"))
    outcome = run(options("own", "fade"), plugins)
    assert outcome.failed_cells == 0
    info = read_run(outcome.path).info
    for pair in info["shown"]:
        strips = [outcome.path / "media" / pair / f"{name}.png" for name in ("own", "fade")]
        own, fade = (decode_strip(path.read_bytes()) for path in strips)
        np.testing.assert_array_equal(own, fade)
    described = info["methods"][0]
    assert {key: described[key] for key in ("name", "licence", "citation", "summary", "image_size", "shots")} == {
        "name": "own",
        "licence": "MIT",
        "citation": "Me, 2020",
        "summary": "half and half",
        "image_size": 128,
        "shots": 1,
    }
    assert described["environments"] == [{key: shim.packages()[key] for key in ("python", "numpy")}]
    assert info["methods"][1]["environments"] == []


def test_a_class_is_constructed_with_device_checkpoint_and_parameters(describe, tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "their_network.py").write_text("FACTOR = 0.25\n")
    (tmp_path / "weights.bin").write_text("0.5")
    (tmp_path / "wrapped.py").write_text(
        "import numpy as np\n"
        "from their_network import FACTOR\n"
        "class Wrapped:\n"
        "    def __init__(self, device, checkpoint, add, names):\n"
        "        assert (device, names) == ('cpu', ['a', 'b'])\n"
        "        self.value = FACTOR + float(open(checkpoint).read()) + add\n"
        "    def encode_target(self, images, landmarks): return len(images)\n"
        "    def reenact(self, identity, images, landmarks): return np.full_like(images, self.value * identity)\n"
        "    def motion_code(self, images, landmarks): return landmarks.reshape(len(landmarks), -1)\n"
    )
    file = describe(
        script=None,
        target="wrapped:Wrapped",
        path=["clone"],
        checkpoint="weights.bin",
        shots=2,
        image_size=16,
        parameters={"add": 0.125, "names": ["a", "b"]},
    )
    method = started(file)
    assert (method.shots, method.image_size) == (2, 16)
    assert torch.equal(method.reenact(method.encode_target(frames(1)), frames(3)), torch.full((3, 3, 16, 16), 0.875))
    code = method.motion_code(frames(3))
    assert code is not None
    assert torch.equal(code, frames(3).landmarks.flatten(1))


def test_a_script_takes_its_parameters_in_load(describe) -> None:
    code = FADE + "def load(device, checkpoint, weight): globals().update(W=np.float32(weight))\n"
    code += "def reenact(identity, images, landmarks): return images * W\n"
    method = started(describe(code=code, parameters={"weight": 0.5}))
    assert torch.equal(method.reenact(method.encode_target(frames(1)), frames(2)), frames(2).images / 2)
    assert method.motion_code(frames(2)) is None


def test_what_a_worker_draws_follows_from_the_seed_alone(options, describe) -> None:
    class Noise(Method):
        def encode_target(self, targets: Frames) -> float:
            return float(np.random.rand())

        def reenact(self, identity: float, driving: Frames) -> torch.Tensor:
            return driving.images * 0 + np.float32((identity + np.random.rand()) / 2)

    code = (
        "import numpy as np\n"
        "def encode_target(images, landmarks): return float(np.random.rand())\n"
        "def reenact(identity, images, landmarks):\n"
        "    return images * np.float32(0) + np.float32((identity + np.random.rand()) / 2)\n"
    )
    file = describe(code=code)
    plugins = load_plugins([file])
    found = outputs(run(options("own", limit=3), plugins).path)
    plugins.registry.add(Entry("methods", "here", Noise, "test", "test", "1"))
    method, here = started(file), Noise(torch.device("cpu"))
    assert isinstance(method, WorkerMethod)
    for seed in (1, 1, 2):
        method.seeded(seed_everything(seed))
        there = [float(method.reenact(method.encode_target(frames(1)), frames(1)).mean()) for _ in range(2)]
        seed_everything(seed)
        assert there == [float(here.reenact(here.encode_target(frames(1)), frames(1)).mean()) for _ in range(2)]
    assert len(set(found.values())) == 3


ISOLATED = """\
import os, ctypes, torch
from reenactbench import Method, hookimpl
from reenactbench.errors import ReenactbenchError

class Noise(Method):
    shots = 3
    def __init__(self, device, checkpoint=None):
        super().__init__(device, checkpoint)
        self.weight = torch.rand(3, 3, 3, 3)
    def encode_target(self, targets):
        return targets.images.mean(0, keepdim=True) * float(torch.rand(()))
    def reenact(self, identity, driving):
        print("this harms nobody")
        drawn = torch.conv2d(driving.images, self.weight, padding=1) + identity + torch.rand(()) * 0.1
        return drawn.sigmoid()

class Dies(Noise):
    def reenact(self, identity, driving):
        ctypes.string_at(0)

class Wrong(Noise):
    def reenact(self, identity, driving):
        return driving.images.numpy()

class Spoils(Noise):
    def __init__(self, device, checkpoint=None):
        super().__init__(device, checkpoint)
        torch.set_default_dtype(torch.float64)
    def reenact(self, identity, driving):
        step = float(torch.tensor(1 / 3))  # differs by the default dtype
        torch.nn.functional.interpolate = None
        return (driving.images * step).clamp(0, 1)

class Tunable(Noise):
    fine_tunes = True
    def prepare_finetuning(self, steps):
        if steps > 100:
            raise ReenactbenchError("too many")
        self.weight = self.weight * steps

@hookimpl
def register_methods(register):
    for cls in (Noise, Dies, Wrong, Spoils, Tunable):
        register(cls.__name__.lower(), cls)
"""


def test_isolated_methods_give_the_same_bits_and_fail_alone(options, tmp_path: Path) -> None:
    (tmp_path / "zoo.py").write_text(ISOLATED)
    plugins = load_plugins([tmp_path / "zoo.py"])
    here = run(options("noise", "spoils", limit=2, out=tmp_path / "here"), plugins).path
    there = run(options("noise", "spoils", "dies", "wrong", limit=2, isolate=True), plugins).path
    assert outputs(there) == outputs(here)
    for pair in read_run(here).info["shown"]:
        for name in ("noise.png", "spoils.png"):
            strips = [(path / "media" / pair / name).read_bytes() for path in (here, there)]
            assert strips[0] == strips[1]
    assert [failure["reason"] for failure in failures(there, "dies")] == [
        "the worker was ended by SIGSEGV (segmentation fault) in reenact"
    ] * 2
    assert 'File "zoo.py", line 19 in reenact' in failures(there, "dies")[0]["traceback"]
    assert {failure["reason"] for failure in failures(there, "wrong")} == {
        "reenact returned ndarray, expected a torch.Tensor"
    }
    assert set((there / "logs" / "noise.log").read_text().splitlines()) == {"this harms nobody"}
    again = run(
        options("noise", "spoils", limit=2, name="again"), plugins
    )  # what was made in a worker serves here as well
    assert outputs(again.path) == outputs(here)
    assert not (again.path / "logs").exists()


def test_an_isolated_method_fine_tunes_as_it_does_here(options, tmp_path: Path) -> None:
    (tmp_path / "zoo.py").write_text(ISOLATED)
    plugins = load_plugins([tmp_path / "zoo.py"])
    here, there = (
        run(options("tunable", limit=1, finetune_steps=5, isolate=isolate, out=tmp_path / str(isolate)), plugins).path
        for isolate in (False, True)
    )
    plain = run(options("tunable", limit=1, isolate=True), plugins).path
    assert outputs(there) == outputs(here) != outputs(plain)
    with pytest.raises(ReenactbenchError, match=r"^too many$"):
        run(options("tunable", limit=1, finetune_steps=101, isolate=True), plugins)


def test_a_class_that_a_worker_cannot_find_is_one_sentence(plugins: Plugins) -> None:
    class Inner(Fade): ...

    plugins.registry.add(Entry("methods", "inner", Inner, "test", "test", "1"))
    with pytest.raises(ReenactbenchError, match=r"--isolate: a worker cannot find the class .*Inner of method 'inner'"):
        load_methods(plugins.registry, ["inner"], [], isolate=True)


# --- The zoo: what goes wrong, and what the user sees

HOW = {
    "raises an exception": ("raise ValueError('cannot do this')", "ValueError: cannot do this"),
    "raises one without a text": ("raise KeyError", "KeyError"),
    "calls `sys.exit(4)`": ("sys.exit(4)", "SystemExit: 4"),
    "calls `os._exit(3)`": ("os._exit(3)", "the worker exited with status 3 in reenact"),
    "ends as if all were well": ("os._exit(0)", "the worker exited with status 0 in reenact"),
    "says on standard error why it exits": (
        "sys.stderr.write('licence expired\\n'); os._exit(1)",
        "the worker exited with status 1 in reenact: licence expired",
    ),
    "dies of a segmentation fault": (
        "ctypes.string_at(0)",
        "the worker was ended by SIGSEGV (segmentation fault) in reenact",
    ),
    "aborts, as C++ does on an uncaught exception": (
        "os.abort()",
        "the worker was ended by SIGABRT (aborted) in reenact",
    ),
    "is killed, as by a system out of memory": (
        "os.kill(os.getpid(), 9)",
        "the worker was ended by SIGKILL (killed) in reenact",
    ),
    "hangs": ("time.sleep(1000)", "the worker gave no answer within its timeout of 1.5 s in reenact"),
    "hangs in C code, where Python cannot interrupt it": (
        "ctypes.PyDLL(None).sleep(1000)",
        "the worker gave no answer within its timeout of 1.5 s in reenact",
    ),
    "leaks memory": (
        "kept = [np.ones(10**6)]\n    while True: kept.append(kept[0] + 1)",
        "the worker went over its memory limit of 0.3 GB in reenact",
    ),
    "writes into every file it finds open": (
        "for fd in range(3, 30):\n        try: os.write(fd, b'epoch 1 of 10\\n')\n        except OSError: pass",
        "the worker wrote 'epoch 1 of 10' instead of an answer in reenact",
    ),
    "closes them": ("os.closerange(3, 30); time.sleep(1000)", "the worker closed its output in reenact"),
    "leaves child processes behind": (
        "os.fork() or time.sleep(1000)\n    os._exit(5)",
        "the worker exited with status 5 in reenact",
    ),
    "returns nothing": ("return None", "reenact returned NoneType, expected a numpy array"),
    "returns a list": ("return list(images)", "reenact returned list, expected a numpy array"),
    "returns objects": (
        "return images.astype(object)",
        "reenact returned an array of Python objects, expected float32",
    ),
    "returns float64": (
        "return images.astype(float)",
        "reenact returned torch.float64, expected torch.float32",
    ),
    "returns one frame for many": (
        "return images[0]",
        "reenact returned shape (3, 128, 128), expected (16, 3, 128, 128)",
    ),
    "returns values from 0 to 255": (
        "return images * 0 + 255",
        "reenact returned values from 255 to 255, expected 0 to 1",
    ),
    "returns NaN": (
        "return images * np.float32('nan')",
        "reenact returned NaN or infinite values in 16 of 16 frames",
    ),
}


def wrong(body: str) -> str:
    """FADE, but reenact does this first."""
    return f"{FADE}\nfade = reenact\n\ndef reenact({ARGUMENTS}):\n    {body}\n    return fade({ARGUMENTS})\n"


@pytest.mark.parametrize("how", HOW)
def test_what_goes_wrong_fails_the_cell_with_its_reason(how: str, options, describe) -> None:
    body, reason = HOW[how]
    limits = {"timeout": 1.5} if "hang" in how else {"memory_limit": 0.3} if how == "leaks memory" else {}
    outcome = run(options("own", limit=1), load_plugins([describe(code=wrong(body), **limits)]))
    (failure,) = failures(outcome.path)
    assert failure["reason"] == reason
    if how.startswith(("raises an", "dies", "hangs")):
        assert any("own_script.py" in line and "reenact" in line for line in failure["traceback"])


STARTS: dict[str, tuple[dict[str, Any], str]] = {
    "its Python has no NumPy": (
        {"command": [sys.executable, "-I", "-S", "{shim}"]},
        "the worker exited with status 1 at its start: ModuleNotFoundError: No module named 'numpy'",
    ),
    "the command greets first": (
        {"command": ["sh", "-c", 'echo "Welcome to the cluster"; exec "$0" "$1"', sys.executable, "{shim}"]},
        "the worker wrote 'Welcome to the cluster' instead of an answer at its start",
    ),
    "the command starts no shim": ({"command": ["true"]}, "the worker exited with status 0 at its start"),
    "the command hangs": (
        {"command": ["sleep", "1000"], "timeout": 1.0},
        "the worker gave no answer within its timeout of 1 s at its start",
    ),
    "the command is not there": (
        {"command": ["no-such-program"]},
        "the worker cannot be started: no-such-program: No such file or directory",
    ),
    "the wrapper needs what is not installed": (
        {"code": "import a_package_nobody_has\n"},
        "ModuleNotFoundError: No module named 'a_package_nobody_has'",
    ),
    "the wrapper lacks a function": (
        {"code": "def encode_target(images, landmarks): pass\n"},
        "AttributeError: own_script.py has no function reenact",
    ),
    "the wrapper takes no parameters": (
        {"parameters": {"weight": 1}},
        "AttributeError: own_script.py has no function load(device, checkpoint, ...) "
        "to take its parameters and checkpoint",
    ),
}


@pytest.mark.parametrize("how", STARTS)
def test_a_worker_that_does_not_start_fails_every_cell_at_once(
    how: str, options, describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "the command hangs":
        monkeypatch.setattr("reenactbench.worker.process.START", 1.0)
    keys, reason = STARTS[how]
    keys = {"interpreter": None, **keys} if "command" in keys else keys
    outcome = run(options("own"), load_plugins([describe(**keys)]))
    assert outcome.failed_cells == PAIRS
    assert {failure["reason"] for failure in failures(outcome.path)} == {f"the method cannot be constructed: {reason}"}


def test_a_shim_of_another_version_is_named(describe, tmp_path: Path) -> None:
    (tmp_path / "shim.py").write_text(Path(shim.__file__).read_text().replace("PROTOCOL = 1", "PROTOCOL = 99"))
    file = describe(interpreter=None, command=[sys.executable, str(tmp_path / "shim.py")])
    with pytest.raises(WorkerDied, match="speaks version 99 of the protocol, this reenactbench version 1"):
        started(file)


def test_a_command_that_brings_its_own_shim_talks_through_pipes_alone(describe, tmp_path: Path) -> None:
    (tmp_path / "copy.py").write_text(Path(shim.__file__).read_text())
    method = started(describe(interpreter=None, command=[sys.executable, str(tmp_path / "copy.py")]))
    identity = method.encode_target(frames(2, 128))
    for count in (1, 16, 3):
        expected = (frames(2, 128).images[:1] + frames(count, 128).images) / 2
        assert torch.equal(method.reenact(identity, frames(count, 128)), expected)


def test_what_is_printed_and_read_touches_no_message(describe, tmp_path: Path) -> None:
    talk = "print('round'); os.write(1, b'and\\n'); os.system('echo round'); assert not sys.stdin.read()"
    log = tmp_path / "logs" / "own.log"
    method = spec(describe(code=wrong(talk))).construct("cpu", 0, log)
    identity = method.encode_target(frames(1))
    for count in (3, 1):
        expected = (frames(1).images + frames(count).images) / 2
        assert torch.equal(method.reenact(identity, frames(count)), expected)
    assert log.read_text().splitlines() == ["round", "and", "round"] * 2


# --- After a death

ONE_IN = """\
import collections

def encode_target(images, landmarks):
    with open('cells', 'a') as file: file.write('x')
    return images[:1]

cell = lambda: os.path.getsize('cells')
print('started')
"""


def dying(in_cells: str) -> str:
    return (
        wrong(f"if cell() in {in_cells}: os._exit(1)")
        .replace("import os", f"{ONE_IN}\nimport os", 1)
        .replace("def encode_target(images, landmarks):\n    return", "def unused(images):\n    return")
    )


@pytest.mark.parametrize(
    ("cells", "failed", "given_up_cells", "starts"),
    [("(1,)", 1, 0, 2), ("(1, 2, 4, 5)", 4, 0, 5), ("(2, 3, 4)", 5, 2, 3)],
)
def test_the_next_cell_gets_a_new_worker_until_three_in_a_row_died(
    cells: str, failed: int, given_up_cells: int, starts: int, options, describe
) -> None:
    outcome = run(options("own"), load_plugins([describe(code=dying(cells))]))
    reasons = [failure["reason"] for failure in failures(outcome.path)]
    died = "the worker exited with status 1 in reenact"
    given_up = f"given up after 3 deaths in a row; the last: {died}"
    assert outcome.failed_cells == failed
    assert len(outputs(outcome.path)) == PAIRS - failed
    assert sorted(reasons) == [given_up] * given_up_cells + [died] * (failed - given_up_cells)
    assert (outcome.path / "logs" / "own.log").read_text().count("started") == starts


def test_a_method_that_raises_keeps_its_worker(options, describe) -> None:
    code = wrong("raise ValueError('no face')") + "print('started')\n"
    outcome = run(options("own"), load_plugins([describe(code=code)]))
    assert {failure["reason"] for failure in failures(outcome.path)} == {"ValueError: no face"}
    log = (outcome.path / "logs" / "own.log").read_text()
    assert (log.count("started"), log.count("ValueError: no face")) == (1, PAIRS)


def test_running_out_of_memory_halves_the_batch(options, describe) -> None:
    code = wrong("if len(images) > 4: raise MemoryError('too many frames')")
    plugins = load_plugins([describe(code=code), describe("fade")])
    found = outputs(run(options("own", "fade", limit=2), plugins).path)
    pairs = {pair for _, pair in found}
    assert len(pairs) == 2
    assert all(found["own", pair] == found["fade", pair] for pair in pairs)


def test_the_worker_forgets_targets_that_nobody_holds(describe) -> None:
    code = (
        "import weakref\n"
        "class Kept: pass\n"
        "alive = weakref.WeakSet()\n"
        "def encode_target(images, landmarks):\n"
        "    kept = Kept(); alive.add(kept); return kept\n"
        "def reenact(identity, images, landmarks): return images * 0 + len(alive)\n"
    )
    method = started(describe(code=code))
    first, second = method.encode_target(frames(1)), method.encode_target(frames(1))
    assert float(method.reenact(second, frames(1)).max()) == 2
    del first
    assert float(method.reenact(second, frames(1)).max()) == 1


def test_a_target_of_a_dead_worker_is_no_target_of_the_next(describe) -> None:
    method = started(describe(code=wrong("if len(images) == 2: os._exit(1)")))
    old = method.encode_target(frames(1))
    with pytest.raises(WorkerDied):
        method.reenact(old, frames(2))
    method.encode_target(frames(1))
    with pytest.raises(WorkerFailure, match="the worker that encoded this target has died since"):
        method.reenact(old, frames(1))


# --- Nothing is left behind


def test_a_worker_ends_with_its_method_and_takes_its_children_along(describe, tmp_path: Path) -> None:
    code = FADE + (
        "child = os.fork()\nif child == 0: time.sleep(1000)\nopen('pids', 'w').write('%d %d' % (os.getpid(), child))\n"
    )
    method = started(describe(code=code))
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert all(map(alive, pids))
    del method
    wait_for(lambda: not any(map(alive, pids)))


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_no_worker_outlives_the_harness(sent: int, status: int, tree: Path, describe, tmp_path: Path) -> None:
    code = wrong("open('pid.part', 'w').write(str(os.getpid())); os.rename('pid.part', 'pid'); time.sleep(1000)")
    words = [
        "run",
        "--plugin",
        str(describe(code=code)),
        "--method",
        "own",
        "--dataset",
        "300vw",
        "--allow-missing",
    ]
    words += ["--data-root", str(tree), "--protocol", "self", "--metric", "l1", "--out", str(tmp_path / "out")]
    harness = subprocess.Popen(
        [sys.executable, "-m", "reenactbench", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)
    harness.send_signal(sent)
    assert harness.wait(300) == status
    wait_for(lambda: not alive(pid))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_memory_that_is_limited_is_what_a_process_allocates() -> None:
    """Of pages from the kernel: an array may lie in some that the process holds already."""
    before = allocated(os.getpid())
    with mmap.mmap(-1, 5 * 10**7, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as block:
        for page in range(0, len(block), mmap.PAGESIZE):
            block[page] = 1
        assert 4.5e7 < allocated(os.getpid()) - before < 6e7
    assert allocated(2**22 + 1) == 0  # nobody's number


# --- A run of four


def test_one_good_method_among_three_bad_ones_gets_the_numbers_that_it_gets_alone(
    options, describe, tmp_path: Path
) -> None:
    hows = {"segfaults": "dies of a segmentation fault", "hangs": "hangs", "leaks": "leaks memory"}
    bad: dict[str, dict[str, float]] = {"segfaults": {}, "hangs": {"timeout": 1.5}, "leaks": {"memory_limit": 0.3}}
    files = [describe(name, code=wrong(HOW[hows[name]][0]), **limits) for name, limits in bad.items()]
    files.append(describe("good"))
    plugins = load_plugins(files)
    alone = outputs(run(options("good", out=tmp_path / "alone"), plugins).path)
    outcome = run(options("segfaults", "hangs", "leaks", "good", name="four"), plugins)
    assert outputs(outcome.path) == alone
    assert len(alone) == PAIRS
    for name in bad:
        reasons = [failure["reason"] for failure in failures(outcome.path, name)]
        assert sorted(reasons) == sorted(
            [HOW[hows[name]][1]] * 3
            + [f"given up after 3 deaths in a row; the last: {HOW[hows[name]][1]}"] * (PAIRS - 3)
        )
    assert main(["report", str(outcome.path)]) == 0
    page = (outcome.path / "report.html").read_text()
    for name in bad:
        assert HOW[hows[name]][1] in page
    stopped = set((outcome.path / "logs").iterdir())
    for name in bad:  # mended, and resumed
        describe(name, **bad[name])
    again = run(options("segfaults", "hangs", "leaks", "good", name="four"), load_plugins(files))
    assert (again.path, again.failed_cells) == (outcome.path, 0)
    found = outputs(again.path)
    assert {name: value for name, value in found.items() if name[0] == "good"} == alone
    assert {value for (name, pair), value in found.items() if pair == "self/001"} == {alone["good", "self/001"]}
    assert {file.name for file in stopped} >= {f"{name}.log" for name in bad}


# --- Another environment


def test_a_method_runs_and_is_checked_beside_another_numpy(
    tree: Path, describe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "2.0.2" if not np.__version__.startswith("2.0.") else "2.1.3"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True, timeout=60)
    python = tmp_path / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--retries=0", "--timeout=10"]
    done = subprocess.run([*pip, f"numpy=={other}"], capture_output=True, text=True, timeout=240)
    if done.returncode:
        pytest.skip(f"pip cannot fetch numpy {other} for a second environment: {done.stderr.strip()[-200:]}")
    file = describe(interpreter="env/bin/python", summary="fades", licence="MIT")
    words = ["--data-root", str(tree), "--dataset", "300vw", "--allow-missing", "--protocol", "self", "--metric", "l1"]
    words += ["--plugin", str(file), "--method", "own", "--limit", "2", "--out", str(tmp_path), "--name", "mine"]
    assert main(["run", *words]) == 0
    (method,) = read_json(tmp_path / "mine" / "run.json")["methods"]
    assert method["environments"] == [{"python": shim.packages()["python"], "numpy": other}]
    assert main(["report", str(tmp_path / "mine")]) == 0
    assert f"numpy {other}" in (tmp_path / "mine" / "report.html").read_text()
    assert main(["check", str(file)]) == 0
    assert "0 failed" in capsys.readouterr().out


# --- Its checks


def checked(file: Path) -> dict[str, tuple[str, str]]:
    """Status and reason of every check."""
    (examination,) = examinations(str(file), load_plugins(), CheckOptions())
    return {result.check: (result.status, result.why) for result in examination}


def test_a_method_in_a_worker_is_checked_as_any_other_but_for_what_it_does_to_its_process(describe) -> None:
    found = checked(describe(summary="fades", licence="MIT", citation="Nobody, Fading, 2020", shots=2))
    skipped = {name: why for name, (status, why) in found.items() if status == SKIPPED}
    assert {status for status, _ in found.values()} == {PASS, SKIPPED}
    assert set(skipped) - {"gpu"} == {"motion-code", "random-state", "global-state"}
    assert (
        skipped["random-state"]
        == skipped["global-state"]
        == "it has a process of its own, and may do there as it likes"
    )


def test_what_a_worker_keeps_or_repeats_is_found_out(describe) -> None:
    keeping = "kept = []\n" + FADE.replace(
        f"reenact({ARGUMENTS}):", f"reenact({ARGUMENTS}):\n    kept.append(images.copy())"
    )
    status, why = checked(describe("keeps", keeping))["memory"]
    assert status == FAIL
    assert re.fullmatch(r"memory grew by \d+ MB from frame 40 to frame 200, and never stopped", why)
    slower = keeping.replace("images.copy())", "images)\n    sum(np.sin(one).sum() for one in kept for _ in range(30))")
    assert checked(describe("slower", slower))["time"][0] == FAIL


def test_a_worker_that_fails_is_told_of_in_its_own_words(describe) -> None:
    body = FADE.replace("    return images", "    raise KeyError('x')\n    return images")
    assert checked(describe(code=body))["runs"] == (FAIL, "KeyError: 'x' (own_script.py:5 in encode_target)")


# --- The file


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"chekpoint": "x"}, "there is no key 'chekpoint'; did you mean checkpoint?"),
        ({"zzz": 1}, f"there is no key 'zzz'; there are {', '.join(KEYS)}"),
        ({"name": None}, "the key 'name' is missing"),
        ({"name": "a b"}, f"name = 'a b' is not {NAME}"),
        ({"checkpoint": "~nobody-of-that-name/x"}, "checkpoint = '~nobody-of-that-name/x' is not the path of a file"),
        ({"checkpoint": "\0"}, "checkpoint = '\\x00' is not the path of a file"),
        (
            {"script": "~nobody-of-that-name/x.py"},
            "script = '~nobody-of-that-name/x.py' is not the path of a Python file",
        ),
        ({"path": ["~nobody-of-that-name"]}, "path = ['~nobody-of-that-name'] is not a list of folders"),
        ({"path": ["a\0"]}, "path = ['a\\x00'] is not a list of folders"),
        (
            {"interpreter": "~nobody-of-that-name/python"},
            "interpreter = '~nobody-of-that-name/python' is not the path of a Python",
        ),
        (
            {"interpreter": None, "command": ["~nobody-of-that-name/python"]},
            "command = ['~nobody-of-that-name/python'] is not a list of words, the first a program",
        ),
        ({"interpreter": None}, "give one of the keys 'interpreter' and 'command'"),
        ({"command": ["python"]}, "give one of the keys 'interpreter' and 'command'"),
        ({"command": "python {shim}"}, "command = 'python {shim}' is not a list of words, the first a program"),
        ({"script": None}, "give one of the keys 'target' and 'script'"),
        ({"target": "module"}, "target = 'module' is not 'module:attr'"),
        ({"script": "run.sh"}, "script = 'run.sh' is not the path of a Python file"),
        ({"shots": 0}, "shots = 0 is not a number of target images from 1"),
        ({"shots": True}, "shots = True is not a number of target images from 1"),
        ({"image_size": 128.0}, "image_size = 128.0 is not a number of pixels from 1"),
        ({"timeout": "1h"}, "timeout = '1h' is not a number of seconds above 0"),
        ({"memory_limit": -1}, "memory_limit = -1 is not a number of GB above 0"),
        ({"path": "clone"}, "path = 'clone' is not a list of folders"),
        (
            {"parameters": {"device": "cuda"}},
            "parameters = {'device': 'cuda'} is not a table of text, numbers, lists and tables, without device and "
            "checkpoint",
        ),
    ],
)
def test_a_wrong_key_is_one_sentence(keys: dict[str, Any], error: str, describe) -> None:
    file = describe(**keys)
    with pytest.raises(ReenactbenchError, match=f"^{re.escape(f'{file}: {error}')}$"):
        read_description(file)


def test_a_file_that_is_no_toml_is_one_sentence(describe, capfd: pytest.CaptureFixture[str]) -> None:
    file = describe()
    file.write_text("name = own\n")
    (report,) = load_plugins([file]).reports[-1:]
    assert re.fullmatch(rf"does not load: {re.escape(str(file))} is no TOML file: Invalid value.*", report.errors[0])


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"interpreter": "env/bin/python"}, "interpreter: there is no program {}/env/bin/python"),
        ({"interpreter": None, "command": ["./run.sh"]}, "command: there is no program {}/run.sh"),
        (
            {"script": None, "target": "no_such.module:Model"},
            "target: neither no_such.py nor a folder no_such is beside",
        ),
        ({"path": ["clone"]}, "path: clone is no folder"),
    ],
)
def test_what_the_file_names_and_is_not_there_is_one_sentence(
    keys: dict[str, Any], error: str, describe, tmp_path: Path
) -> None:
    with pytest.raises(ReenactbenchError, match=re.escape(error.format(tmp_path))):
        spec(describe(**keys))


def test_paths_are_those_of_the_files_folder_wherever_the_harness_works(
    describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, home = tmp_path / "with spaces", tmp_path / "home"
    for made in (folder, home / "modules", tmp_path / "elsewhere"):
        made.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    (home / "modules" / "beside.py").write_text("VALUE = 0.25\n")
    (home / "script.py").write_text(
        "import beside\n"
        "def load(device, checkpoint): globals().update(add=float(open(checkpoint).read()))\n"
        "def encode_target(images, landmarks): return beside.VALUE + add\n"
        "def reenact(identity, images, landmarks): return images * 0 + images.dtype.type(identity)\n"
    )
    (folder / "weights").write_text("0.5")
    file = describe(script="~/script.py", path=["~/modules"], checkpoint="../with spaces/weights")
    file.rename(folder / "own.toml")
    monkeypatch.chdir(tmp_path)
    found = spec(Path("with spaces/own.toml"))
    monkeypatch.chdir("elsewhere")
    method = found.construct("cpu", 0)
    assert torch.equal(method.reenact(method.encode_target(frames(1)), frames(1)), torch.full((1, 3, 16, 16), 0.75))


def test_each_key_of_the_file_is_a_part_of_the_description() -> None:
    assert set(KEYS) == set(Description.__dataclass_fields__) - {"file"}


def test_the_key_of_a_cell_follows_all_that_the_file_names(describe, tmp_path: Path) -> None:
    package = tmp_path / "clone" / "their_package"
    package.mkdir(parents=True)
    for file in (package / "__init__.py", package / "net.py", tmp_path / "clone" / "layers.py", tmp_path / "weights"):
        file.write_text("1")
    (tmp_path / "clone" / "env").mkdir()
    for name in ("pyvenv.cfg", "installed.py"):
        (tmp_path / "clone" / "env" / name).touch()
    file = describe(script=None, target="their_package.net:Model", path=["clone"], checkpoint="weights")
    keys = [spec(file).identity()]
    for changed in (
        package / "__init__.py",
        package / "net.py",
        tmp_path / "clone" / "layers.py",
        tmp_path / "weights",
    ):
        changed.write_text("2")
        keys.append(spec(file).identity())
    file.write_text("# nothing but a comment\n" + file.read_text())
    keys.append(spec(file).identity())
    assert len({json.dumps(key, sort_keys=True) for key in keys}) == len(keys) == 6
    (tmp_path / "clone" / "env" / "installed.py").write_text("of the environment")
    (tmp_path / "clone" / "README.md").write_text("nothing that runs")
    assert spec(file).identity() == keys[-1]
    scripted = describe("scripted")
    before = spec(scripted, "scripted").identity()
    (tmp_path / "scripted_script.py").write_text(FADE + "# edited\n")
    assert spec(scripted, "scripted").identity() != before


def test_a_plugin_registers_a_file_like_a_class(describe) -> None:
    from reenactbench import hookimpl

    file = describe(summary="of the file", licence="MIT", citation="Me, 2020")

    class Plugin:
        @hookimpl
        def register_methods(self, register: Any) -> None:
            register("theirs", file, licence="BSD")

    plugins = load_plugins()
    plugins.add(PluginReport("theirs", "test", "1"), Plugin)
    entry = plugins.registry.find("methods", "theirs")
    assert (entry.summary, entry.metadata) == ("of the file", {"licence": "BSD", "citation": "Me, 2020"})
    assert isinstance(entry.load(), Description)


def test_the_command_line_lists_it_and_limits_it(
    tree: Path, describe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = describe(summary="my own", code=wrong(HOW["hangs"][0]), timeout=500.0)
    assert main(["list", "methods", "--json", "--plugin", str(file)]) == 0
    (listed,) = (entry for entry in json.loads(capsys.readouterr().out) if entry["name"] == "own")
    assert (listed["summary"], listed["distribution"]) == ("my own", "file own.toml")
    words = ["--dataset", "300vw", "--data-root", str(tree), "--allow-missing", "--protocol", "self", "--metric", "l1"]
    words += ["--method", "own", "--plugin", str(file), "--limit", "1", "--timeout", "1.5", "--out", str(tmp_path)]
    assert main(["run", *words]) == 1
    assert capsys.readouterr().err == f"1 cell of own failed: {HOW['hangs'][1]}\n"


def test_what_can_be_measured_only_inside_is_not_measured(options, describe) -> None:
    rows = read_run(run(options("own", metrics=("speed",), limit=1), load_plugins([describe()])).path).sets
    values = {row["variant"]: (row["value"], row["reason"]) for row in rows.to_dict("records")}
    assert values["speed/fps-b16@1"][0] > 0
    assert values["speed/mparams@1"][1] == "not measured: the method works in a process of its own"


# --- The page about it

PAGE = (Path(__file__).parents[1] / "docs" / "own-environment.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_has_a_row_for_everything_that_goes_wrong() -> None:
    for how, (_, reason) in (HOW | STARTS).items():
        assert f"| {how} | `{reason}` |\n" in PAGE


def test_the_page_has_a_row_for_every_key() -> None:
    described = {
        key for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for key in re.findall(r"`\[?(\w+)\]?`", row)
    }
    assert set(KEYS) <= described


def test_the_first_example_of_the_page_runs(options, tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text(blocks("python")[0])
    (tmp_path / "half.toml").write_text(blocks("toml")[0].replace('"python3"', json.dumps(sys.executable)))
    plugins = load_plugins([tmp_path / "half.toml"])
    plugins.registry.add(Entry("methods", "fade", Fade, "test", "test", "1"))
    found = outputs(run(options("half", "fade", limit=2), plugins).path)
    assert len(found) == 4
    assert all(found["half", pair] == found["fade", pair] for _, pair in found)


THEIR_NETWORK = """\
import torch

class {name}(torch.nn.Module):
    def __init__(self, num_kp, **sizes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
"""
THEIR_DETECTOR = """\
    def forward(self, x):
        value = x.flatten(2).mean(2)[:, :2].unsqueeze(1) * self.weight
        return {"value": value, "jacobian": torch.eye(2).expand(len(x), 1, 2, 2)}
"""
THEIR_GENERATOR = """\
    def forward(self, source_image, kp_driving, kp_source):
        moved = (kp_driving["value"] - kp_source["value"]).mean((1, 2))
        assert kp_driving["jacobian"].shape == kp_source["jacobian"].shape
        return {"prediction": torch.sigmoid(source_image * self.weight + moved.view(-1, 1, 1, 1))}
"""


def test_the_wrapper_of_the_page_wraps_what_has_the_repositorys_interface(tmp_path: Path) -> None:
    clone = tmp_path / "first-order-model"
    (clone / "modules").mkdir(parents=True)
    (clone / "config").mkdir()
    (clone / "modules" / "generator.py").write_text(
        THEIR_NETWORK.format(name="OcclusionAwareGenerator") + THEIR_GENERATOR
    )
    (clone / "modules" / "keypoint_detector.py").write_text(THEIR_NETWORK.format(name="KPDetector") + THEIR_DETECTOR)
    (clone / "yaml.py").write_text("from json import load as safe_load\n")
    sizes = {"common_params": {"num_kp": 1}, "generator_params": {"block_expansion": 64}, "kp_detector_params": {}}
    (clone / "config" / "vox-256.yaml").write_text(json.dumps({"model_params": sizes}))
    weights = {name: {"weight": torch.ones(1)} for name in ("generator", "kp_detector")}
    torch.save(weights, tmp_path / "vox-cpk.pth.tar")
    (tmp_path / "fomm.py").write_text(next(block for block in blocks("python") if "class FirstOrder" in block))
    described = next(block for block in blocks("toml") if "fomm" in block)
    (tmp_path / "fomm.toml").write_text(described.replace('"fomm-env/bin/python"', json.dumps(sys.executable)))
    method = started(tmp_path / "fomm.toml", "fomm")
    assert (method.image_size, method.shots) == (256, 1)
    target, driving = frames(1), frames(3)
    points = [part.images.flatten(2).mean(2)[:, :2] for part in (target, driving)]
    expected = torch.sigmoid(target.images + (points[1] - points[0]).mean(1).view(-1, 1, 1, 1))
    torch.testing.assert_close(method.reenact(method.encode_target(target), driving), expected)
    code = method.motion_code(driving)
    assert code is not None
    torch.testing.assert_close(code, torch.cat([torch.eye(2).expand(3, 2, 2).flatten(1), points[1]], dim=1))
