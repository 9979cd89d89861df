"""Folders of results that are torn, or made by somebody who means harm: an answer or one sentence, and nothing else."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import struct
import zlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unicodedata import category

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import CSIM, FPS, FRAMES, PAIRS, fake_run, page, strip

from reenactbench.cli import main
from reenactbench.cli.printing import terminal_tables
from reenactbench.engine.measure import value_rows
from reenactbench.engine.run import _refuse_other_run
from reenactbench.errors import ReenactbenchError
from reenactbench.foreign import refuse_links
from reenactbench.report import markdown, motion, write_report
from reenactbench.report.contents import contents
from reenactbench.report.long_csv import render as csv_text
from reenactbench.report.long_csv import table_text
from reenactbench.report.strips import Strips
from reenactbench.results import read_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[Path], Any]

OUTSIDE = {"note.txt": b"mine", "0123456789abcdef.webp": b"mine too", "holiday.webm": b"a film"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, made once."""
    shown = ["self/7"]
    telling = [{"method": "ours", "variant": CSIM, "what": "worst", "pair_id": "self/7"}]
    folder = tmp_path_factory.mktemp("whole") / "run"
    fake_run(folder, pairs=PAIRS[2:], shown=shown, telling=telling)
    return folder


@pytest.fixture
def place(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`results/run`, a copy of it, beside `outside`, a folder that nobody may touch."""
    shutil.copytree(whole, tmp_path / "results" / "run")
    (tmp_path / "outside").mkdir()
    for name, content in OUTSIDE.items():
        (tmp_path / "outside" / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results" / "run"


def untouched(place: Path) -> bool:
    outside = place.parents[1] / "outside"
    return {path.name: path.read_bytes() for path in outside.iterdir()} == OUTSIDE


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one sentence that a command ends with."""
    capsys.readouterr()
    status = main(words)
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    return err


def edited(place: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    info = json.loads((place / "run.json").read_text())
    change(info)
    (place / "run.json").write_text(json.dumps(info))


def retold(place: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> None:
    table = pd.read_parquet(place / f"{name}.parquet")
    changed = change(table)
    (table if changed is None else changed).to_parquet(place / f"{name}.parquet", index=False)


# What is torn

SYNTAX = {
    "empty": b"",
    "a list": b"[]",
    "a word": b'"run"',
    "null": b"null",
    "not UTF-8": b'{"name": "\xff"}',
    "zeros": bytes(4096),
    "NaN": b'{"schema_version": 1, "seconds": NaN}',
    "infinity": b'{"schema_version": 1, "seconds": 1e999}',
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a number without end": b'{"schema_version": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in SYNTAX.items()])
@pytest.mark.parametrize("words", [("show",), ("report", "--format", "md"), ("compare", "ours", "theirs")])
def test_a_torn_run_json_is_one_sentence(
    place: Path, content: bytes, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "run.json").write_bytes(content)
    assert "results/run/run.json" in refused(capsys, *words)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.floats(0, 1, exclude_max=True), name=st.sampled_from(["run.json", "pairs.parquet", "sets.parquet"]))
def test_a_file_cut_at_any_byte_is_one_sentence_with_its_path(place: Path, part: float, name: str) -> None:
    content = (place / name).read_bytes()
    kept = content[: int(part * (len(content.rstrip()) - 1))]
    try:
        (place / name).write_bytes(kept)
        with pytest.raises(ReenactbenchError, match=rf"run/{name} "):
            read_run(place)
    finally:
        (place / name).write_bytes(content)


VALUES = [None, True, -1, 1.5, "x", "", [], {}, [[[]]], {"a": None}, 10**30, 1e300, "\ud800", "\0", "../..", "y" * 2000]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=st.sampled_from(VALUES), gone=st.booleans())
def test_another_value_anywhere_in_run_json_is_an_answer_or_one_sentence(
    whole: Path, place: Path, data: st.DataObject, value: Any, gone: bool
) -> None:
    info = json.loads((whole / "run.json").read_text())
    *way, last = data.draw(st.sampled_from(ways(info)))
    inner = info
    for step in way:
        inner = inner[step]
    if gone:
        del inner[last]
    else:
        inner[last] = value
    (place / "run.json").write_text(json.dumps(info))
    try:
        run = read_run(place)
    except ReenactbenchError:
        return
    for form in ("md", "csv", "latex", "json"):
        write_report([run], place.parent, form)
    terminal_tables(run)


def ways(value: Any) -> list[tuple[Any, ...]]:
    """The way to every value of an object; of the items of a list to the first alone."""
    items = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    return [(key, *rest) for key, inner in items for rest in [*ways(inner), ()]]


# What is foreign


def later(info: dict[str, Any]) -> None:
    info["schema_version"] = 2


def many_methods(info: dict[str, Any]) -> None:
    info["methods"] += [info["methods"][0] | {"name": f"m{number}"} for number in range(2000)]


def many_pairs(info: dict[str, Any]) -> None:
    info["pairs"] += [info["pairs"][0] | {"id": f"p{number}"} for number in range(20_000)]


def deep(info: dict[str, Any]) -> None:
    nested: Any = 1
    for _ in range(300):
        nested = {"a": nested}
    info["dataset"]["more"] = nested


FOREIGN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "newer": (later, r"schema version 2 is newer than this version's, 1; update"),
    "older": (lambda info: info.update(schema_version=0), "schema version 0 is older"),
    "no version": (lambda info: info.pop("schema_version"), "schema_version is missing"),
    "a method twice": (lambda info: info["methods"].append(info["methods"][0]), "methods has 'ours' twice"),
    "a pair twice": (lambda info: info["pairs"].append(info["pairs"][0]), "pairs has 'cross/5/6' twice"),
    "a variant twice": (lambda info: info["variants"].append(info["variants"][0]), "variants has"),
    "shows another pair": (lambda info: info["shown"].append("self/9"), "shown names 'self/9'"),
    "tells of another": (lambda info: info["telling"][0].update(method="who"), "telling names 'who'"),
    "tells of what has no value": (lambda info: info["telling"][0].update(variant="fid/inception@1"), "no value"),
    "another status": (lambda info: info.update(status="done"), "status is 'done' where 'complete' or"),
    "many methods": (many_methods, "are more than the 2,000,000"),
    "many pairs": (many_pairs, "20,003 pairs are more than the 10,000"),
    "deep": (deep, "nested more than 20 deep"),
    "long name": (lambda info: info["methods"][0].update(name="n" * 5000), "text of at most 1000 characters"),
    "half a character": (lambda info: info.update(name="\ud800"), "where text of at most"),
    "fps 0": (lambda info: info["dataset"].update(fps={"1": 0}), "a number from 0.01"),
    "huge pictures": (lambda info: info["dataset"].update(image_size=10**9), "dataset.image_size is 1000000000"),
    "many digits": (lambda info: info["variants"][0].update(digits=10**6), "a whole number from 0 to 20"),
    "no such method": (lambda info: info["methods"].pop(), "names methods that run.json lacks: 'theirs'"),
    "no such variant": (lambda info: info["variants"].pop(0), "telling names"),
    "no such pair": (lambda info: info["pairs"].pop(0), "names pairs that run.json lacks"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), [pytest.param(*case, id=name) for name, case in FOREIGN.items()])
def test_a_foreign_run_json_is_one_sentence(
    place: Path, change: Callable[[dict[str, Any]], Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(place, change)
    assert re.search(message, refused(capsys, "show"))


def setting(column: str, value: Any) -> Callable[[pd.DataFrame], None]:
    def change(table: pd.DataFrame) -> None:
        table.loc[0, column] = value

    return change


def doubled(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table])


TABLES: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame | None], str]] = {
    "a column gone": ("pairs", lambda table: table.drop(columns="value"), "no column value"),
    "numbers as text": ("pairs", lambda table: table.astype({"value": "string"}), "column value holds .*string"),
    "text as numbers": ("pairs", lambda table: table.assign(method=1), "column method holds int64"),
    "whole as broken": ("frames", lambda table: table.astype({"frame": "float64"}), "column frame holds double"),
    "no method": ("pairs", setting("method", None), "column method has no value"),
    "no status": ("sets", setting("status", None), "column status has no value"),
    "infinite": ("pairs", setting("value", float("inf")), "column value holds a number that is not"),
    "beyond measure": ("sets", setting("value", 1e300), "column value holds a number that is not"),
    "less than no frame": ("pairs", setting("n_frames", -1), "column n_frames holds a number that is not"),
    "a word": ("pairs", setting("status", "fine"), "names words that run.json lacks: 'fine'"),
    "ok without value": ("pairs", setting("value", None), "a row has a value and is not ok"),
    "failed with value": ("sets", setting("status", "failed"), "a row has a value and is not ok"),
    "ok of no frames": ("pairs", setting("n_frames", None), "does not say of how many frames"),
    "another method": ("frames", setting("method", "who"), "names methods that run.json lacks: 'who'"),
    "another variant": ("sets", setting("variant", "x/y@1"), "names variants that run.json lacks"),
    "a frame's variant of a set": ("sets", setting("variant", CSIM), "names variants that run.json lacks"),
    "another pair": ("pairs", setting("pair_id", "self/9"), "names pairs that run.json lacks"),
    "another's protocol": ("pairs", setting("protocol", "other"), "names pairs that run.json lacks"),
    "another split": ("sets", setting("split", "other"), "names pairs that run.json lacks"),
    "rows twice": ("pairs", doubled, r"two rows of the same|rows, more than"),
    "frames twice": ("frames", lambda table: table.assign(frame=3), "two rows of the same method, variant"),
    "rows without end": (
        "driving",
        lambda table: pd.DataFrame({"clip": "7", "frame": 1, "yaw": 1.0}, index=range(100_000)),
        "100,000 rows, more than the 18",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change", "message"), [pytest.param(*case, id=key) for key, case in TABLES.items()])
def test_a_foreign_table_is_one_sentence(
    place: Path,
    name: str,
    change: Callable[[pd.DataFrame], pd.DataFrame | None],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name == "driving":
        pd.DataFrame().to_parquet(place / "driving.parquet")
    retold(place, name, change)
    said = refused(capsys, "show")
    assert f"results/run/{name}.parquet cannot be read" in said
    assert re.search(message, said)


def test_of_several_runs_the_torn_one_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(place, place.parent / "torn")
    (place.parent / "torn" / "pairs.parquet").write_bytes(b"PAR1")
    assert "results/torn/pairs.parquet" in refused(capsys, "report", "run", "torn", "--format", "csv")
    assert "results/torn/pairs.parquet" in refused(capsys, "compare", "run/ours", "torn/ours")


def test_what_is_not_known_is_let_through(place: Path) -> None:
    edited(place, lambda info: info["methods"][0].update(colour="red"))
    assert read_run(place).info["methods"][0]["colour"] == "red"


def test_tables_are_read_as_they_were_written(place: Path) -> None:
    run = read_run(place)
    for name in ("pairs", "frames", "sets"):
        pd.testing.assert_frame_equal(getattr(run, name), pd.read_parquet(place / f"{name}.parquet"))


# What leads elsewhere


def linked(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("name", ["run.json", "pairs.parquet", "frames.parquet", "sets.parquet"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_regular_files_are_read(place: Path, name: str, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.move(place / name, place.parents[1] / name)
    if kind == "link":
        linked(place / name, place.parents[1] / name)
    elif kind == "pipe":
        os.mkfifo(place / name)
    else:
        (place / name).mkdir()
    refused(capsys, "show", "run")


def test_a_folder_of_pictures_that_is_a_link_is_refused_and_nothing_behind_it_touched(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linked(place / "report_files", place.parents[1] / "outside")
    assert "report_files is a symbolic link" in refused(capsys, "report", "--assets", "folder")
    assert untouched(place)


def test_only_what_a_report_wrote_is_removed_from_its_folder(place: Path) -> None:
    shutil.copytree(place.parents[1] / "outside", place / "report_files")
    assert main(["report", "--assets", "folder"]) == 0
    left = {path.name for path in (place / "report_files").iterdir()}
    assert {*OUTSIDE} - left == {"0123456789abcdef.webp"}


def test_a_report_takes_the_place_of_a_link_and_not_of_what_it_leads_to(place: Path) -> None:
    for name in ("report.md", "report.csv"):
        linked(place / name, place.parents[1] / "outside" / "note.txt")
        assert main(["report", "--format", name.partition(".")[2]]) == 0
        assert not (place / name).is_symlink()
    assert untouched(place)


def test_a_run_does_not_write_through_links(place: Path) -> None:
    for name in ("media", "logs", "media/self/7", "pairs.parquet"):
        (place / name).parent.mkdir(exist_ok=True)
        shutil.copytree(place, place.parent / "again", symlinks=True, dirs_exist_ok=True)
        linked(place.parent / "again" / name, place.parents[1] / "outside")
        with pytest.raises(ReenactbenchError, match=f"{name} is a symbolic link"):
            refuse_links(place.parent / "again")
        shutil.rmtree(place.parent / "again")
    refuse_links(place)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *form: int, rest: bytes = b"") -> bytes:
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, *(form or (8, 2, 0, 0, 0))))
    return start + rest + chunk(b"IEND", b"")


def saved(mode: str, path: Path) -> None:
    strip(len(FRAMES)).convert(mode).save(path)


PICTURES: dict[str, tuple[Callable[[Path], Any], str | None]] = {
    "a link": (lambda path: linked(path, path.with_name("driver.png")), "a symbolic link leads to it"),
    "a pipe": (lambda path: (path.unlink(), os.mkfifo(path)), "it is no regular file"),
    "a device": (lambda path: linked(path, "/dev/zero"), "a symbolic link leads to it"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "it is no regular file"),
    "huge": (lambda path: path.write_bytes(png(13_300, 13_300)), "13300 x 13300 pixels are not 6 frames of 8 x 8"),
    "a bomb": (
        lambda path: path.write_bytes(png(8, 48, rest=chunk(b"IDAT", zlib.compress(bytes(50_000_000), 9)))),
        None,
    ),
    "an animation": (
        lambda path: strip(6).save(path, save_all=True, append_images=[strip(6).rotate(180)], format="PNG"),
        None,
    ),
    "grey": (lambda path: saved("L", path), "not in RGB of 8 bits"),
    "with alpha": (lambda path: saved("RGBA", path), "not in RGB of 8 bits"),
    "a palette": (lambda path: saved("P", path), "not in RGB of 8 bits"),
    "another format": (lambda path: strip(6).save(path, format="WEBP"), "its file is no PNG"),
    "empty": (lambda path: path.write_bytes(b""), "its file is no PNG"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-40]), "its file cannot be read"),
    "no pixels": (lambda path: path.write_bytes(png(8, 48)), "its file cannot be read"),
    "its folder a link": (
        lambda path: (
            shutil.move(path.parent, path.parents[3] / "moved"),
            path.parent.symlink_to(path.parents[3] / "moved"),
        ),
        "a symbolic link leads to it",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), [pytest.param(*case, id=name) for name, case in PICTURES.items()])
def test_a_foreign_picture_is_not_shown_and_says_why(
    place: Path, change: Callable[[Path], Any], reason: str | None
) -> None:
    change(place / "media/self/7/ours.png")
    run = read_run(place)
    (part,) = contents([run])
    pair = next(pair for pair in run.info["pairs"] if pair["id"] == "self/7")
    made = Strips(part.group).made(part.group.entrants[0], pair)
    if reason is None:
        assert not made or made.images.shape == (len(FRAMES), 8, 8, 3)
    else:
        assert not made and reason in made.reason


def test_media_that_is_a_link_shows_nothing(place: Path) -> None:
    shutil.move(place / "media", place.parents[1] / "media")
    linked(place / "media", place.parents[1] / "media")
    assert "a symbolic link leads to it" in page([read_run(place)], place.parents[1]).text


def test_a_film_that_would_be_too_large_is_not_made(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "MOST_PIXELS", 3 * 6 * 8 * 8)
    monkeypatch.setattr(motion, "MOST_SEEN", 3 * 8 * 8)
    text = page([read_run(place)], place.parents[1]).text
    assert "theirs: no picture: the film would be too large" in text


# What words do

EVIL = "\x1b[2J\x9b31m\u202egnp\u200b\r\n::error::\ufeff\u2028|`x`<b>"


def renamed(place: Path, name: str) -> None:
    """A run whose first method, and much else, is called so."""
    changes = {"command": name, "started": name, "dataset": {"name": name, "missing": [name], "partial": True}}

    def change(info: dict[str, Any]) -> None:
        info["dataset"] |= changes["dataset"]
        info |= {"command": name, "name": name, "telling": []}
        info["methods"][0]["name"] = name
        for entry in info["variants"]:
            entry |= {"title": name, "definition": name, "unit": name}
            entry["reason"] = entry["reason"] and name

    edited(place, change)
    for table in ("pairs", "frames", "sets"):
        retold(place, table, lambda rows: rows.assign(method=rows["method"].replace("ours", name)))


def test_words_of_a_run_do_nothing_to_a_terminal(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renamed(place, EVIL)
    edited(place, lambda info: info["failures"].append(
        {"method": EVIL, "pair_id": "self/7", "reason": EVIL, "traceback": []}
    ))  # fmt: skip
    assert main(["show"]) == main(["compare", EVIL, "theirs"]) == 0
    refusal = main(["compare", "nobody", "theirs"])
    out, err = capsys.readouterr()
    assert refusal == 2
    assert err.count("\n") == 1
    for text in (out, err):
        assert "gnp" in text
        assert not [sign for sign in text if sign != "\n" and category(sign) in {"Cc", "Cf", "Zl", "Zp"}]
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::error::")]


def test_json_has_the_words_as_they_are(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renamed(place, EVIL)
    assert main(["show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["method"] == EVIL


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "\t=", "\r=", " =", "\u200b="])
def test_no_cell_of_csv_is_a_formula_and_numbers_stay_numbers(place: Path, sign: str) -> None:
    renamed(place, f"{sign}cmd|' /C calc'!A0")
    retold(place, "sets", lambda rows: rows.assign(value=-rows["value"]))
    (part,) = contents([read_run(place)])
    rows = [
        row
        for text in (csv_text([read_run(place)]), *map(table_text, part.all))
        for row in csv.DictReader(io.StringIO(text))
    ]
    speeds = [row["mean"] for row in rows if row["variant"] == FPS]
    assert len(speeds) == 4
    assert all(float(speed) < 0 for speed in speeds)
    words = [cell for row in rows for name, cell in row.items() if name not in ("mean", "ci_low", "ci_high")]
    assert not [word for word in words if word.startswith(tuple("=+-@＝\t\r"))]
    assert [word for word in words if word.startswith("'")]


def test_markdown_has_no_link_formula_or_mark_of_a_name() -> None:
    assert markdown.escaped("http://a.b www.c.d $x$ |`*_<b>") == (r"http\://a.b www\.c.d \$x\$ \|\`\*\_\<b\>")


def test_all_formats_take_the_words_of_a_run(place: Path) -> None:
    renamed(place, EVIL + "\uffff</script><script>\x00")
    found = page([read_run(place)], place.parents[1])
    assert len(found.all("script")) == found.source.count("<script")
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    for form in ("md", "csv", "latex", "json"):
        (path,) = write_report([read_run(place)], place.parents[1], form)
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.lstrip().startswith("::error::")]


# Going on with a run of one's own


@pytest.mark.parametrize(("name", "healed"), [(None, True), ("mine", False)])
def test_a_torn_run_json_is_made_again_where_the_folder_can_be_of_no_other_run(
    place: Path, name: str | None, healed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    job: Any = SimpleNamespace(options=SimpleNamespace(name=name), identity=lambda: {"seed": 0})
    (place / "run.json").write_bytes((place / "run.json").read_bytes()[:100])
    if healed:
        _refuse_other_run(place, job)
        assert "run.json is damaged" in capsys.readouterr().err
    else:
        with pytest.raises(ReenactbenchError, match=r"run\.json is damaged.*; remove it to make this run there"):
            _refuse_other_run(place, job)
    for foreign in ({}, {"identity": 5}, {"identity": {"seed": 1}}):
        (place / "run.json").write_text(json.dumps(foreign))
        with pytest.raises(ReenactbenchError, match="holds another run"):
            _refuse_other_run(place, job)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_metric_of_a_method_that_is_no_number_is_not_written_as_one(value: float) -> None:
    spec: Any = SimpleNamespace(recipe="fps", variant=FPS, metric=SimpleNamespace(key="speed"))
    method: Any = SimpleNamespace(name="ours")
    (row,) = value_rows(method, [spec], {"fps": value})
    assert (row["value"], row["status"], row["reason"]) == (None, "not computed", str(value))
