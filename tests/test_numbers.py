"""Text files of MIDI numbers: what is a tune, what a comment, and every kind of line that is neither."""

from fractions import Fraction

import pytest

from melodies import one_clear_line
from tunesmith.music.draft import SongError
from tunesmith.music.files import read
from tunesmith.music.key import Key
from tunesmith.music.numbers import parse_numbers, split_lines


@pytest.mark.parametrize("text", ["60 64 67 72", "60,64,67,72", "60; 64; 67; 72;", "\t60, 64 ;67\t072  "])
def test_a_line_of_numbers(text):
    parsed = parse_numbers(text, "a.txt")
    assert parsed.melody.pitches == (60, 64, 67, 72)
    assert {note.duration for note in parsed.melody.notes} == {1} and parsed.written == {Fraction(1): 1}
    assert (parsed.melody.time_signature, parsed.melody.upbeat, parsed.melody.key) == (None, 0, Key("C"))
    assert parsed.remarks == (
        "no durations in it: each number is a quarter note",
        "no key named: C major estimated",
    )


def test_each_line_is_a_tune():
    text = "# Two tunes\n\n60 62 64\n  # and\n 67 65\n"
    assert split_lines(text) == [(3, "60 62 64"), (5, "67 65")]
    assert split_lines(text.replace("\n", "\r\n")) == split_lines(text)


@pytest.mark.parametrize(
    "line, words",
    [
        ("60 128", "'128'"),
        ("60 -1 62", "'-1'"),
        ("60 1000000000000000000000", "'10000000000000000000'"),
        ("60.5 62", "'60.5'"),
        ("60 r 62", "'r'"),
        ("60 \uff16", "'\uff16'"),
        ("C4 D4", "'C4'"),
        ("60 _ 62 _", "ts.decode"),
    ],
)
def test_a_line_that_is_no_tune(line, words):
    with pytest.raises(SongError) as error:
        parse_numbers(line, "a.txt", first_line=7)
    one_clear_line(error.value, "a.txt, line 7", words)


@pytest.mark.parametrize(
    "text, words, cause",
    [
        ("Read me: 3 tunes\nby nobody\n", ("line 1", "no line of numbers"), "no song"),
        ("# 60 62 64\n", ("no line of numbers",), "no song"),
        ("\n60 _ _ _ 62 _ /\n", ("line 2", "tokens", "ts.decode"), "tokens"),
    ],
)
def test_a_text_without_any_tune(text, words, cause):
    with pytest.raises(SongError) as error:
        split_lines(text, "a.txt")
    one_clear_line(error.value, "a.txt", *words)
    assert error.value.cause == cause


def test_reading_a_file(tmp_path):
    path = tmp_path / "Tunes.TXT"
    path.write_text("60 64 67\n67 65\n", encoding="utf-8")
    with pytest.warns(UserWarning) as caught:
        assert read(path).pitches == (60, 64, 67)
    assert [str(warning.message) for warning in caught] == [
        "Tunes.TXT: 2 tunes: only the first is read; load() gives them all",
        "Tunes.TXT: no durations in it: each number is a quarter note",
        "Tunes.TXT: no key named: C major estimated",
    ]
