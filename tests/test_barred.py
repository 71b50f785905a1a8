"""Token songs that know their bars."""

from fractions import Fraction

import pytest

import tunesmith as ts
from tunesmith.tokens.barred import BarredSong, encode_barred


def test_it_is_taken_wherever_tokens_are():
    song = BarredSong("60 _ 62 r", "2/4", "1/4", "erk")
    assert list(song) == ["60", "_", "62", "r"] and len(song) == 4 and song[1:3] == ("_", "62")
    assert ts.Vocabulary.of([song]).ids(song).tolist() == ts.Vocabulary.of([song]).ids("60 _ 62 r").tolist()
    assert ts.decode(song) == ts.decode("60 _ 62 r")
    assert ts.split([song] * 3, titles=["", "", ""])[0][0] is song


def test_it_comes_from_a_melody():
    melody = ts.decode("60 _ 62 r", time_signature="2/4", upbeat="1/4")
    song = encode_barred(melody, collection="erk")
    assert list(song) == ts.encode(melody)
    assert (song.time_signature, song.upbeat, song.collection) == ("2/4", Fraction(1, 4), "erk")
    assert song.frame != encode_barred(melody.replace(upbeat=0)).frame


@pytest.mark.parametrize(
    ("metre", "upbeat", "message"),
    [
        ("2/4", "2", "an upbeat of 2 quarters does not fit"),
        ("2/4", "-1", "does not fit"),
        (None, "1/4", "does not fit"),
        ("two", "0", "is not a time signature"),
        ("2/4", "some", "is not a duration"),
    ],
)
def test_a_frame_that_is_none_is_refused(metre, upbeat, message):
    with pytest.raises(ValueError, match=message):
        BarredSong("60 _", metre, upbeat)
