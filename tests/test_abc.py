"""ABC: cutting a text into tunes, headers, repeats and endings, what is dropped and said, and bad input."""

from fractions import Fraction

import pytest

from melodies import one_clear_line
from tunesmith.music.abc import parse_abc, split_tunes
from tunesmith.music.draft import SongError
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody

HEAD = "X:1\nT:A tune\nM:4/4\nL:1/4\nQ:1/4=110\nK:C\n"


def tune(body, **fields):
    head = HEAD
    for letter, value in fields.items():
        old = next(line for line in HEAD.splitlines() if line.startswith(f"{letter}:"))
        head = head.replace(old, f"{letter}:{value}")
    return parse_abc(f"{head}{body}\n", "tune.abc")


def test_a_whole_tune():
    parsed = tune("G|CDE/F/G-|GA z c|(3cBA G2|]")
    assert parsed.melody == Melody.of(
        [(67, 1), (60, 1), (62, 1), (64, 0.5), (65, 0.5), (67, 2), (69, 1), (None, 1), (72, 1)]
        + [(72, "2/3"), (71, "2/3"), (69, "2/3"), (67, 2)],
        time_signature="4/4",
        upbeat=1,
        key="C major",
        tempo=110,
    )
    assert (parsed.melody.title, parsed.melody.source) == ("A tune", "tune.abc")
    assert parsed.written == {1: 0, Fraction(1, 2): 1, Fraction(2, 3): 3, 2: 3}  # the first bar of each; before ties
    assert parsed.remarks == ()


@pytest.mark.parametrize("body", ["CDEF", "CDEF|", "CDEF|]", "|CDEF|"])
def test_a_tune_of_one_bar(body):
    """music21 makes no measures of it."""
    melody = tune(body).melody
    assert melody.pitches == (60, 62, 64, 65)
    assert melody.upbeat == 0


@pytest.mark.parametrize(
    "body, letters",
    [
        ("|:CDEF|GABc:|", "CDEFGABcCDEFGABc"),
        ("CDEF|GABc:|d4|", "CDEFGABcCDEFGABcd"),
        ("|:CDEF:|G4|", "CDEFCDEFG"),
        ("|:CDEF|1G4:|2c4|]", "CDEFGCDEFc"),
        ("|:CDEF|[1G4:|[2c4|]", "CDEFGCDEFc"),
        ("|:CDEF|1G4:|2c4|d4|]", "CDEFGCDEFcd"),
        ("CDEF|GABc::CDEF|c4:|", "CDEFGABcCDEFGABcCDEFcCDEFc"),
        ("|:G|CDEF:|", "GCDEFGCDEF"),
    ],
)
def test_repeats_and_endings_are_played_out(body, letters):
    pitch = dict(zip("CDEFGABcd", (60, 62, 64, 65, 67, 69, 71, 72, 74)))
    assert tune(body).melody.pitches == tuple(pitch[letter] for letter in letters)


def test_a_repeat_that_music21_passes_over_is_said():
    assert tune("|:CDEF:|").remarks == ("repeat signs are read once",)


def test_what_is_dropped_is_counted():
    parsed = tune("{g}CD{ab}EF|[CEG]2 [DF]2|G4|")
    assert parsed.melody.pitches == (60, 62, 64, 65, 67, 65, 67)  # of a chord the top note
    assert set(parsed.remarks) == {"grace notes dropped: 3", "chords cut down to one note: 2"}


def test_chord_symbols_words_and_comments_are_no_notes():
    parsed = tune('"Am"CD"G7"EF|% a comment\nw: la la\nG2"C"c2|')
    assert parsed.melody.pitches == (60, 62, 64, 65, 67, 72)
    assert parsed.remarks == ()


def test_of_several_voices_the_first():
    parsed = tune("V:1\nCDEF|GABc|c4|\nV:2\nC,4|C,4|C,4|")
    assert parsed.melody.pitches == (60, 62, 64, 65, 67, 69, 71, 72, 72)
    assert parsed.remarks == ("2 voices: only the first is read",)


def test_ties_over_a_bar_line():
    assert tune("CDE2-|E2F2|").melody.notes[2].duration == 4
    assert tune("CDE2-|EF3|").melody.notes[2].duration == 3


@pytest.mark.parametrize(
    "field, key",
    [
        ("G", "G major"),
        ("Gmaj", "G major"),
        ("Am", "A minor"),
        ("A minor", "A minor"),
        ("Amin", "A minor"),
        ("F#m", "F# minor"),
        ("Bb", "Bb major"),
        ("Ador", "A dorian"),
        ("A Dorian", "A dorian"),
        ("DMix", "D mixolydian"),
        ("Ephr", "E phrygian"),
        ("Flyd", "F lydian"),
        ("Bloc", "B locrian"),
        ("Aaeo", "A minor"),
        ("Cion", "C major"),
        ("C clef=bass", "C major"),
        ("C % in C", "C major"),
    ],
)
def test_keys_and_modes(field, key):
    assert tune("ABcd|e4|d4|", K=field).melody.key == Key.parse(key)


def test_the_keys_signature_sounds():
    assert tune("FCGD|", K="Ador").melody.pitches == (66, 60, 67, 62)
    assert tune("BEAD|^B=E_A_D|", K="Eb").melody.pitches == (70, 63, 68, 62, 72, 64, 68, 61)


@pytest.mark.parametrize("field", ["none", "HP", ""])
def test_no_key_is_estimated_and_said(field):
    parsed = tune("CEGc|GFDB,|C4|", K=field)
    assert parsed.melody.key == Key("C")
    assert parsed.remarks == ("no key named: C major estimated",)


def test_the_bagpipes_key_has_its_two_sharps():
    parsed = tune("CEGc|GFDB,|C4|", K="Hp")
    assert parsed.melody.pitches[:4] == (61, 64, 67, 73)
    assert parsed.remarks == (f"no key named: {parsed.melody.key} estimated",)


def test_where_only_the_tonic_is_named_the_mode_is_estimated():
    text = HEAD.replace("K:C", "K:A") + "A,=C E A|=G=FED|=C B, A,2|\n"
    assert parse_abc(text, modes_named=False).melody.key == Key("A", "minor")
    assert parse_abc(text).melody.key == Key("A", "major")


def test_a_doubtful_key_is_said():
    text = HEAD + "^FA^cf|f^cA^F|^F4|\n"
    (remark,) = parse_abc(text, modes_named=False).remarks
    assert remark == "key doubtful: C is named, the notes speak for F# minor"


@pytest.mark.parametrize(
    "field, metre", [("C", "4/4"), ("C|", "2/2"), ("6/8", "6/8"), ("(2+3)/8", "5/8"), ("2+3/8", "5/8"), ("none", None)]
)
def test_metres(field, metre):
    assert tune("C/D/E/F/G/|C/D/E/F/G/|", M=field).melody.time_signature == metre


@pytest.mark.parametrize(
    "body", ["CDEF|[M:3/4]CDE|CDE|", "CDEF|\nM:3/4\nCDE|CDE|", "CDEF|[M: 3/4 ]CDE|CDE|", "M:3/4\nCDE|CDE|CDE|"]
)
def test_a_changing_metre_is_refused(body):
    with pytest.raises(SongError, match="4/4 to 3/4") as error:
        tune(body)
    one_clear_line(error.value, "tune.abc")
    assert error.value.cause == "metre"


def test_the_same_metre_again_is_no_change():
    assert tune("CDEF|[M:4/4]GABc|[M:C]c4|").melody.duration == 12


@pytest.mark.parametrize(
    "text, words, cause",
    [
        ("X:1\nT:x\nM:4/4\nCDEF|\n", ("line 1", "no K: field"), "broken header"),
        ("T:x\nK:C\nCDEF|\n", ("line 1", "no X: field"), "broken header"),
        ("nothing like ABC\n", ("line 1", "no X: field"), "broken header"),
        ("X:1\nM:3\nK:C\nC|\n", ("line 2", "'M:3' is not a metre"), "broken header"),
        ("X:1\nM:\nL:1/8\nK:C\nC|\n", ("line 2", "not a metre"), "broken header"),
        ("X:1\nL:eighth\nK:C\nC|\n", ("line 2", "not a unit length"), "broken header"),
        ("X:1\nL:1/0\nK:C\nC|\n", ("music21",), "broken file"),
        ("X:1\nM:3/5\nK:C\nCDE|CDE|CDE|\n", ("3/5",), "broken header"),
        ("X:1\nM:4/4\nK:C\n", ("no note",), "no notes"),
        ("X:1\nM:4/4\nK:C\nz4|z4|z4|\n", ("no note",), "no notes"),
        ("X:1\nM:4/4\nL:1/4\nK:C\nCDEFGABc\ncBAGFEDC\n", ("no bar lines",), "no bar lines"),
        ("X:1\nM:4/4\nL:1/4\nK:C\n[V:1]CDEF|GABc|\n[V:2]C4|C4|\n", ("line 5", "[V:"), "voices"),
    ],
)
def test_bad_input_is_one_clear_line(text, words, cause):
    with pytest.raises(SongError) as error:
        parse_abc(text, "tune.abc")
    one_clear_line(error.value, "tune.abc", *words)
    assert error.value.cause == cause


def test_lines_are_counted_in_the_file():
    with pytest.raises(SongError, match="line 42"):
        parse_abc("X:2\nM:x\nK:C\nC|\n", first_line=41)


def test_split_tunes():
    text = "%abc\nM:3/4\nX:1\nT:a\nK:C\nC3|\n\nX:2\nT:b\nK:D\nD3|\n"
    assert split_tunes(text) == [(3, "X:1\nM:3/4\nT:a\nK:C\nC3|\n"), (8, "X:2\nM:3/4\nT:b\nK:D\nD3|\n")]
    assert split_tunes(text.replace("\n", "\r\n")) == split_tunes(text)
    assert split_tunes("K:C\nC|\n") == [(1, "K:C\nC|\n")]
    assert split_tunes(" \n") == []
    assert parse_abc(split_tunes(text)[0][1]).melody.time_signature == "3/4"


def test_music21s_temporary_folder_is_left_alone(monkeypatch, tmp_path):
    """converter.parse pickles there, and unpickles what it finds."""
    from music21 import environment

    monkeypatch.setattr(environment.Environment, "getRootTempDir", lambda self: tmp_path)
    tune("CDEF|GABc|")
    assert list(tmp_path.iterdir()) == []
