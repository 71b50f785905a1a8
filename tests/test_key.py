"""Keys: spelling, signatures, estimating one, the way to the empty signature."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import analysis, note, stream
from music21 import key as music21_key

from melodies import KEYS, collection, melodies, one_clear_line
from tunesmith.music.key import (
    MODES,
    Key,
    estimate_key,
    pitch_name,
    shift_to_empty_signature,
    spell,
    to_empty_signature,
)
from tunesmith.music.melody import Melody

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@given(st.integers(0, 127), st.none() | st.sampled_from(KEYS))
def test_a_spelled_pitch_is_the_same_pitch(pitch, key):
    letter, sharps, octave = spell(pitch, key)
    assert 12 * (octave + 1) + SEMITONES[letter] + sharps == pitch
    assert abs(sharps) <= 2


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_the_scale_is_spelled_with_one_letter_each_and_the_signatures_signs(key):
    order = "FCGDAEB"
    signature = {letter: 0 for letter in order}
    for i in range(abs(key.signature)):
        signature[order[i] if key.signature > 0 else order[-1 - i]] += 1 if key.signature > 0 else -1
    scale = [(7 * fifth) % 12 for fifth in range(key.signature - 1, key.signature + 6)]
    names = [spell(60 + step, key) for step in scale]
    assert {letter: sharps for letter, sharps, _ in names} == signature


@pytest.mark.parametrize(
    "pitch, key, name",
    [
        (60, None, "C4"),
        (61, None, "C#4"),
        (63, None, "Eb4"),
        (66, "G major", "F#4"),
        (70, "F major", "Bb4"),
        (63, "A minor", "D#4"),
        (68, "A minor", "G#4"),
        (63, "C minor", "Eb4"),
        (71, "C minor", "B4"),
        (59, "Gb major", "Cb4"),
        (60, "C# major", "B#3"),
        (None, None, "r"),
    ],
)
def test_pitch_names(pitch, key, name):
    assert pitch_name(pitch, Key.parse(key) if key else None) == name


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_keys_read_back_and_agree_with_music21_on_the_signature(key):
    assert Key.parse(str(key)) == key
    theirs = music21_key.Key(key.tonic.replace("b", "-"), key.mode)
    assert (theirs.sharps, theirs.tonic.pitchClass) == (key.signature, key.tonic_class)


def test_parse_takes_a_lone_tonic_and_small_letters():
    assert Key.parse("g") == Key("G", "major")
    assert Key.parse(" f# Minor ") == Key("F#", "minor")


@pytest.mark.parametrize(
    "tonic, mode", [("H", "major"), ("C###", "major"), ("C#b", "major"), ("", "major"), ("C", "blue")]
)
def test_other_keys_are_refused(tonic, mode):
    with pytest.raises(ValueError, match="is not a") as error:
        Key(tonic, mode)
    one_clear_line(error.value)


@given(st.sampled_from(KEYS), st.integers(-12, 12))
def test_a_transposed_key_has_the_fewest_signs(key, semitones):
    moved = key.transpose(semitones)
    assert (moved.tonic_class, moved.mode) == ((key.tonic_class + semitones) % 12, key.mode)
    assert abs(moved.signature) <= 6


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_the_way_to_the_empty_signature_is_the_shortest(key):
    shift = shift_to_empty_signature(key)
    assert -6 <= shift <= 5
    moved = key.transpose(shift)
    assert (moved.signature, moved.mode) == (0, key.mode)


@pytest.mark.parametrize(
    "key, shift, lands_on",
    [
        ("F# major", -6, "C major"),
        ("G major", 5, "C major"),
        ("A minor", 0, "A minor"),
        ("E minor", 5, "A minor"),
        ("C minor", -3, "A minor"),
        ("Eb minor", -6, "A minor"),
        ("D dorian", 0, "D dorian"),
        ("A dorian", 5, "D dorian"),
        ("A mixolydian", -2, "G mixolydian"),
        ("E phrygian", 0, "E phrygian"),
    ],
)
def test_where_a_song_lands(key, shift, lands_on):
    song = Melody.of([(60, 1), (None, 2), (64, 0.5)], key=key, time_signature="3/4", upbeat=1, tempo=90, title="x")
    moved = to_empty_signature(song)
    assert str(moved.key) == lands_on
    assert moved == song.transpose(shift).replace(key=moved.key)
    assert moved.pitches == (60 + shift, 64 + shift) and moved.title == "x"


def test_a_song_without_key_is_moved_by_its_estimated_one():
    tune = Melody.of([(67, 2), (71, 1), (74, 2), (69, 1), (71, 1), (67, 2)])
    assert to_empty_signature(tune).key == Key("C", "major")
    assert to_empty_signature(tune).pitches[0] == 72
    with pytest.raises(ValueError, match="no key"):
        to_empty_signature(Melody.of([(None, 4)]))


@given(melodies(low=20, high=100), st.integers(-12, 12))
def test_an_estimate_moves_with_the_melody(melody, semitones):
    here, there = estimate_key(melody), estimate_key(melody.transpose(semitones))
    assert there.score == pytest.approx(here.score)
    assert here.margin >= 0 and -1 <= here.score <= 1
    if here.margin > 1e-6:
        assert there.key == here.key.transpose(semitones)
        assert there.margin == pytest.approx(here.margin)
    assert abs(here.key.signature) <= 6  # never D flat minor, which would need eight flats


def test_with_a_tonic_only_its_two_modes_are_compared():
    minor = Melody.of([(pitch, 1) for pitch in (69, 71, 72, 74, 76, 77, 68, 69, 69)])
    assert estimate_key(minor, "A").key == Key("A", "minor")
    assert estimate_key(minor, "C#").key.tonic == "C#"
    with pytest.raises(ValueError):
        estimate_key(Melody.of([(None, 1)]))


def test_rests_count_for_nothing_and_long_notes_for_more():
    tune = Melody.of([(60, 4), (64, 1), (67, 2), (61, "1/4")])
    assert estimate_key(tune) == estimate_key(Melody.of([(None, 9), *((n.pitch, n.duration) for n in tune.notes)]))
    assert estimate_key(tune) != estimate_key(Melody.of([(60, "1/4"), (64, 1), (67, 2), (61, 4)]))


def test_the_estimate_agrees_with_music21():
    for song in collection("kinder")[::9]:
        score = stream.Stream()
        for n in song.notes:
            score.append(
                note.Rest(quarterLength=n.duration) if n.pitch is None else note.Note(n.pitch, quarterLength=n.duration)
            )
        theirs = analysis.discrete.AardenEssen().getSolution(score)
        ours = estimate_key(song)
        if ours.margin < 1e-6:
            continue
        assert (ours.key.tonic_class, ours.key.mode) == (theirs.tonic.pitchClass, theirs.mode), song
        assert ours.score == pytest.approx(theirs.correlationCoefficient, abs=1e-3)


def test_the_free_estimate_finds_the_tonic_of_1617_songs_of_erk():
    songs = collection("erk")
    assert sum(estimate_key(song).key.tonic_class == song.key.tonic_class for song in songs) == 1617


def test_ach_elslein_is_minor_and_lands_in_a_minor():
    found = [song for song in collection("erk") if "lslein" in song.title.lower()]
    assert len(found) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for song in found:
            assert song.key.mode == "minor"
            moved = to_empty_signature(song)
            assert moved.key == Key("A", "minor")
            assert moved.notes[-1].pitch % 12 == 9  # it ends on A


def test_every_mode_has_an_empty_signature():
    assert {str(Key("C", mode).transpose(shift_to_empty_signature(Key("C", mode)))) for mode in MODES} == {
        "C major",
        "A minor",
        "D dorian",
        "E phrygian",
        "F lydian",
        "G mixolydian",
        "B locrian",
    }
