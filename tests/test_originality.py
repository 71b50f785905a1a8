"""The longest copied run: by hand, against a slow search, and on what must not hide a copy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodies import collection, one_clear_line
from tunesmith.learn.originality import CopiedRuns, NearDuplicate, near_duplicates
from tunesmith.music.melody import Melody


def tune(*notes):
    return Melody.of([(note, 1) if isinstance(note, int) or note is None else note for note in notes])


SONG = tune(60, 62, (64, 2), 65, 67)


def test_by_hand():
    runs = CopiedRuns([SONG, tune(70, 71, 72)])
    assert runs.longest(SONG) == 5
    assert runs.longest(tune(50, 62, (64, 2), 65, 50)) == 3
    assert runs.longest(tune(80, 60, 62, (64, 3))) == 2  # the last note's length counts
    assert runs.longest(tune((60, 9))) == 0
    assert runs.longest(tune(33)) == 1  # one note is its duration
    assert runs.longest(Melody(())) == runs.longest(tune(None)) == 0
    assert CopiedRuns([]).longest(SONG) == 0


def test_transposing_and_rests_hide_nothing():
    runs = CopiedRuns([SONG])
    assert runs.longest(SONG.transpose(-7)) == 5
    assert runs.longest(tune(None, 60, None, 62, (64, 2), 65, 67)) == 5
    assert CopiedRuns([tune(60, None, 62, (64, 2), 65, 67)]).longest(SONG) == 5


def test_a_run_does_not_go_on_in_another_song():
    assert CopiedRuns([tune(60, 62), tune(64, 65)]).longest(tune(60, 62, 64, 65)) == 2


def shared(a, b):
    """The longest run by trying all pairs of places."""
    best = 0
    for i in range(len(a)):
        for j in range(len(b)):
            n = 0
            while (
                i + n < len(a)
                and j + n < len(b)
                and a[i + n][1] == b[j + n][1]
                and a[i + n][0] - a[i][0] == b[j + n][0] - b[j][0]
            ):
                n += 1
            best = max(best, n)
    return best


notes = st.lists(st.tuples(st.integers(60, 63), st.sampled_from([1, 2])), max_size=14)


@given(notes, st.lists(notes, max_size=3))
def test_against_a_slow_search(melody, songs):
    found = CopiedRuns([Melody.of(song) for song in songs]).longest(Melody.of(melody))
    assert found == max((shared(melody, song) for song in songs), default=0)


def test_a_song_of_the_collection_is_found_whole():
    songs = collection("kinder")
    runs = CopiedRuns(songs[1:])
    assert CopiedRuns(songs).longest(songs[0].transpose(3)) == len(songs[0].pitches)
    assert runs.longest(songs[0]) <= len(songs[0].pitches)


# --- Near duplicates ------------------------------------------------------------------------------

LONG = tune(60, 62, 64, 65, (67, 2), 69, 71, 72, (74, 3), 60)


def test_near_duplicates_by_hand():
    half = tune(*[(pitch - 5, n.duration) for pitch, n in zip(LONG.pitches[:8], LONG.notes, strict=False)])
    songs = [LONG, tune(40, 41), LONG]
    others = [tune(50, 48, 60), half, LONG.transpose(3), Melody(()), tune(*range(70, 50, -1))]
    assert near_duplicates(others, songs) == [NearDuplicate(1, 8, 8, 0), NearDuplicate(2, 10, 10, 0)]
    (one, _) = near_duplicates(others, songs)
    assert (one.place, one.run, one.notes, one.song) == (1, 8, 8, 0)
    assert str(one) == "melody 1: 8 of its 8 notes stand in a row in song 0"
    assert near_duplicates([LONG], [tune(40, 41), LONG.transpose(2)])[0].song == 1
    assert near_duplicates([], songs) == near_duplicates(others, []) == []


def test_the_share_and_the_least_number_of_notes():
    """Eight notes of the song, then eight that go elsewhere: half of sixteen."""
    mixed = tune(*[(n.pitch, n.duration) for n in LONG.notes[:8]], *[(40 + 7 * (i % 2), 5) for i in range(8)])
    assert CopiedRuns([LONG]).longest(mixed) == 8
    found = [NearDuplicate(0, 8, 16, 0)]
    assert near_duplicates([mixed], [LONG]) == near_duplicates([mixed], [LONG], share=0.5) == found
    assert near_duplicates([mixed], [LONG], share=0.51) == []
    assert near_duplicates([mixed], [LONG], share=0.1) == found
    assert near_duplicates([mixed], [LONG], least=9) == []
    short = tune(60, 62, 64)
    assert near_duplicates([short], [LONG]) == []  # three notes are in many songs
    assert near_duplicates([short], [LONG], least=3, share=1) == [NearDuplicate(0, 3, 3, 0)]


@pytest.mark.parametrize("share", [0, -0.5, 1.01, float("nan")])
def test_a_share_that_is_none(share):
    with pytest.raises(ValueError) as error:
        near_duplicates([LONG], [LONG], share)
    one_clear_line(error.value, f"share {share}", "above 0")


@given(st.lists(notes, max_size=4), st.lists(notes, max_size=3), st.floats(0.05, 1), st.integers(1, 9))
def test_near_duplicates_against_a_slow_search(melodies, songs, share, least):
    expected = []
    for place, melody in enumerate(melodies):
        shares = [shared(melody, song) for song in songs]
        run = max(shares, default=0)
        if run >= least and run >= share * len(melody):
            expected.append((place, run, len(melody), shares.index(run)))
    found = near_duplicates(map(Melody.of, melodies), map(Melody.of, songs), share, least)
    assert [tuple(one) for one in found] == expected
