"""Histograms relative to the tonic, distances and places between parents: by hand and against known cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from melodies import melodies, one_clear_line
from tunesmith.learn.style_measures import (
    MEASURES,
    METRES,
    Place,
    divergence,
    histogram,
    intervals,
    leanings,
    metres,
    pitch_classes,
    place_between,
    position,
    rhythms,
    shares,
)
from tunesmith.music.melody import Melody

# Do re mi in G: one note is a seventh higher, one a rest.
TUNE = Melody.of([(67, 1), (69, "1/2"), (None, 1), (71, "1/2"), (81, 1), (81, 3)], key="G", time_signature="6/8")


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def places(counts: np.ndarray) -> dict[int, float]:
    """Where something was counted."""
    return {place: count for place, count in enumerate(counts.tolist()) if count}


# --- Counting --------------------------------------------------------------------------------------


def test_by_hand():
    assert places(pitch_classes(TUNE)) == {0: 1, 2: 3, 4: 1}
    assert places(intervals(TUNE)) == {12 + 2: 2, 12 + 10: 1, 12: 1}
    assert places(rhythms(TUNE)) == {2: 1, 3: 1, 4: 1, 5: 1}  # 1/2, 1, 2, 3
    assert places(metres(TUNE)) == {METRES.index("6/8"): 1}
    assert MEASURES["pitch classes"].labels[4] == "3" and MEASURES["intervals"].labels[12 - 3] == "-3"
    assert MEASURES["rhythms"].labels[2] == "1/2" and MEASURES["metres"].labels[-1] == "other"


def test_the_ends():
    """Intervals beyond an octave, ratios and metres that have no place of their own, single notes."""
    wide = Melody.of([(40, 1), (90, 1), (20, 5), (32, 1)], key="C")
    assert places(intervals(wide)) == {24: 2, 0: 1}
    assert places(rhythms(wide)) == {3: 1, 7: 2}
    assert places(metres(wide)) == places(metres(wide.replace(time_signature="7/8"))) == {len(METRES): 1}
    assert places(rhythms(Melody.of([(60, "1/3"), (60, 1), (60, "1/3"), (60, "1/12")]))) == {5: 1, 1: 1, 0: 1}
    one = Melody.of([(60, 1)], key="C")
    assert places(intervals(one)) == places(rhythms(one)) == places(rhythms(Melody(()))) == {}
    with pytest.raises(ValueError) as error:
        pitch_classes(Melody.of([(60, 1)]))
    one_clear_line(error.value, "no key")


def test_the_mode_is_left_aside():
    assert places(pitch_classes(TUNE.replace(key="G minor"))) == places(pitch_classes(TUNE))


@given(melodies(low=12, high=115), st.integers(-12, 12), st.sampled_from([1, 2, 3]))
def test_key_and_unit_change_nothing(melody, semitones, factor):
    """The same tune in another key, written in longer notes, is the same by each measure."""
    moved = melody.transpose(semitones)
    slower = moved.of([(note.pitch, note.duration * factor) for note in moved.notes], key=moved.key)
    for name, measure in MEASURES.items():
        assert measure.count(melody).shape == (len(measure.labels),)
        if name != "metres":
            assert (measure.count(slower) == measure.count(melody)).all()
    notes = len(melody.pitches)
    assert [measure.count(melody).sum() for measure in MEASURES.values()] == [notes, notes - 1, notes - 1, 1]


def test_each_tune_has_one_vote():
    low, high = Melody.of([(60, 1)] * 9, key="C"), Melody.of([(67, 1)], key="C")
    assert places(histogram([low, high], "pitch classes")) == {0: 0.5, 7: 0.5}
    assert shares([low, high], "intervals").shape == (1, 25)  # of one note there is no interval
    assert shares([low, high, TUNE], "metres").sum(1).tolist() == [1, 1, 1]


def test_nothing_to_count_and_no_such_measure():
    for tunes, measure, word in (([], "metres", "metres"), ([Melody.of([(60, 1)], key="C")], "intervals", "intervals")):
        with pytest.raises(ValueError) as error:
            shares(tunes, measure)
        one_clear_line(error.value, "no melody", word)
    with pytest.raises(ValueError) as error:
        shares([TUNE], "moods")
    one_clear_line(error.value, "moods", "pitch classes", "metres")


# --- Distances -------------------------------------------------------------------------------------

histograms = st.lists(st.integers(0, 50), min_size=5, max_size=5).filter(any).map(lambda n: np.array(n) / sum(n))


def test_divergence_by_hand():
    assert divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1
    assert divergence(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0
    # p = (1, 0), q = (½, ½), m = (¾, ¼): ½ log₂(4/3) + ½ (½ log₂(2/3) + ½ log₂ 2)
    expected = 0.5 * np.log2(4 / 3) + 0.25 * np.log2(2 / 3) + 0.25
    assert divergence(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == pytest.approx(expected)


def entropy(p: np.ndarray) -> float:
    return -sum(x * np.log2(x) for x in p if x)


@given(histograms, histograms)
def test_divergence_is_what_the_mean_has_more_of_entropy(p, q):
    """Lin's own form: the entropy of the mean, less the mean of the entropies."""
    assert divergence(p, q) == pytest.approx(entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2, abs=1e-9)
    assert divergence(p, q) == divergence(q, p) and 0 <= divergence(p, q) <= 1 + 1e-12
    assert np.allclose(divergence(np.stack([p, q]), q), [divergence(p, q), 0])


@given(histograms, histograms, st.floats(-0.5, 1.5))
def test_position_finds_the_mixture(p, q, t):
    if np.allclose(p, q):
        return
    assert position(p, q, (1 - t) * p + t * q) == pytest.approx(t, abs=1e-6)
    assert np.allclose(position(p, q, np.stack([p, q, (p + q) / 2])), [0, 1, 0.5])


def test_position_is_the_nearest_mixture():
    p, q, r = np.array([0.8, 0.1, 0.1]), np.array([0.1, 0.8, 0.1]), np.array([0.3, 0.2, 0.5])
    tries = np.linspace(-1, 2, 3001)
    distances = [np.linalg.norm(r - ((1 - t) * p + t * q)) for t in tries]
    assert position(p, q, r) == pytest.approx(tries[np.argmin(distances)], abs=1e-3)
    assert np.isnan(position(p, p, r))


# --- Between ---------------------------------------------------------------------------------------


def tunes(count: int, weights: list[float], seed: int, each: int = 30) -> np.ndarray:
    """So many tunes' shares, their events drawn with these weights."""
    draws = torch.multinomial(torch.tensor(weights), count * each, True, generator=generator(seed)).reshape(count, each)
    return np.stack([np.bincount(row, minlength=len(weights)) / each for row in draws.numpy()])


LOW, HIGH = [0.6, 0.3, 0.1], [0.1, 0.3, 0.6]


def test_parents_that_are_alike_leave_no_line():
    same = tunes(5, [1.0, 0.0], 1)
    place = place_between(same, same, tunes(5, LOW[:2], 2), generator=generator())
    assert np.isnan(place.t) and not place.between
    assert place.as_json()["t"] is None and place.as_json()["low"] is None


@pytest.mark.parametrize("t", [0.25, 0.5, 0.75])
def test_a_blend_is_found_between(t):
    blend = tunes(60, [(1 - t) * a + t * b for a, b in zip(LOW, HIGH, strict=True)], 3)
    place = place_between(tunes(80, LOW, 1), tunes(90, HIGH, 2), blend, generator=generator())
    assert place.between and place.low < place.t < place.high and place.t == pytest.approx(t, abs=0.1)
    assert f"t = {place.t:.2f}" in str(place) and str(place).endswith(": between")
    assert max(place.to_first, place.to_second) < place.apart


@pytest.mark.parametrize("weights", [LOW, HIGH, [0.85, 0.15, 0.0], [0.05, 0.9, 0.05]], ids=str)
def test_what_does_not_lie_between(weights):
    """A parent itself, what lies beyond one, and what lies half way but far off the line."""
    place = place_between(tunes(80, LOW, 1), tunes(90, HIGH, 2), tunes(60, weights, 3), generator=generator())
    assert not place.between and str(place).endswith(": not between")


def test_too_few_tunes_prove_nothing():
    """A t of one half may be chance: then its interval is wide, and the verdict is no."""
    sets = (tunes(40, [0.5, 0.5], 1, 1), tunes(40, [0.4, 0.6], 2, 1), tunes(6, [0.45, 0.55], 3, 1))
    place = place_between(*sets, generator=generator())
    assert place.high - place.low > 1 and not place.between


def test_the_interval_is_narrower_with_more_tunes_and_holds_what_it_says():
    first, second = tunes(100, LOW, 1), tunes(100, HIGH, 2)
    middle = [(a + b) / 2 for a, b in zip(LOW, HIGH, strict=True)]
    found = [place_between(first, second, tunes(30, middle, seed), generator=generator()) for seed in range(40)]
    assert sum(place.low <= 0.5 <= place.high for place in found) >= 34  # 38 of 40 are to be expected
    many = place_between(first, second, tunes(100, middle, 99), generator=generator())
    assert many.high - many.low < 0.8 * (found[0].high - found[0].low)


def test_the_generator_decides():
    sets = tunes(20, LOW, 1), tunes(20, HIGH, 2), tunes(20, LOW, 3)
    one, again, other = (place_between(*sets, generator=generator(seed)) for seed in (1, 1, 2))
    assert one == again and one.t == other.t and (one.low, one.high) != (other.low, other.high)
    with pytest.raises(ValueError) as error:
        place_between(*sets, generator=generator(), resamples=0)
    one_clear_line(error.value, "resamples 0", "1 or more")


def test_each_condition_of_the_verdict():
    good = Place(0.5, 0.4, 0.6, apart=0.2, to_first=0.1, to_second=0.1)
    assert good.between and good.as_json()["between"] is True
    for change in ({"low": -0.1}, {"high": 1.1}, {"to_first": 0.2}, {"to_second": 0.3}, {"low": float("nan")}):
        assert not Place(**{**good.__dict__, **change}).between


def test_leanings_tell_a_mixture_from_a_blend():
    """Both lie half way; the tunes of a mixture are each of one kind."""
    first, second = tunes(200, LOW, 1), tunes(200, HIGH, 2)
    mixture = np.concatenate([tunes(50, LOW, 3), tunes(50, HIGH, 4)])
    blend = tunes(100, [(a + b) / 2 for a, b in zip(LOW, HIGH, strict=True)], 5)
    assert leanings(first, second, first).mean() < -0.5 and leanings(first, second, second).mean() > 0.5
    of_mixture, of_blend = (leanings(first, second, rows) for rows in (mixture, blend))
    assert of_mixture.shape == (100,) and abs(of_mixture.mean()) < 0.2 and abs(of_blend.mean()) < 0.2
    assert of_mixture.std() > 2 * of_blend.std()


def test_leanings_by_hand():
    rows = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([[0.25, 0.75]])
    bit = np.log2(0.995 / 0.005)  # a hundredth of the counts is spread over both places
    assert leanings(*rows) == pytest.approx([0.5 * bit])
