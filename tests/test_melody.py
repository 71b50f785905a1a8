"""Notes and melodies: what is allowed, what is equal, how they print, how they fall into bars."""

from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodies import melodies, one_clear_line
from tunesmith.music.melody import Melody, Note, bar_length, exact

TUNE = Melody.of(
    [(62, 1), (67, 1.5), (None, "1/2"), (69, 4)], time_signature="3/4", upbeat=1, key="G major", title="Air"
)


@pytest.mark.parametrize("pitch", [-1, 128, 60.0, "60"])
def test_a_pitch_is_a_midi_number(pitch):
    with pytest.raises(ValueError, match="MIDI number") as error:
        Note(pitch, 1)
    one_clear_line(error.value)


@pytest.mark.parametrize("duration", [0, -1, "0/3"])
def test_a_note_has_a_length(duration):
    with pytest.raises(ValueError, match="no length"):
        Note(60, duration)


@pytest.mark.parametrize("duration", ["a quarter", float("nan"), float("inf"), "1/0", None])
def test_a_duration_is_a_number(duration):
    with pytest.raises(ValueError, match="not a duration"):
        Note(60, duration)


def test_durations_are_exact():
    assert Note(60, 0.75).duration == Note(60, "3/4").duration == Fraction(3, 4)
    assert exact("1/3") * 3 == 1
    with pytest.raises(ValueError, match=r"write Fraction\(1, 3\)"):
        exact(0.3333333)


def test_notes_and_melodies_are_immutable():
    with pytest.raises(FrozenInstanceError):
        TUNE.title = "x"
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        TUNE.notes[0].pitch = 1
    assert len({TUNE, TUNE.replace(title="other")}) == 1  # and can be in a set


def test_equal_is_what_sounds_equal():
    assert TUNE.replace(title="Other", source="elsewhere.krn") == TUNE
    for change in (
        {"upbeat": 0},
        {"time_signature": "4/4"},
        {"key": "E minor"},
        {"tempo": 90},
        {"notes": TUNE.notes[1:]},
    ):
        assert TUNE.replace(**change) != TUNE


@pytest.mark.parametrize(
    "frame, words",
    [
        ({"upbeat": 1}, "needs a time signature"),
        ({"upbeat": 3, "time_signature": "3/4"}, "does not fit"),
        ({"upbeat": -1, "time_signature": "3/4"}, "does not fit"),
        ({"time_signature": "3/5"}, "not a time signature"),
        ({"time_signature": "0/4"}, "not a time signature"),
        ({"time_signature": "C"}, "not a time signature"),
        ({"tempo": 0}, "tempo"),
        ({"tempo": float("nan")}, "tempo"),
        ({"key": "H major"}, "not a tonic"),
        ({"key": "G sharp"}, "not a mode"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(frame, words):
    with pytest.raises(ValueError, match=words) as error:
        Melody.of([(60, 1)], **frame)
    one_clear_line(error.value)


def test_only_notes_make_a_melody():
    with pytest.raises(ValueError, match=r"write Note\(60, 1\)"):
        Melody(((60, 1),))


def test_printed_in_one_line():
    assert str(TUNE) == "Air · 3/4 · G major · 3 notes · 7 quarters"
    assert repr(TUNE) == f"<Melody {TUNE}>"
    assert str(Melody.of([(66, 0.5)])) == "untitled · 1 note · 1/2 quarters"
    assert str(TUNE.notes[1]) == "G4 3/2" and repr(TUNE.notes[2]) == "Note(None, 1/2)"


def test_onsets_duration_pitches():
    assert TUNE.onsets == (0, 1, Fraction(5, 2), 3)
    assert TUNE.duration == 7
    assert TUNE.pitches == (62, 67, 69)


def test_bars():
    half = Fraction(1, 2)
    assert TUNE.bars() == [
        [(62, 1, False)],
        [(67, 3 * half, False), (None, half, False), (69, 1, True)],
        [(69, 3, False)],
    ]
    rest = Melody.of([(60, 1), (None, 2)], time_signature="2/4")
    assert rest.bars() == [[(60, 1, False), (None, 1, False)], [(None, 1, False)]]  # a rest has no tie
    assert Melody(()).bars() == Melody((), time_signature="3/4").bars() == []
    assert Melody.of([(60, 9)]).bars() == [[(60, 9, False)]]


@pytest.mark.parametrize("metre, quarters", [("3/4", 3), ("6/8", 3), ("2/2", 4), ("7/16", Fraction(7, 4)), ("12/8", 6)])
def test_bar_length(metre, quarters):
    assert bar_length(metre) == quarters


@given(melodies())
def test_bars_hold_every_note_and_are_full(melody):
    bars = melody.bars()
    joined: list[list] = []
    tied = False
    for part in (part for bar in bars for part in bar):
        if tied:
            assert joined[-1][0] == part.pitch
            joined[-1][1] += part.duration
        else:
            joined.append([part.pitch, part.duration])
        tied = part.tied
    assert not tied
    sung = [pair for pair in joined if pair[0] is not None]
    assert sung == [[note.pitch, note.duration] for note in melody.notes if note.pitch is not None]
    assert sum(duration for _, duration in joined) == melody.duration
    if melody.time_signature:
        full = bar_length(melody.time_signature)
        lengths = [sum(part.duration for part in bar) for bar in bars]
        assert all(length == full for length in lengths[bool(melody.upbeat) : -1])
        assert lengths[0] == melody.upbeat or not melody.upbeat
        assert lengths[-1] <= full


@given(melodies(low=24, high=100), st.integers(-24, 24))
def test_transposing_back_gives_the_melody_back(melody, semitones):
    there = melody.transpose(semitones)
    assert [b - a for a, b in zip(melody.pitches, there.pitches, strict=True)] == [semitones] * len(melody.pitches)
    back = there.transpose(-semitones)
    assert back.replace(key=None) == melody.replace(key=None)
    # The key comes back too, by its simplest name: from G flat one up and one down is F sharp.
    assert (back.key.tonic_class, back.key.mode) == (melody.key.tonic_class, melody.key.mode)
    assert (there.key.tonic_class - melody.key.tonic_class - semitones) % 12 == 0


def test_transposing_by_nothing_keeps_the_keys_name():
    assert TUNE.replace(key="Gb major").transpose(0).key.tonic == "Gb"


def test_transposing_stays_in_range():
    with pytest.raises(ValueError, match="MIDI number"):
        TUNE.transpose(60)


def test_shows_itself(monkeypatch):
    assert "text/html" in TUNE._repr_mimebundle_()
    monkeypatch.setattr(Melody, "renderer", None)
    assert TUNE._repr_mimebundle_() == {"text/plain": repr(TUNE)}
