"""ABC: cutting a text into tunes, headers, repeats and endings, what is dropped and said, and bad input."""

from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings

from melodies import KEYS, TWELFTH, melodies, one_clear_line, rests_joined
from tunesmith.music.abc import abc_text, parse_abc, split_tunes
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
        ("CDEF:|GABc:|", "CDEFCDEFGABcGABc"),
        ("|:CDEF:|GABc:|", "CDEFCDEFGABcGABc"),
        ("|:CDEF:|:GABc:|", "CDEFCDEFGABcGABc"),
        ("CDEF:|G4:|A4:|", "CDEFCDEFGGAA"),
        ("|:CDEF:|:G4|A4|]", "CDEFCDEFGA"),
        ("|:C4|1D4:|2E4|F4|1G4:|2A4|]", "CDCEFGFA"),
        ("|:C4|[1D4|E4:|[2F4|G4||A4|B4:|", "CDECFGABAB"),
        ("CDEF|CDEF::GABc|GABc:|", "CDEFCDEF" * 2 + "GABcGABc" * 2),
        ("CDEF:|:GABc:|", "CDEFCDEFGABcGABc"),
        ('"F::x"CDEF|(3::2CDE F2::G4:|% a::b', "CDEFCDEFCDEFCDEFGG"),
    ],
)
def test_repeats_and_endings_are_played_out(body, letters):
    pitch = dict(zip("CDEFGABcd", (60, 62, 64, 65, 67, 69, 71, 72, 74)))
    assert tune(body).melody.pitches == tuple(pitch[letter] for letter in letters)


def test_a_repeat_that_music21_passes_over_is_said():
    assert tune("|:CDEF:|").remarks == ("repeat signs are read once",)


def test_a_third_time_is_played_twice_and_said():
    parsed = tune("|::CDEF::|G4|")
    assert parsed.melody.pitches == (60, 62, 64, 65) * 2 + (67,)
    assert parsed.remarks == ("repeat signs for more than twice are played twice",)


def test_fields_above_the_first_tune_have_an_end():
    with pytest.raises(SongError, match="above its first tune"):
        split_tunes("N:more and more\n" * 2000 + "X:1\n" * 1000)


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


@pytest.mark.parametrize(
    "body",
    [
        "V:1\nCDEF|GABc|\nV:2\nC,4|C,4|\nV:1\nc4|\nV:2\nC,4|",  # music21 takes each V: line for a new voice
        "V:1 clef=treble\nCDEF|GABc|\nc4|\nV:2 clef=bass\nC,4|C,4|C,4|",
        "[V:1] CDEF|GABc|\n[V:2] C,4|C,4|\n[V:1] c4|\n[V:2] C,4|",
    ],
)
def test_a_voice_that_comes_in_pieces_is_read_whole(body):
    for text in (body, f"V:1\nV:2\nK:C\n{body}"):
        parsed = tune(text)
        assert parsed.melody.pitches == (60, 62, 64, 65, 67, 69, 71, 72, 72)
        assert parsed.remarks == ("2 voices: only the first is read",)


def test_a_key_that_changes_is_said():
    assert tune("CDEF|[K:G]GABc|").remarks == ("the key changes: only the first is kept",)
    assert tune("CDEF|\nK:G\nGABc|").remarks == ("the key changes: only the first is kept",)
    assert tune("CDEF|[K:C]GABc|").remarks == ()


def test_repeats_that_do_not_fit_together_are_read_once():
    parsed = tune("|:CDEF|1GABc|2c4|d4:|[2e4|]")
    assert "repeat signs are read once" in parsed.remarks and parsed.melody.pitches[:4] == (60, 62, 64, 65)


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
    assert tune("FCGDAEB|", K="Gloc", M="7/4").melody.pitches == (65, 60, 67, 61, 68, 63, 70)
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
        ("X:1\nL:1/0\nK:C\nC|\n", ("line 2", "not a unit length"), "broken header"),
        (f"X:1\nM:{'9' * 5000}/4\nK:C\nC|C|\n", ("music21",), "broken file"),
        ("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|[M:4/4/4]CDEF|\n", ("4/4",), "metre"),
        ("X:1\nM:3/5\nK:C\nCDE|CDE|CDE|\n", ("3/5",), "broken header"),
        ("X:1\nM:4/4\nK:C\n", ("no note",), "no notes"),
        ("X:1\nM:4/4\nK:C\nz4|z4|z4|\n", ("no note",), "no notes"),
        ("X:1\nM:4/4\nL:1/4\nK:C\nCDEFGABc\ncBAGFEDC\n", ("no bar lines",), "no bar lines"),
        ("X:1\nM:4/4\nL:1/4\nK:C\n[V:1]CDEF|[V:2]C4|\n", ("line 5", "[V:"), "voices"),
        ("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\nC99999|\n", ("line 6", "99999", "at most 64"), "times"),
        ("X:1\nM:4/4\nL:1/4\nK:C\nC60C60|C4|\n", ("line 5", "32 quarters"), "no bar lines"),
        ("X:1\nM:4/4\nL:1/4\nK:C\n" + "CDEF |\n" * 3000, ("line 1", "at most 16,000"), "too large"),
        ("X:1\nM:4/4\nL:1/4\nK:C\n" + "C4|" * 501, ("501 bar lines",), "too large"),
        ("X:1\nM:4/4\nL:1/4\nK:C\n" + "C4:|" * 31, ("more than 30 repeats",), "repeats"),
        ("X:1\nM:4/4\nL:1/4\nK:C\nC,,,,,DEF|GABc|\n", ("five commas",), "broken file"),
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


# --- Writing ------------------------------------------------------------------------------------


def body(melody):
    """What stands below the header."""
    return abc_text(melody).split("\nK:")[1].split("\n", 1)[1]


@settings(max_examples=40, phases=[Phase.generate])
@given(melodies(low=12) | melodies(step=TWELFTH, low=12))
def test_what_is_written_is_read_back_equal(melody):
    if melody.upbeat == melody.duration:  # ABC can't say that a lone bar is an upbeat
        melody = melody.replace(upbeat=0)
    again = parse_abc(abc_text(melody)).melody
    assert rests_joined(again) == rests_joined(melody)
    assert again.title == " ".join(melody.title.split())


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_key_and_every_sign_survive(key):
    scale = Melody.of([(60 + i * 7 % 12, 1) for i in range(24)], time_signature="4/4", key=key)
    assert parse_abc(abc_text(scale)).melody == scale


def test_how_a_tune_is_written():
    melody = Melody.of(
        [(67, 1), *[(72, "1/2")] * 4, (76, 2), (66, "1/4"), (67, "3/4"), *[(64, "1/3")] * 3, (None, 2), (60, 5)],
        time_signature="4/4",
        upbeat=1,
        key="A dorian",
        tempo=96,
        title="100 %  sure",
    )
    assert abc_text(melody) == (
        "X:1\nT:100 \\% sure\nM:4/4\nL:1/8\nQ:1/4=96\nK:Ador\nG2|cc cc e4|F/2G3/2 (3EEE z4|C8-|C2|]\n"
    )
    assert parse_abc(abc_text(melody)).melody.title == "100 % sure"


@pytest.mark.parametrize(
    "notes, metre, key, text",
    [
        ([(66, 1), (65, 1), (66, 1), (66, 1)], "4/4", "G major", "F2 =F2 ^F2 ^F2|]\n"),  # a sign back to the signature
        ([(66, 4), (66, 4)], "4/4", "C major", "^F8|^F8|]\n"),
        ([(66, 8)], "4/4", "C major", "^F8-|^F8|]\n"),  # across a tie and a bar line
        ([(77, 1), (66, 1), (65, 2)], "4/4", "G major", "=f2 ^F2 =F4|]\n"),  # in another octave too
        ([(60, "1/2")] * 6, "6/8", "C major", "CCC CCC|]\n"),
        ([(60, "1/2")] * 6, "3/4", "C major", "CC CC CC|]\n"),
        ([(60, "1/5")] * 5 + [(60, 3)], "4/4", "C major", "(5:4:5C/2C/2C/2C/2C/2 C6|]\n"),
        ([(60, "2/3"), (62, "1/3"), (60, 3)], "4/4", "C major", "(3:2:2C2D C6|]\n"),
        ([(24, 4), (96, 4)], "4/4", "C major", "C,,,8|c''8|]\n"),
        ([(60, 4)] * 9, "4/4", "C major", "C8|C8|C8|C8|\nC8|C8|C8|C8|\nC8|]\n"),
        ([(60, 4)] * 3, None, "C major", "C8 C8 C8|]\n"),
    ],
)
def test_signs_beams_tuplets_and_lines(notes, metre, key, text):
    melody = Melody.of(notes, time_signature=metre, key=key)
    assert body(melody) == text
    assert parse_abc(abc_text(melody)).melody == melody


def test_what_abc_cannot_say():
    melody = Melody.of([(60, 1), (None, 4), (64, 2), (67, 1)], time_signature="4/4")
    again = parse_abc(abc_text(melody)).melody
    assert again.key == Key("C") and [n.duration for n in again.notes] == [1, 3, 1, 2, 1]
