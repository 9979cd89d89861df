"""Who drives whom: the same on every machine, in every process, for every order of folders."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.datasets.synthetic.world import people
from reenactbench.datasets.w300vw import CLIPS, clip_info
from reenactbench.errors import ReenactbenchError
from reenactbench.protocols.builtin import Cross, CrossPaper, Matrix, SelfReenactment, frozen_list, list_hash, pair_list
from reenactbench.protocols.pairing import QUADRANTS, interleaved, is_matrix
from reenactbench.protocols.sampling import driving_positions, reference_numbers, target_positions, with_frames
from reenactbench.types import Clip, ClipInfo, Pair

FULL = [clip_info(clip) for clip in CLIPS]
RENDERED = [ClipInfo(person.id, person.id, person.split) for person in people()]
PROTOCOLS = (SelfReenactment, Cross, CrossPaper, Matrix)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("dataset", "clips"), [("300vw", FULL), ("synthetic", RENDERED)])
def test_the_frozen_lists_are_what_the_rule_gives(protocol, dataset: str, clips: list[ClipInfo]) -> None:
    pairs = protocol().pairs(clips)
    frozen = frozen_list(dataset, protocol.name)
    assert frozen == {"sha256": list_hash(pairs), "pairs": pair_list(pairs)}


def test_the_frozen_hashes_are_those_first_published() -> None:
    shipped = {path.name.removesuffix(".json") for path in (files("reenactbench.protocols") / "frozen").iterdir()}
    assert {name: frozen_list(*name.split("-", 1))["sha256"][:12] for name in shipped} == {
        "300vw-self": "5df7c453e64e",
        "300vw-cross": "98b6d6edaf3f",
        "300vw-matrix": "d84418818845",
        "300vw-cross-paper": "49eeeab6fce0",
        "synthetic-self": "fbac39aeca5e",
        "synthetic-cross": "c099d92f2a88",
        "synthetic-matrix": "e1e809f542ef",
        "synthetic-cross-paper": "14c501b0b4da",
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_the_folders_changes_nothing(protocol, order) -> None:
    clips = [clip_info(clip) for clip in ("001", "002", "004", "540", "541", "558")]
    shuffled = list(clips)
    order.shuffle(shuffled)
    assert protocol().pairs(shuffled) == protocol().pairs(clips)


def test_another_process_with_another_hash_seed_gives_the_same_lists() -> None:
    script = (
        "from reenactbench.datasets.w300vw import CLIPS, clip_info\n"
        "from reenactbench.protocols.builtin import Cross, list_hash\n"
        "print(list_hash(Cross().pairs([clip_info(clip) for clip in reversed(CLIPS)])))"
    )
    python = [sys.executable, "-c", script]
    printed = {subprocess.check_output(python, env={"PYTHONHASHSEED": seed}, text=True) for seed in ("1", "2")}
    assert printed == {list_hash(Cross().pairs(FULL)) + "\n"}


def test_the_matrix_pairs_four_unseen_drivers_with_five_other_people() -> None:
    pairs = Matrix().pairs(FULL)
    drivers, targets = {pair.source for pair in pairs}, {pair.target for pair in pairs}
    assert (len(drivers), len(targets), len(pairs)) == (4, 5, 20)
    assert is_matrix(pairs, "matrix")
    assert {pair.quadrant for pair in pairs} == {"unseen-seen", "unseen-unseen"}
    assert not {pair.source_identity for pair in pairs} & {pair.target_identity for pair in pairs}
    assert len({pair.target_identity for pair in pairs}) == 5


@pytest.mark.parametrize("protocol", [SelfReenactment, Cross, CrossPaper])
def test_no_other_protocol_is_a_matrix(protocol) -> None:
    assert not is_matrix(protocol().pairs(FULL), protocol.name)


def test_self_takes_every_clip_once() -> None:
    pairs = SelfReenactment().pairs(FULL)
    assert sorted(pair.source for pair in pairs) == sorted(CLIPS)
    assert all(pair.source == pair.target and pair.kind == "self" for pair in pairs)
    assert Counter(pair.split for pair in pairs) == {"seen": 102, "unseen": 12}
    assert Counter(pair.split for pair in pairs[:10]) == {"seen": 5, "unseen": 5}


def test_cross_has_30_pairs_of_two_people_in_each_quadrant() -> None:
    pairs = Cross().pairs(FULL)
    assert Counter(pair.split for pair in pairs) == dict.fromkeys(QUADRANTS, 30)
    assert len({pair.id for pair in pairs}) == 120
    assert all(pair.source_identity != pair.target_identity for pair in pairs)
    assert all(pair.split == pair.quadrant for pair in pairs)
    assert {pair.split for pair in pairs[:4]} == set(QUADRANTS)  # --limit 4 touches all of them


@pytest.mark.parametrize("quadrant", QUADRANTS)
def test_cross_uses_everybody_about_equally(quadrant: str) -> None:
    pairs = [pair for pair in Cross().pairs(FULL) if pair.quadrant == quadrant]
    for side, role in enumerate(("source", "target")):
        uses = Counter(getattr(pair, role) for pair in pairs)
        everybody = 12 if quadrant.split("-")[side] == "unseen" else 102
        assert len(uses) == min(everybody, 30)
        assert max(uses.values()) - min(uses.values()) <= 1


def test_cross_paper_is_ten_random_pairs() -> None:
    pairs = CrossPaper().pairs(FULL)
    assert len(pairs) == 10
    assert {pair.split for pair in pairs} == {"all"}
    assert all(pair.source_identity != pair.target_identity for pair in pairs)


def test_two_clips_of_one_person_are_never_a_cross_pair() -> None:
    clips = [ClipInfo(name, identity, "unseen") for name, identity in (("a", "x"), ("b", "x"), ("c", "y"))]
    for protocol in (Cross, CrossPaper):
        assert {(pair.source, pair.target) for pair in protocol().pairs(clips)} == {
            ("a", "c"), ("b", "c"), ("c", "a"), ("c", "b"),
        }  # fmt: skip


def test_one_clip_alone_has_no_cross_pair() -> None:
    assert Cross().pairs([clip_info("001")]) == []


@given(st.lists(st.lists(st.integers(), max_size=5), max_size=5))
def test_interleaving_keeps_every_item_and_each_lists_order(lists: list[list[int]]) -> None:
    mixed = interleaved([[(row, item) for item in items] for row, items in enumerate(lists)])
    for row, items in enumerate(lists):
        assert [item for where, item in mixed if where == row] == items


def clip(name: str, numbers: list[int]) -> Clip:
    count = len(numbers)
    images = np.zeros((count, 8, 8, 3), np.uint8)
    info = ClipInfo(name, name, "seen")
    return Clip(info, name, 25.0, np.array(numbers, np.int32), images, np.zeros((count, 68, 2), np.float32), {})


def pair_of(protocol, *names: str) -> Pair:
    (first, *_) = protocol().pairs([ClipInfo(name, name, "seen") for name in names])
    return first


@given(count=st.integers(1, 3000))
def test_driving_frames_are_four_windows_of_sixteen(count: int) -> None:
    positions = driving_positions(count)
    assert positions == sorted(set(positions))
    assert positions[0] == 0
    assert positions[-1] == count - 1
    assert len(positions) <= 64
    if count >= 64:
        assert len(positions) == 64
        breaks = [b - a for a, b in pairwise(positions) if b != a + 1]
        assert len(breaks) <= 3
        assert max(breaks, default=0) - min(breaks, default=0) <= 1  # evenly spread


@given(count=st.integers(100, 3000))
def test_target_frames_lie_between_the_windows_and_the_middle_one_comes_first(count: int) -> None:
    targets = target_positions(count)
    assert len(targets) == 3
    assert abs(targets[0] - count / 2) <= 1
    assert not set(targets) & set(driving_positions(count))


@given(count=st.integers(2, 200))
def test_no_target_frame_of_a_self_pair_drives(count: int) -> None:
    only = clip("a", list(range(5, 5 + count)))
    pair = with_frames(pair_of(SelfReenactment, "a"), only, only)
    assert pair.frames
    assert pair.target_frames
    assert not set(pair.frames) & set(pair.target_frames)


def test_frame_numbers_are_those_of_the_video() -> None:
    source, target = clip("a", [*range(1, 51), *range(101, 151)]), clip("b", [7])
    pair = with_frames(pair_of(Cross, "a", "b"), source, target)
    if pair.source == "b":
        source, target = target, source
        pair = with_frames(pair, source, target)
    assert set(pair.frames) <= set(source.numbers.tolist())
    assert set(pair.target_frames) <= set(target.numbers.tolist())
    assert reference_numbers(clip("b", [7])) == (7,)


def test_a_clip_of_one_frame_cannot_reconstruct_itself() -> None:
    with pytest.raises(ReenactbenchError, match="clip a has one usable frame"):
        with_frames(pair_of(SelfReenactment, "a"), clip("a", [3]), clip("a", [3]))


def test_the_frozen_files_are_plain_lists() -> None:
    text = (files("reenactbench.protocols") / "frozen/300vw-cross-paper.json").read_text()
    assert list(json.loads(text)) == ["sha256", "pairs"]
