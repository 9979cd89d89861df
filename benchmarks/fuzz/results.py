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
from benchmarks.fuzz.judgement import ACCEPTED, ANOTHER, WRONG, Found, Kind, once
from reenactbench.files import sha256_files

RUN = ("run", *TREE, "--method", "copy-target", "--method", "copy-driver", "--protocol", "self",
       "--limit", "2", "--metric", "l1", "--metric", "psnr", "--device", "cpu", "--name", "r")  # fmt: skip
HARMLESS = "\n\t\r"
FORMULA = tuple("=+-@\t\r")


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
        change = random.choice((*(_torn_table, _torn_info, _other_info, _other_table) * 3, _media, _media, _link))
        change(random, run)
        said = [here(*words) for words in _readers(random, pictures=change in (_media, _link))]
        shown = here("show", "r", "--json")
        if sha256_files((folder / "others").iterdir()) != before:
            raise Found(WRONG, "files of a folder that a link leads to are written or gone")
        for text in (shown.out, *(part for done in said for part in (done.out, done.err))):
            if any(unicodedata.category(sign) == "Cc" and sign not in HARMLESS for sign in text):
                raise Found(WRONG, "control characters reach the terminal")
        for report in run.glob("*.csv"):
            cells = pd.read_csv(report, dtype=str, keep_default_na=False).to_numpy().ravel()
            if any(cell.startswith(FORMULA) and not _is_number(cell) for cell in cells):
                raise Found(WRONG, "a cell of the CSV is a formula")
        if shown.status == 0 and _rows(shown.out) != self._rows:
            if change in (_torn_table, _media, _link):
                raise Found(WRONG, f"{change.__name__}: other numbers are shown, and no word")
            return ANOTHER
        return verdict(shown) if change not in (_media, _link) else ACCEPTED

    def words(self) -> list[str]:
        return ["report", "r", "--format", "md"]


def finished_run(folder: Path) -> None:
    """A tree, its cache and a run over it."""
    folder.mkdir(parents=True)
    write_tree(folder / "tree")
    with chdir(folder):
        assert here(*RUN).status == 0


def _readers(random: Random, pictures: bool) -> list[list[str]]:
    """The pages, which take seconds, where pictures may be wrong; else mostly what is quick."""
    if pictures or random.random() < 0.02:
        return [["report", "r", "--assets", random.choice(("inline", "folder"))]]
    formats = [["report", "r", "--format", name] for name in ("md", "csv", "latex", "json")]
    return [random.choice([["show", "r"], ["compare", "copy-target", "copy-driver"], *formats])]


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


def _torn_table(random: Random, run: Path) -> None:
    file = random.choice(sorted(run.glob("*.parquet")))
    random.choice((mutations.file_damaged, mutations.file_damaged, mutations.file_torn, mutations.file_replaced))(
        random, file
    )


def _torn_info(random: Random, run: Path) -> None:
    random.choice((mutations.file_damaged, mutations.file_torn, mutations.file_replaced))(random, run / "run.json")


def _other_info(random: Random, run: Path) -> None:
    """Values of other types, parts gone, or a hostile name."""
    file = run / "run.json"
    if random.random() < 0.6:
        return mutations.file_altered(random, file)
    info = json.loads(file.read_text())
    name = random.choice((info["methods"][0]["name"], info["pairs"][0]["id"], info["variants"][0]["variant"], "300vw"))
    hostile = json.dumps(random.choice(mutations.TEXTS))
    return file.write_text(file.read_text().replace(json.dumps(name), hostile), encoding="utf-8")  # type: ignore


def _other_table(random: Random, run: Path) -> None:
    """A column gone, of another type, or with another value in it; rows gone or doubled."""
    file = random.choice(sorted(run.glob("*.parquet")))
    table = pd.read_parquet(file)
    column = random.choice([*table.columns])
    changes: tuple[Callable[[], Any], ...] = (
        lambda: table.drop(columns=column),
        lambda: table.assign(**{column: [random.choice(mutations.TEXTS[:-1]) for _ in table.index]}),
        lambda: table.assign(**{column: random.choice((1e308, float("nan"), -1, None))}),
        lambda: table.iloc[:0],
        lambda: pd.concat([table, table]),
        lambda: table.rename(columns={column: "x"}),
    )
    texts = random.choice(changes)()
    try:
        texts.to_parquet(file)
    except UnicodeEncodeError:
        file.unlink()


def _media(random: Random, run: Path) -> None:
    file = random.choice(sorted(run.glob("media/**/*.png")))
    match random.randrange(4):
        case 0:
            mutations.file_damaged(random, file)
        case 1:
            mutations.file_replaced(random, file)
        case 2:
            Image.new(random.choice(("L", "1", "RGBA")), random.choice(((1, 1), (13, 900), (13_300, 13_300)))).save(
                file
            )
        case 3:
            file.unlink()
            file.symlink_to(run / "run.json")


def _link(random: Random, run: Path) -> None:
    """Where the report writes or reads, a link to another folder."""
    place = run / random.choice(("report_files", "media", "report.html", "report.csv"))
    if place.is_dir():
        shutil.rmtree(place)
    place.symlink_to(run.parents[1] / "others" / ("film.webm" if place.suffix else ""))
