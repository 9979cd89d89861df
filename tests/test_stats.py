"""Means over pairs that share people: by hand, by their symmetries, and by how often the interval holds the truth."""

import importlib.util
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from reenactbench.stats import Interval, half_width, holm, mean_interval, paired_test, sharing

ROOT = Path(__file__).parent.parent
FOUR_SELVES = [("a",), ("b",), ("c",), ("d",)]
TRIANGLE = [(s, t) for s in "abc" for t in "abc" if s != t]


def _load_simulation():
    specification = importlib.util.spec_from_file_location(
        "interval_coverage", ROOT / "benchmarks/interval_coverage.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


simulation = _load_simulation()


class TestByHand:
    def test_one_clip_a_person_is_the_one_sample_t_interval(self):
        values = [0.61, 0.7, 0.55, 0.92]
        expected = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.95)
        interval = mean_interval(values, FOUR_SELVES)
        assert (interval.low, interval.high) == pytest.approx(tuple(expected))
        assert (interval.mean, interval.n, interval.clusters) == (pytest.approx(0.695), 4, 4)

    def test_equal_groups_are_the_t_interval_of_the_groups_means(self):
        values = [1.0, 1.2, 3.0, 3.2, 2.0, 1.8]
        members = [("a",), ("a",), ("b",), ("b",), ("c",), ("c",)]
        expected = scipy_stats.ttest_1samp([1.1, 3.1, 1.9], 0).confidence_interval(0.95)
        interval = mean_interval(values, members)
        assert (interval.low, interval.high) == pytest.approx(tuple(expected))
        assert (interval.n, interval.clusters) == (6, 3)

    def test_a_ring_of_cross_pairs(self):
        # Pairs ab, bc, cd, da: each shares someone with all but the one opposite, so 12 of 16 couples share. With
        # e = (-1, -1, 1, 1) their products sum to 4: the variance is 16 / (16 - 12) * 4 / 16 = 1, the plain one 1/3.
        # The ring's eigenvalues of M are 3, 1, -1, 1 and those of ZZ' 4, 2, 0, 2; centring removes the first, so
        # B has the trace 2 + 0 + 2 and squares that sum to 8: two degrees of freedom.
        members = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]
        shared = sharing(members)
        assert (shared.correction, shared.freedom) == pytest.approx((4, 2))
        interval = mean_interval([1, 1, 3, 3], members)
        assert interval.high - interval.mean == pytest.approx(4.30265273)

    def test_all_ordered_pairs_of_g_people_have_g_minus_1_degrees_of_freedom(self):
        for people in (4, 5, 6, 9):
            names = [str(i) for i in range(people)]
            members = [(s, t) for s in names for t in names if s != t]
            assert sharing(members).freedom == pytest.approx(people - 1)

    def test_sources_and_targets_apart_are_the_two_way_estimate(self):
        rng = np.random.default_rng(0)
        sources, targets = rng.integers(0, 5, 20), rng.integers(0, 4, 20)
        values = sources + rng.normal(size=20)
        members = [(f"s{s}", f"t{t}") for s, t in zip(sources, targets, strict=True)]
        error = values - values.mean()

        def one_way(labels):
            return sum(error[labels == label].sum() ** 2 for label in np.unique(labels, axis=0)) / 20**2

        cells = sources * 10 + targets
        two_way = one_way(sources) + one_way(targets) - one_way(cells)  # Cameron, Gelbach and Miller 2011
        shared = sharing(members)
        assert two_way > values.var(ddof=1) / 20
        expected = scipy_stats.t.ppf(0.975, shared.freedom) * math.sqrt(shared.correction * two_way)
        assert half_width(values, shared) == pytest.approx(expected)

    def test_never_narrower_than_if_pairs_were_independent(self):
        members = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]
        values = [0.0, 1.0, 0.0, 1.0]  # neighbours differ as much as they can: sharing shows no likeness
        plain = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.95)
        interval = mean_interval(values, members)
        assert (interval.low, interval.high) == pytest.approx(tuple(plain))

    def test_level(self):
        expected = scipy_stats.ttest_1samp([1, 2, 3, 5], 0).confidence_interval(0.8)
        assert mean_interval([1, 2, 3, 5], FOUR_SELVES, level=0.8).low == pytest.approx(expected.low)


class TestEdges:
    def test_no_value_has_no_mean(self):
        assert mean_interval([], []) == Interval(None, None, None, 0, 0)
        assert paired_test([], []) == (Interval(None, None, None, 0, 0), None)

    @pytest.mark.parametrize(
        ("values", "members", "clusters"),
        [
            pytest.param([2.0], [("a",)], 1, id="one pair"),
            pytest.param([2.0], [("a", "b")], 2, id="one cross pair"),
            pytest.param([1.0, 3.0], [("a",), ("a",)], 1, id="two clips of one person"),
            pytest.param([1.0, 3.0], [("a", "t"), ("b", "t")], 3, id="one target for all"),
            pytest.param([1.0, 3.0] * 3, TRIANGLE, 3, id="every pair shares someone with every other"),
        ],
    )
    def test_no_interval_where_other_people_are_not_represented(self, values, members, clusters):
        assert mean_interval(values, members) == Interval(2.0, None, None, len(values), clusters)
        assert paired_test(values, members) == (Interval(2.0, None, None, len(values), clusters), None)

    def test_two_people_give_the_widest_interval_there_is(self):
        interval = mean_interval([1.0, 3.0], [("a",), ("b",)])
        assert interval.high - interval.low == pytest.approx(2 * 12.7062047)

    def test_equal_values_have_an_interval_of_no_width(self):
        assert mean_interval([0.5] * 4, FOUR_SELVES) == Interval(0.5, 0.5, 0.5, 4, 4)

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_what_is_no_number_is_refused_by_position(self, bad):
        with pytest.raises(ValueError, match="value 2 of 4 is not a finite number"):
            mean_interval([1, 2, bad, 4], FOUR_SELVES)
        with pytest.raises(ValueError, match="value 2 of 4"):
            paired_test([1, 2, bad, 4], FOUR_SELVES)

    def test_a_wrong_cluster_key_fails_loudly(self):
        with pytest.raises(ValueError, match="4 pairs need as many values"):
            mean_interval([1, 2], FOUR_SELVES)
        with pytest.raises(ValueError, match="tuple of at least one name"):
            mean_interval([1, 2], ["anna", "anton"])
        with pytest.raises(ValueError, match="tuple of at least one name"):
            mean_interval([1, 2], [("a",), ()])

    def test_a_name_given_twice_counts_once(self):
        values = [1.0, 2.0, 4.0, 3.0]
        assert mean_interval(values, [(name, name) for (name,) in FOUR_SELVES]) == mean_interval(values, FOUR_SELVES)

    def test_importing_loads_neither_torch_nor_scipy_nor_pandas(self):
        code = "import sys, reenactbench.stats; print({'torch', 'scipy', 'pandas'} & set(sys.modules))"
        assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).strip() == "set()"


numbers = st.floats(-100, 100).map(lambda value: round(value, 3))
names = st.sampled_from("abcdefgh")
self_pairs = st.lists(st.tuples(numbers, st.tuples(names)), min_size=2, max_size=20)
cross_pairs = st.lists(st.tuples(numbers, st.tuples(names, names)), min_size=2, max_size=20)
samples = st.one_of(self_pairs, cross_pairs)


def interval_of(sample):
    interval = mean_interval([value for value, _ in sample], [members for _, members in sample])
    assume(interval.low is not None)
    return interval


def limits(interval):
    return pytest.approx((interval.mean, interval.low, interval.high), rel=1e-6, abs=1e-6)


class TestSymmetries:
    @given(samples, st.randoms(use_true_random=False))
    def test_the_order_of_pairs_does_not_matter(self, sample, random):
        shuffled = random.sample(sample, len(sample))
        again = interval_of(shuffled)
        assert (again.mean, again.low, again.high) == limits(interval_of(sample))

    @given(samples, st.permutations("abcdefgh"))
    def test_what_people_are_called_does_not_matter(self, sample, order):
        renamed = dict(zip("abcdefgh", order, strict=True))
        again = interval_of([(value, tuple(renamed[name] for name in people)) for value, people in sample])
        assert (again.mean, again.low, again.high) == limits(interval_of(sample))

    @given(cross_pairs)
    def test_who_is_source_and_who_target_does_not_matter(self, sample):
        turned = interval_of([(value, people[::-1]) for value, people in sample])
        assert (turned.mean, turned.low, turned.high) == limits(interval_of(sample))

    @given(samples, numbers)
    def test_shifting_the_values_shifts_the_interval(self, sample, by):
        interval, shifted = interval_of(sample), interval_of([(value + by, people) for value, people in sample])
        assert (shifted.mean - by, shifted.low - by, shifted.high - by) == limits(interval)

    @given(samples, st.floats(0.1, 10))
    def test_scaling_the_values_scales_the_interval(self, sample, by):
        interval, scaled = interval_of(sample), interval_of([(value * by, people) for value, people in sample])
        assert (scaled.mean / by, scaled.low / by, scaled.high / by) == limits(interval)

    @given(samples)
    def test_negating_the_values_mirrors_the_interval(self, sample):
        interval, mirrored = interval_of(sample), interval_of([(-value, people) for value, people in sample])
        assert (-mirrored.mean, -mirrored.high, -mirrored.low) == limits(interval)

    @given(self_pairs)
    def test_counting_every_self_pair_twice_does_not_make_the_mean_more_certain(self, sample):
        once = interval_of(sample)
        one_each = len({people for _, people in sample}) == len(sample)
        twice = interval_of(sample * 2)
        assert twice.high - twice.low <= once.high - once.low + 1e-6
        if one_each:
            assert (twice.mean, twice.low, twice.high) == limits(once)

    @given(samples)
    def test_the_degrees_of_freedom_never_exceed_people_or_pairs(self, sample):
        shared = sharing([people for _, people in sample])
        assert shared.freedom <= min(len(sample) - 1, shared.clusters) + 1e-9
        assert shared.correction >= 1

    @given(samples)
    def test_a_higher_level_is_wider(self, sample):
        values, members = [value for value, _ in sample], [people for _, people in sample]
        interval_of(sample)
        narrow, wide = (mean_interval(values, members, level=level) for level in (0.8, 0.99))
        assert wide.low <= narrow.low <= narrow.high <= wide.high


class TestPairedTest:
    def test_one_clip_a_person_is_the_paired_t_test(self):
        a, b = np.array([0.8, 0.75, 0.9, 0.66]), np.array([0.7, 0.71, 0.84, 0.67])
        interval, p_value = paired_test(a - b, FOUR_SELVES)
        expected = scipy_stats.ttest_rel(a, b)
        assert p_value == pytest.approx(expected.pvalue)
        assert interval.low == pytest.approx(expected.confidence_interval().low)

    @given(samples)
    def test_p_is_below_5_percent_exactly_where_the_interval_leaves_out_zero(self, sample):
        interval = interval_of(sample)
        assume(min(abs(interval.low), abs(interval.high)) > 1e-6 and interval.low < interval.high)
        again, p_value = paired_test([value for value, _ in sample], [people for _, people in sample])
        assert again == interval
        assert (p_value < 0.05) == (not interval.low <= 0 <= interval.high)

    @given(samples)
    def test_swapping_the_sides_keeps_p(self, sample):
        interval_of(sample)
        members = [people for _, people in sample]
        one = paired_test([value for value, _ in sample], members)[1]
        other = paired_test([-value for value, _ in sample], members)[1]
        assert one == pytest.approx(other)
        assert 0 <= one <= 1

    def test_no_difference_at_all(self):
        assert paired_test([0.0] * 4, FOUR_SELVES) == (Interval(0.0, 0.0, 0.0, 4, 4), 1.0)

    def test_the_same_difference_everywhere(self):
        """No variance: four people can tell no more than a sign test of four."""
        assert paired_test([0.25] * 4, FOUR_SELVES) == (Interval(0.25, 0.25, 0.25, 4, 4), 0.125)


class TestHolm:
    def test_by_hand(self):
        # Smallest first: 0.01 * 4, 0.02 * 3, 0.03 * 2 = 0.06 (no less than the one before), 0.5 * 1.
        assert holm([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.06, 0.06])

    def test_never_above_one_and_nothing_of_nothing(self):
        assert holm([0.9, 0.8]) == [1.0, 1.0]
        assert holm([]) == []

    def test_one_test_needs_no_correction(self):
        assert holm([0.03]) == [0.03]

    @given(st.lists(st.floats(0, 1), max_size=8))
    def test_between_the_raw_value_and_bonferroni_in_the_same_order(self, p_values):
        corrected = holm(p_values)
        for raw, value in zip(p_values, corrected, strict=True):
            assert raw <= value <= min(1, raw * len(p_values) + 1e-12)
        by_raw = [corrected[i] for i in sorted(range(len(p_values)), key=p_values.__getitem__)]
        assert by_raw == sorted(by_raw)


class TestCoverage:
    """95 % intervals over simulated videos of 64 frames with autocorrelation 0.9; the true mean is 0."""

    SIMULATIONS = 2000

    def simulated(self, design, effects):
        rng = np.random.default_rng(20240)
        members = simulation.DESIGNS[design]
        return members, simulation.simulate(members, simulation.EFFECTS[effects], self.SIMULATIONS, rng, skewed=False)

    @pytest.mark.parametrize("effects", simulation.EFFECTS)
    @pytest.mark.parametrize("design", simulation.DESIGNS)
    def test_holds_the_truth_in_90_to_98_percent(self, design, effects):
        members, frames = self.simulated(design, effects)
        values = frames.mean(-1)
        covered = np.abs(values.mean(-1)) <= half_width(values, sharing(members))
        assert 0.90 <= covered.mean() <= 0.98

    def test_frames_as_the_unit_would_not(self):
        members, frames = self.simulated("self, 30 people", "frames only")
        low, high = simulation.independent_frames(members, frames, resamples=0)
        assert np.mean((low <= 0) & (high >= 0)) < 0.5

    def test_pairs_as_the_unit_would_not_where_people_recur(self):
        members, frames = self.simulated("cross, 6 people, all 30 pairs", "person")
        low, high = simulation.independent_pairs(members, frames, resamples=0)
        assert np.mean((low <= 0) & (high >= 0)) < 0.6

    def test_many_samples_at_once_are_each_sample_alone(self):
        members, frames = self.simulated("cross, 12 people, 30 pairs", "weak")
        values = frames[:5].mean(-1)
        alone = [mean_interval(row, members) for row in values]
        assert half_width(values, sharing(members)) == pytest.approx([one.high - one.mean for one in alone])
