"""The longest copied run: by hand, against a slow search, and on what must not hide a copy."""

from hypothesis import given
from hypothesis import strategies as st

from melodies import collection
from tunesmith.learn.originality import CopiedRuns
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
