"""`reenactbench plugin new`: a small stand-alone distribution that installs, runs and passes its checks at once."""

from __future__ import annotations

import keyword
import re
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import jinja2

import reenactbench
from reenactbench.datasets.building import building
from reenactbench.errors import ReenactbenchError
from reenactbench.registry import Registry, canonical
from reenactbench.results import STRIPS
from reenactbench.scaffold.kinds import Kind

LONGEST = 40
OTHERS = {*reenactbench.__all__, *"Any Callable ClassVar Colours FACE FRAMES NamedTuple Path Register Tensor".split()}
"""Names that the templates use for something else."""
KINDS = ("methods", "metrics", "datasets")


@dataclass(frozen=True, slots=True)
class Names:
    """What a new plugin is called, everywhere."""

    name: str
    """On the command line and in reports, and the folder: `my-method`."""
    distribution: str
    """Of the package index, normalised (PEP 503): `reenactbench-my-method`."""
    module: str
    """`reenactbench_my_method`."""
    cls: str
    """`MyMethod`."""

    @classmethod
    def of(cls, name: str) -> Names:
        """Raises ReenactbenchError where no names can be made of it."""
        if len(name) > LONGEST or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*", name):
            raise ReenactbenchError(
                f"{name!r} cannot be a plugin's name; take a letter and then letters and digits, in words joined by "
                f"single '-', '_' or '.', at most {LONGEST} characters"
            )
        plain = canonical(name)
        if plain.startswith("reenactbench"):
            raise ReenactbenchError(f"leave `reenactbench` out of {name!r}; the distribution's name gets it by itself")
        words = f"reenactbench-{plain}".split("-")
        made = cls(name, "-".join(words), "_".join(words), "".join(word[0].upper() + word[1:] for word in words[1:]))
        if keyword.iskeyword(made.cls) or made.cls in OTHERS:
            raise ReenactbenchError(f"{name!r} makes a class {made.cls}, which is something else already; take another")
        return made


def new_plugin(name: str, kind: Kind, parent: Path, registry: Registry) -> list[Path]:
    """Write the distribution into the folder `parent/name`; returns its files.

    Raises ReenactbenchError, and writes nothing, where the name is no good or taken, or the folder is there.
    """
    names = Names.of(name)
    _refuse_taken(names, registry)
    folder = parent / name
    if folder.exists():
        raise ReenactbenchError(f"{folder} is there already, and nothing is overwritten; take another name or folder")
    written = {
        file: _rendered(f"{template}.j2", names, kind)
        for template, file in (
            ("pyproject.toml", "pyproject.toml"),
            (f"{kind}/README.md", "README.md"),
            (f"{kind}/module.py", f"{names.module}.py"),
            (f"{kind}/test.py", f"test_{names.module.removeprefix('reenactbench_')}.py"),
        )
    }
    with building(folder) as temporary:
        for file, text in written.items():
            (temporary / file).write_text(text, encoding="utf-8")
    return [folder / file for file in written]


def _refuse_taken(names: Names, registry: Registry) -> None:
    for kind in KINDS:
        for entry in registry.of(kind):
            if canonical(entry.name) == canonical(names.name):
                raise ReenactbenchError(f"{names.name!r} is taken: there is a {entry}")
    if names.name in STRIPS:
        raise ReenactbenchError(f"{names.name!r} is taken: so the report calls one of its rows of pictures")
    try:
        distribution(names.distribution)
    except PackageNotFoundError:
        if find_spec(names.module) is None:
            return
        raise ReenactbenchError(f"{names.name!r} is taken: there is a module {names.module} already") from None
    raise ReenactbenchError(f"{names.name!r} is taken: the distribution {names.distribution} is installed already")


def _rendered(template: str, names: Names, kind: Kind) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reenactbench.scaffold"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**asdict(names), kind=kind)
