"""`reenactbench train` as a person at the command line sees it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import toy_training
from toy_training import MEANWHILE

from reenactbench.cli import main
from reenactbench.files import read_json, sha256_file
from reenactbench.training.checkpoints import read_checkpoint


class Said(NamedTuple):
    status: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Runs the command in an empty folder, with the toy method and data set as a plugin."""
    monkeypatch.chdir(tmp_path)
    MEANWHILE.clear()

    def call(*words: str, method: str = "toy") -> Said:
        plugin = ["--plugin", str(toy_training.__file__)]
        status = main(["train", "--method", method, "--dataset", "colours", "--device", "cpu", *words, *plugin])
        return Said(status, *capsys.readouterr())

    yield call
    MEANWHILE.clear()


LEFT_OUT = "clip 004 is left out: it has no 3 usable frames in a row and another one\n"


def test_it_ends_with_the_checkpoint_and_the_command_that_uses_it(train: Command) -> None:
    path = "training/toy-full-demo-colours/checkpoint.safetensors"
    assert train("--set", "rate=0.01", "--seed", "3") == Said(
        0,
        f"checkpoint after 12 steps: {path}\nreenactbench run --method toy --checkpoint {path}\n",
        LEFT_OUT,
    )
    said = read_checkpoint(Path(path), "toy").metadata
    assert (said["settings"]["rate"], said["seed"], said["steps"]) == (0.01, 3, 12)
    record = read_json(Path(path).parent / "training.json")
    assert record["status"] == "complete"
    assert record["command"].startswith("reenactbench")


def test_options_choose_the_training_and_its_folder(train: Command) -> None:
    done = train(
        "--preset", "paper", "--variant", "plain", "--limit", "2", "--steps", "2", "--ema", "0.5", "--out", "o"
    )
    assert done.status == 0
    said = read_json(Path("o/toy-plain-paper-colours/training.json"))
    assert (said["steps"], said["ema"], said["identities"]) == (2, 0.5, ["001", "002"])
    assert train("--name", "mine", "--max-minutes", "0").out.startswith("checkpoint after 0 steps: training/mine/")


def test_a_training_begins_with_the_weights_of_a_checkpoint_and_notes_which(train: Command) -> None:
    assert train("--steps", "3", "--name", "first").status == 0
    first = Path("training/first/checkpoint.safetensors")
    assert train("--init", str(first), "--max-minutes", "0", "--name", "second").status == 0
    second = read_checkpoint(Path("training/second/checkpoint.safetensors"), "toy")
    assert all(value.equal(second.tensors[name]) for name, value in read_checkpoint(first, "toy").tensors.items())
    assert second.metadata["init"] == sha256_file(first) and second.metadata["steps"] == 0
    assert "init" in train("--name", "second", "--resume").err


def test_ctrl_c_ends_with_130_and_resume_goes_on(train: Command) -> None:
    MEANWHILE[4] = lambda maker: signal.raise_signal(signal.SIGINT)
    assert train() == Said(130, "", LEFT_OUT + "interrupted; the same command with --resume goes on\n")
    MEANWHILE.clear()
    done = train("--resume")
    assert (done.status, done.out.splitlines()[0]) == (
        0,
        "checkpoint after 12 steps: training/toy-full-demo-colours/checkpoint.safetensors",
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--preset", "big"], "--preset big: presets of method 'toy' are demo, paper"),
        (["--variant", "big"], "--variant big: variants of method 'toy' are full, plain"),
        (["--set", "rat=1"], "--set rat=1: there is no setting 'rat'; did you mean rate?"),
        (["--set", "rate"], "--set rate: write NAME=VALUE"),
        (["--limit", "1"], "training takes two identities at least, and data set colours has 1 here; name another"),
        (["--name", "../x"], "--name ../x: take letters, digits, '.', '_' and '-'"),
        (["--dataset", "colour"], "there is no dataset 'colour'; did you mean colours?"),
        (["--device", "tpu"], "--device tpu: choose auto, cpu or cuda"),
        (["--people", "5"], "--people 5: data set colours cannot make people to train on"),
        (["--init", "absent"], "checkpoint absent is not a file"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(train: Command, words: list[str], sentence: str) -> None:
    done = train(*words)
    assert (done.status, done.out) == (2, "")
    assert done.err.removeprefix(LEFT_OUT).startswith(f"error: {sentence}")
    assert done.err.removeprefix(LEFT_OUT).count("\n") == 1
    assert not list(Path().rglob("training.json"))


def test_a_method_without_a_recipe_is_refused_with_those_that_have_one(train: Command) -> None:
    done = train(method="copy-target")
    assert done.status == 2
    assert done.err.startswith("error: method 'copy-target' is not trained; those that are: ")
    assert "toy" in done.err
    assert train(method="odd").err == (
        "error: recipe 'toy_training:Colours' of method 'odd' is no subclass of reenactbench.training.recipe.Recipe\n"
    )


def test_a_training_that_is_there_is_refused_before_anything_is_prepared(train: Command) -> None:
    assert train("--steps", "1").status == 0
    folder = Path("training/toy-full-demo-colours").absolute()
    assert train() == Said(
        2, "", f"error: {folder} holds a training already; give --resume to go on, or another --name\n"
    )
    assert train("--resume", "--seed", "1").err == (
        f"{LEFT_OUT}error: {folder} holds another training (seed 0 there, 1 here); "
        "give the same options, or another --name\n"
    )
