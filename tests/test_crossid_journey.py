"""From nothing to a report: CrossID-GAN trained, stopped, taken up again, run and shown, on synthetic people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reenactbench.cli import main
from reenactbench.files import read_json

SMALL = "--limit 2 --set batch=2 --set unpaired=1 --set warm_up=1 --set extractor_steps=1".split()


def test_train_stop_resume_run_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    train = ["train", "--method", "crossid", "--device", "cpu", *SMALL]
    assert main([*train, "--steps", "2"]) == 0
    assert main([*train, "--steps", "4", "--resume"]) == 0
    folder = Path("training/crossid-full-demo")
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert {"consistency", "identity", "video", "classifier"} <= rows[-1].keys()
    assert read_json(folder / "training.json")["settings"]["warm_up"] == 1

    run = ["run", "--method", "crossid", "--checkpoint", str(folder / "checkpoint.safetensors"), "--name", "trial"]
    assert main([*run, "--protocol", "cross", "--limit", "1", "--metric", "ssim", "--metric", "speed"]) == 0
    capsys.readouterr()
    assert main(["show", "trial", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {row["metric"] for row in shown if row["mean"] is not None} == {"ssim", "speed"}
    assert main(["report", "trial"]) == 0
    assert "crossid" in Path("results/trial/report.html").read_text()
