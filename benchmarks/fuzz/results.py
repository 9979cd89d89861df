"""Results folders, as from a torn disk or somebody else, judged by the numbers of the undamaged one."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pandas as pd
from PIL import Image

from benchmarks.fuzz import mutations
from benchmarks.fuzz.door import TREE, here, verdict
from benchmarks.fuzz.footage import write_tree
from benchmarks.fuzz.judgement import ANOTHER, WRONG, Found, Kind, once
from reenactbench.files import sha256_files

RUN = ("run", *TREE, "--method", "copy-target", "--method", "copy-driver", "--protocol", "self",
       "--limit", "2", "--metric", "l1", "--metric", "psnr", "--device", "cpu", "--name", "r")  # fmt: skip
HARMLESS = "\n\t\r"
FORMULA = tuple("=+-@\t\r")
TEXTS = [text for text in mutations.TEXTS if text.encode(errors="ignore").decode() == text]  # what a table can hold


class Results(Kind):
    """run.json, the tables, the pictures, and what lies where the report writes."""

    name: ClassVar[str] = "results"
    share: ClassVar[int] = 2
    seconds: ClassVar[float] = 120.0

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        once(base / "run", finished_run)
        self._rows = _rows(here("show", str(base / "run" / "results" / "r"), "--json").out)

    def attempt(self, random: Random, folder: Path) -> str:
        run = Path(shutil.copytree(self.base / "run" / "results" / "r", folder / "results" / "r"))
        (folder / "others").mkdir()
        (folder / "others" / "film.webm").write_bytes(b"somebody's")
        before = sha256_files((folder / "others").iterdir())
        pattern, changes = random.choice(CHANGES)
        change = random.choice(changes)
        change(random, random.choice(sorted(run.glob(pattern))))
        said = here(*_reader(random, pictures=pattern.startswith("media")))
        shown = here("show", "r", "--json")
        if sha256_files((folder / "others").iterdir()) != before:
            raise Found(WRONG, "files of a folder that a link leads to are written or gone")
        for text in (shown.out, said.out, said.err):
            if any(unicodedata.category(sign) == "Cc" and sign not in HARMLESS for sign in text):
                raise Found(WRONG, "control characters reach the terminal")
        for report in run.glob("*.csv"):
            cells = pd.read_csv(report, dtype=str, keep_default_na=False).to_numpy().ravel()
            if any(cell.startswith(FORMULA) and not _is_number(cell) for cell in cells):
                raise Found(WRONG, "a cell of the CSV is a formula")
        if shown.status == 0 and _rows(shown.out) != self._rows:
            if pattern == "run.json" or change is _other_table:
                return ANOTHER
            raise Found(WRONG, f"{change.__name__} of {pattern}: other numbers are shown, and no word")
        return verdict(shown)

    def words(self) -> list[str]:
        return ["report", "r", "--format", "md"]


def finished_run(folder: Path) -> None:
    """A tree, its cache and a run over it."""
    folder.mkdir(parents=True)
    write_tree(folder / "tree")
    with chdir(folder):
        assert here(*RUN).status == 0


def _reader(random: Random, pictures: bool) -> list[str]:
    """The page, which takes seconds, where pictures may be wrong; else mostly what is quick."""
    if pictures or random.random() < 0.02:
        return ["report", "r", "--assets", random.choice(("inline", "folder"))]
    formats = [["report", "r", "--format", name] for name in ("md", "csv", "latex", "json")]
    return random.choice([["show", "r"], ["compare", "copy-target", "copy-driver"], *formats])


def _rows(text: str) -> list[dict[str, Any]]:
    """The numbers that `show --json` prints, with what says whose they are."""
    rows = json.loads(text)
    return [{key: value for key, value in row.items() if key not in ("reason", "title")} for row in rows]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _renamed(random: Random, file: Path) -> None:
    """A hostile name in place of one in run.json."""
    info = json.loads(file.read_text())
    name = random.choice((info["methods"][0]["name"], info["pairs"][0]["id"], info["variants"][0]["variant"], "300vw"))
    hostile = json.dumps(random.choice(mutations.TEXTS))
    file.write_text(file.read_text().replace(json.dumps(name), hostile))


def _other_table(random: Random, file: Path) -> None:
    """A column gone, of another type, or with another value in it; rows gone or doubled."""
    table = pd.read_parquet(file)
    column = random.choice([*table.columns])
    changes: tuple[Callable[[], Any], ...] = (
        lambda: table.drop(columns=column),
        lambda: table.assign(**{column: [random.choice(TEXTS) for _ in table.index]}),
        lambda: table.assign(**{column: random.choice((1e308, float("nan"), -1, None))}),
        lambda: table.iloc[:0],
        lambda: pd.concat([table, table]),
        lambda: table.rename(columns={column: "x"}),
    )
    random.choice(changes)().to_parquet(file)


def _other_picture(random: Random, file: Path) -> None:
    """Of another size or kind, or a link to what is none."""
    file.unlink()
    if random.random() < 0.3:
        return file.symlink_to("../../run.json")
    size = random.choice(((1, 1), (13, 900), (13_300, 13_300)))
    return Image.new(random.choice(("L", "1", "RGBA")), size).save(file)


def _linked(random: Random, media: Path) -> None:
    """Where the report writes or reads, a link to another folder."""
    place = media.with_name(random.choice(("media", "report_files", "report.html", "report.csv")))
    if place == media:
        shutil.rmtree(media)
    place.symlink_to(media.parents[2] / "others" / ("film.webm" if place.suffix else ""))


TEARS = (mutations.file_damaged, mutations.file_torn, mutations.file_replaced)
CHANGES: tuple[tuple[str, tuple[Callable[[Random, Path], None], ...]], ...] = (
    *[("*.parquet", (*TEARS, mutations.file_damaged, _other_table, _other_table))] * 3,
    *[("run.json", (*TEARS, mutations.file_altered, mutations.file_altered, _renamed))] * 3,
    ("media/**/*.png", (mutations.file_damaged, mutations.file_replaced, _other_picture, _other_picture)),
    ("media", (_linked,)),
)
"""What becomes of one of the files."""
