"""What is in the way of this installation: packages that cannot be imported or do not fit, folders, weights."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from reenactbench.backbones.weights import KNOWN
from reenactbench.cache import cache_folder
from reenactbench.datasets.building import partial_folder
from reenactbench.errors import ReenactbenchError
from reenactbench.files import accessing

MODULES = """
    numpy scipy cv2 pandas pyarrow PIL skimage sklearn torch torchvision lightning_fabric safetensors tensorboard av
    onnxruntime insightface pytorch_fid matplotlib jinja2 markupsafe pooch rich tqdm filelock
""".split()
OPENCV = "opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"
MEND = "uninstall all of them, then pip install --force-reinstall opencv-python"
PATIENCE = 300  # seconds for all imports
LITTLE = 1e9  # bytes

_PROBE = """
import importlib, json, sys
out = sys.stdout
sys.stdout = sys.stderr
for name in sys.argv[1:]:
    found = {"name": name}
    try:
        module = importlib.import_module(name)
        found["empty"] = getattr(module, "__file__", None) is None
        found["version"] = str(getattr(module, "__version__", ""))
        if name == "torch":
            found["cuda"] = module.cuda.is_available()
        if name == "onnxruntime":
            found["providers"] = module.get_available_providers()
    except BaseException as error:
        found["error"] = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    print(json.dumps(found), file=out, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Module:
    """What importing a module came to."""

    version: str = ""
    """As the module says itself; empty where it does not."""
    error: str = ""
    """Why it cannot be used; empty where it can."""
    cuda: bool = False
    """Whether torch sees a GPU."""
    providers: tuple[str, ...] = ()
    """Of onnxruntime."""


def imported(names: Iterable[str] = MODULES) -> dict[str, Module]:
    """Import every module, in a process that may crash or hang."""
    left, found = list(names), dict[str, Module]()
    while left:
        command = [sys.executable, "-c", _PROBE, *left]
        try:
            done = subprocess.run(command, capture_output=True, timeout=PATIENCE)
            printed, end = done.stdout, _end(done.returncode)
        except subprocess.TimeoutExpired as late:
            printed, end = late.stdout or b"", f"takes more than {PATIENCE} s"
        for line in printed.splitlines():
            row = json.loads(line)
            error = row.get("error") or ("it is an empty folder" if row["empty"] else "")
            providers = tuple(row.get("providers", ()))
            found[row["name"]] = Module(row.get("version", ""), error, row.get("cuda", False), providers)
        left = [name for name in left if name not in found]
        if left:
            found[left.pop(0)] = Module(error=f"importing it {end}")
    return found


def _end(status: int) -> str:
    return f"ends Python with {signal.Signals(-status).name if status < 0 else f'status {status}'}"


def module_problems(found: Mapping[str, Module]) -> list[str]:
    """Modules that cannot be imported; of OpenCV, how to mend it."""
    problems = [
        f"{name} cannot be used: {module.error}; install its distribution again"
        for name, module in found.items()
        if module.error and name != "cv2"
    ]
    return problems + opencv_problems(found["cv2"])


def opencv_problems(cv2: Module) -> list[str]:
    """Two distributions of OpenCV overwrite each other's files, and taking one away takes those of the other."""
    there = {name: found for name in OPENCV if (found := _version(name))}
    if len(there) > 1:
        return [f"{' and '.join(there)} are installed and overwrite each other; {MEND}"]
    if cv2.error:
        return [f"cv2 cannot be used: {cv2.error}; {MEND}" if there else f"cv2 cannot be used: {cv2.error}"]
    if there and cv2.version and not any(known.startswith(cv2.version) for known in there.values()):
        (name, known), *_ = there.items()
        return [f"cv2 is of version {cv2.version}, while {name} {known} is installed; {MEND}"]
    return []


def requirement_problems(distribution: str = "reenactbench") -> list[str]:
    """What the distribution requires and is not there, or is in another version; of its extras only the latter."""
    problems = []
    if _version(distribution) is None:
        return [f"{distribution} itself is not installed, so that what it needs is not known; pip install it"]
    for text in requires(distribution) or []:
        wanted = Requirement(text)
        optional = wanted.marker is not None and "extra" in str(wanted.marker)
        if wanted.marker is not None and not optional and not wanted.marker.evaluate():
            continue
        found = _version(wanted.name)
        if found is None:
            if not optional and not (wanted.name in OPENCV and any(map(_version, OPENCV))):
                problems.append(f"{wanted.name} is not installed; pip install '{wanted.name}{wanted.specifier}'")
        elif not wanted.specifier.contains(found, prereleases=True):
            mend = f"pip install '{wanted.name}{wanted.specifier}'"
            problems.append(f"{wanted.name} {found} is installed, {distribution} needs {wanted.specifier}; {mend}")
    return problems


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def place_problems() -> list[str]:
    """What cannot be written of the cache and of shared memory, and where there is little space."""
    problems, folder = [], cache_folder()
    try:
        with accessing(folder), partial_folder(folder):
            free = shutil.disk_usage(folder).free
    except ReenactbenchError as error:
        problems.append(f"the cache cannot be written: {error}; name another folder in REENACTBENCH_CACHE")
    else:
        if free < LITTLE:
            problems.append(f"only {free / 1e6:.0f} MB are free under the cache {folder}; free some")
    try:
        multiprocessing.get_context("spawn").Lock()
    except (OSError, ImportError) as error:
        problems.append(
            f"there is no shared memory for semaphores ({error}); reenactbench does without, methods that start "
            "processes of their own may not: make /dev/shm writable"
        )
    return problems


def weights_problems() -> list[str]:
    """Weights in the cache that are not those that were published."""
    return [
        f"{weights.name} is damaged; remove it from {weights.folder}, then `reenactbench weights fetch {weights.name}`"
        for weights in KNOWN.values()
        if weights.present and not weights.intact
    ]


def provider_hints(found: Mapping[str, Module]) -> list[str]:
    """Networks that will not run on the GPU that is there."""
    if found["torch"].cuda and "CUDAExecutionProvider" not in found["onnxruntime"].providers:
        return [
            "onnxruntime has no CUDA provider: ONNX networks run on the CPU (pip install onnxruntime-gpu in its place)"
        ]
    return []
