"""What is counted in melodies, and in sets of them: by hand, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from melodies import melodies, one_clear_line
from tunesmith.learn.melody_measures import (
    HISTOGRAMS,
    LENGTHS,
    NUMBERS,
    bars_alike,
    class_transitions,
    features,
    full_bars,
    measurable,
    note_lengths,
    pitch_classes,
    repeated_bars,
    repeated_phrases,
    scale_consistency,
)
from tunesmith.learn.originality import CopiedRuns
from tunesmith.learn.reference import Reference, mean_and_interval
from tunesmith.music.melody import Melody

# After an upbeat G: C D E C | C D E C | E F G, in 4/4.
TUNE = Melody.of(
    [(55, 1), (60, 1), (62, 1), (64, 1), (60, 1), (60, 1), (62, 1), (64, 1), (60, 1), (64, 1), (65, 1), (67, 2)],
    time_signature="4/4",
    upbeat=1,
)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def places(counts: np.ndarray) -> dict[int, float]:
    return {place: count for place, count in enumerate(counts.tolist()) if count}


# --- One melody ------------------------------------------------------------------------------------


def test_by_hand():
    assert places(pitch_classes(TUNE)) == {0: 4, 2: 2, 4: 3, 5: 1, 7: 2}
    assert places(class_transitions(Melody.of([(60, 1), (None, 1), (74, 1), (60, 1)]))) == {2: 1, 24: 1}
    assert places(note_lengths(TUNE)) == {LENGTHS.index("1"): 11, LENGTHS.index("2"): 1}
    assert places(note_lengths(Melody.of([(60, "1/3"), (None, 1), (60, "3/4")]))) == {8: 1, 2: 1}
    expected = {"notes": 12, "quarters": 13, "different pitches": 6, "range": 12, "repeated bars": 1 / 3}
    assert {name: NUMBERS[name](TUNE) for name in expected} == pytest.approx(expected)
    assert NUMBERS["mean interval"](TUNE) == pytest.approx((5 + 2 + 2 + 4 + 0 + 2 + 2 + 4 + 4 + 1 + 2) / 11)
    assert NUMBERS["mean length"](TUNE) == pytest.approx(13 / 12)


@pytest.mark.parametrize(
    "pitches, share",
    [
        ([60, 62, 64, 65, 67, 69, 71], 1),  # C major
        ([57, 59, 60, 62, 64, 65, 67], 1),  # A minor has the same
        ([61, 63, 65, 66, 68, 70, 72], 1),  # D flat major
        (range(60, 72), 7 / 12),  # all twelve
        ([60, 61, 62], 2 / 3),  # no scale has two semitones in a row
        ([60] * 9 + [61], 1),
        ([], 0),
    ],
)
def test_scale_consistency(pitches, share):
    assert scale_consistency(Melody.of([(pitch, 1) for pitch in pitches])) == pytest.approx(share)


@given(melodies(low=12, high=115), st.integers(-12, 12))
def test_no_measure_of_shape_hears_the_key(melody, semitones):
    moved = melody.transpose(semitones)
    for measure in (scale_consistency, repeated_bars, repeated_phrases):
        assert measure(moved) == measure(melody) and 0 <= measure(melody) <= 1
    assert scale_consistency(melody) >= 7 / 12 - 1e-9
    assert pitch_classes(moved).tolist() == np.roll(pitch_classes(melody), semitones).tolist()
    notes = len(melody.pitches)
    assert [count(melody).sum() for _, count in HISTOGRAMS.values()] == [notes, notes - 1, notes - 1, notes]
    assert all(len(labels) == len(count(melody)) for labels, count in HISTOGRAMS.values())


def test_full_bars_alone_are_compared():
    assert [len(bar) for bar in full_bars(TUNE)] == [4, 4, 3]
    assert [len(bar) for bar in full_bars(TUNE.replace(upbeat=0))] == [4, 4, 4]  # the last has one quarter only
    assert full_bars(TUNE.replace(time_signature=None, upbeat=0)) == []
    assert bars_alike(TUNE, 3).tolist() == pytest.approx([1 / 2, 0, np.nan], nan_ok=True)


def test_a_bar_is_the_same_only_note_by_note():
    def tune(*bars):
        return Melody.of([note for bar in bars for note in bar], time_signature="2/4")

    a, b = [(60, 1), (62, 1)], [(60, "1/2"), (62, "3/2")]
    assert repeated_bars(tune(a, b, a, a)) == pytest.approx(2 / 4)
    assert bars_alike(tune(a, b, a, a), 3).tolist() == pytest.approx([1 / 3, 1 / 2, 1])
    assert repeated_bars(tune(a, [(62, 1), (64, 1)])) == 0  # a step higher is another bar
    assert repeated_bars(tune(a, [(None, 2)], [(None, 2)])) == pytest.approx(1 / 3)
    assert repeated_bars(Melody.of([(60, 4)], time_signature="2/4")) == 0  # the first half is tied to the second


def test_phrases_need_no_bar_lines():
    notes = [(60, 1), (62, 1), (64, 1), (60, 2)]
    twice = Melody.of(notes * 2)
    assert repeated_phrases(twice) == pytest.approx(1 / 5)
    assert repeated_phrases(Melody.of([*notes, (None, 3), *notes])) == repeated_phrases(twice)
    assert repeated_phrases(Melody.of([(60, 1)] * 10)) == pytest.approx(6 / 7)
    assert repeated_phrases(Melody.of(notes[:3])) == repeated_phrases(Melody.of(notes)) == 0


def test_features_and_what_has_none():
    found = features([TUNE, TUNE.transpose(2)])
    assert found["intervals"].shape == (2, 25) and found["range"].tolist() == [[12], [12]]
    assert all(np.allclose(found[name].sum(1), 1) for name in HISTOGRAMS)
    one = Melody.of([(60, 1), (None, 1)])
    assert measurable([one, TUNE, Melody(())]) == [TUNE]
    for bad in ([], [one], [TUNE, one]):
        with pytest.raises(ValueError) as error:
            features(bad)
        one_clear_line(error.value, "two notes")


def test_the_share_of_copied_runs():
    runs = CopiedRuns([TUNE])
    assert runs.share(TUNE.transpose(5)) == 1 and runs.share(TUNE, 12) == 1 and runs.share(TUNE, 13) == 0
    part = Melody.of([(pitch + 3, 1) for pitch in TUNE.pitches[:8]] + [(90, 1), (30, 1)])
    assert runs.share(part, 8) == pytest.approx(1 / 3)
    assert runs.share(Melody(()), 8) == 0


# --- A set beside a reference ----------------------------------------------------------------------


def tunes(count: int, low: int, high: int, seed: int) -> list[Melody]:
    draws = torch.randint(low, high, (count, 24), generator=generator(seed)).tolist()
    return [Melody.of([(pitch, 1) for pitch in row], time_signature="4/4") for row in draws]


def test_a_set_is_measured_beside_a_reference():
    known = tunes(30, 60, 72, 1)
    reference = Reference(known)
    alike, copies, other = (
        reference.measure(rows, generator(), 200)
        for rows in (tunes(20, 60, 72, 2), [tune.transpose(1) for tune in known[:9]], tunes(20, 30, 90, 3))
    )
    assert alike["mean_overlap"] > 0.8 > other["mean_overlap"]
    assert alike["divergences"]["intervals"] < other["divergences"]["intervals"]
    assert copies["copied"]["whole"] == copies["copied"]["long"] == copies["melodies"] == 9
    assert copies["copied"]["share"]["mean"] == 1 and copies["copied"]["longest"]["median"] == 24
    assert alike["copied"]["long"] == 0 and alike["copied"]["longest"]["largest"] < 12
    assert alike["numbers"]["notes"] == {"mean": 24, "low": 24, "high": 24}
    assert len(alike["bars_alike"]) == 8 and alike["bars_alike"][5] is None  # six bars have no two that are six apart
    assert alike["fingerprint"] == reference.measure(tunes(20, 60, 72, 2), generator(5), 200)["fingerprint"]
    assert alike["fingerprint"] != other["fingerprint"]


def test_songs_that_were_learned_from_beside_the_reference_are_copied_from_too():
    more = tunes(1, 60, 72, 9)
    known = tunes(5, 60, 72, 1)
    assert Reference(known).measure(more * 2, generator(), 50)["copied"]["long"] == 0
    assert Reference(known, more).measure(more * 2, generator(), 50)["copied"]["long"] == 2


def test_what_can_not_be_measured_is_counted():
    reference = Reference(tunes(5, 60, 72, 1))
    rest = Melody.of([(None, 4)])
    found = reference.measure([*tunes(4, 60, 72, 2), rest], generator(), 50)
    assert (found["melodies"], found["measured"]) == (5, 4)
    with pytest.raises(ValueError) as error:
        reference.measure([rest, TUNE], generator(), 50)
    one_clear_line(error.value, "1 of 2 melodies")


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20))
def test_an_interval_lies_among_the_values(values):
    found = mean_and_interval(np.array(values), generator(), 100)
    assert min(values) - 1e-3 <= found["low"] <= found["high"] <= max(values) + 1e-3
    assert found["mean"] == pytest.approx(np.mean(values), abs=1e-4)
