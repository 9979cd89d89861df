"""What a reader needs to know of where numbers come from, and nothing that tells who made them."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = """
    reenactbench numpy scipy torch torchvision lightning-fabric opencv-python opencv-python-headless
    opencv-contrib-python opencv-contrib-python-headless scikit-image scikit-learn pytorch-fid insightface onnxruntime
    pandas pyarrow pluggy typer jinja2
""".split()
TRACEBACK_TAIL = 6


def environment(device: str) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": device,
        "device_name": device_name(device),
        "cores": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "git_commit": git_commit(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def device_name(device: str) -> str:
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name(device))
    try:
        models = re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        models = []
    return models[0] if models else platform.processor() or platform.machine()


def git_commit() -> str | None:
    """The commit of the checkout this package runs from, with `+changes` where files differ; None where it is none."""
    package = Path(__file__).parent
    git = ["git", "-C", str(package)]
    try:
        if subprocess.run([*git, "ls-files", "--error-unmatch", "."], capture_output=True, timeout=10).returncode:
            return None
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10)
        changes = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if commit.returncode:
        return None
    return commit.stdout.strip() + ("+changes" if changes.stdout.strip() else "")


def command_line() -> str:
    """The command as it was given, with paths cut to their last part."""
    return shlex.join(["reenactbench", *map(without_folder, sys.argv[1:])])


def without_folder(word: str) -> str:
    """One word of a command line: `--option=`, `METHOD=` and `scheme:` stay, a path is cut to its last part."""
    match = re.fullmatch(r"((?:--[\w-]+=)?(?:[\w.-]+=)?(?:[a-z0-9_-]{2,}:)?)(.*)", word, re.DOTALL)
    assert match is not None
    prefix, value = match.groups()
    return prefix + re.split(r"[/\\]", value.rstrip("/\\"))[-1] if re.search(r"[/\\]", value) else word


def without_folders(text: str) -> str:
    """A message, with every absolute or climbing path in it cut to its last part."""
    for place in (str(Path.cwd()), str(Path.home()), tempfile.gettempdir()):
        text = text.replace(place + os.sep, "/")
    return re.sub(r"(?:(?<=^)|(?<=[\s'\"=:(]))(?:~|\.\.?)?(?:/[^\s'\":/]+)+/?", _last_part, text)


def _last_part(match: re.Match[str]) -> str:
    return Path(match.group()).name


def traceback_tail(error: BaseException) -> list[str]:
    """The last calls before the error as `file.py:12 in function`, without folders."""
    calls = traceback.extract_tb(error.__traceback__)[-TRACEBACK_TAIL:]
    return [f"{Path(call.filename).name}:{call.lineno} in {call.name}" for call in calls]
