"""Tunes as text: what a clean tune keeps, in one way, and what is left out, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tunesmith as ts
from tunesmith.music.abc import parse_abc
from tunesmith.music.abc_tunes import AbcTune, abc_tunes, clean_abc, whole_abc
from tunesmith.music.draft import SongError

HEAD = "M:6/8\nL:1/8\nK:G\n"


def music(line: str, head: str = HEAD) -> str:
    """The cleaned music of a tune with one line, or several."""
    return clean_abc(f"X:1\nT:t\n{head}{line}\n").split("\n", 3)[3]


@pytest.mark.parametrize(
    ("header", "clean"),
    [
        ("M:C\nK:G", "M:4/4\nL:1/8\nK:G\n"),
        ("M:C|\nL:1/16\nK:E Minor", "M:2/2\nL:1/16\nK:Em\n"),
        ("M:2/4\nK:Amixolydian", "M:2/4\nL:1/16\nK:Amix\n"),
        ("M: 3/4 % a comment\nK: A Dorian % another", "M:3/4\nL:1/8\nK:Ador\n"),
        ("M:(2+3)/8\nL:1/8\nK:F#m", "M:5/8\nL:1/8\nK:F#m\n"),
        ("K:Bb major\nM:6/8", None),
        ("L:1/4\nR:jig\nN:old\nM:6/8\nQ:1/4=90\nK:GM", "M:6/8\nL:1/4\nK:G\n"),
    ],
)
def test_a_header_has_three_lines_in_one_order_with_its_defaults_written_out(header: str, clean: str | None) -> None:
    text = f"X:7\nT:The Title\n{header}\nGAB cde|]\n"
    if clean is None:  # what stands behind K: is no header: there was no metre
        with pytest.raises(SongError, match="no M: field"):
            clean_abc(text)
    else:
        assert clean_abc(text).startswith(clean)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ('"Am"GAB !trill!cde | "D7"d3 d2 z |]', "GAB cde|d3 d2 z|]"),
        ("GAB   c`d`e|  d3 z3||", "GAB cde|d3 z3|]"),
        ("| GAB cde | d6 |", "GAB cde|d6|]"),
        ("|: GAB cde :||: d6 :|", "|:GAB cde::d6:|"),
        ("GAB :|: cde ||: d6 :|]", "GAB::cde|:d6:|"),
        ("GAB cde |[1 d6 :|[2 e6 ||", "GAB cde|1 d6:|2 e6|]"),
        ("A/2B//c3/2 d2/2e4/ f1|]", "A/B/4c3/2 de2 f|]"),
        ("A > B c <<d|]", "A>B c<<d|]"),
        ("{/g}A {g2}B vuTMA ~.c|]", "{g}A {g}B TA ~.c|]"),
        ("(3ABc (3:2:3ABc (3::2AB (6:4:6ABcdef|]", "(3ABc (3ABc (3:2:2AB (6:4:6ABcdef|]"),
        ("[GB]2 [G2B2d2] [^c=c]|]", "B2 d2 ^c|]"),
        ("( A B ) c ({a}B A)|]", "(A B) c ({a}B A)|]"),
        ("c,C' ^^F__B|]", "Cc ^^F__B|]"),
        ("A2- | A4 -A2|]", "A2-|A4- A2|]"),
        ("GAB\\\ncde|]", "GAB\ncde|]"),
        ("GAB cde|\n|:d6:|\n| e6 ||\nw: la la\nP:B\nf6|", "GAB cde|\n|:d6:|\ne6||\nf6|]"),
        ("GAB cde|: \nd6:|", "GAB cde|\n|:d6:|"),
        ("GAB cde|\n%%vskip 3\n% a comment\nd6|\n\nThe singer was old: a b c.\n", "GAB cde|\nd6|]"),
    ],
)
def test_each_thing_is_written_in_one_way_and_what_is_no_music_goes(written: str, clean: str) -> None:
    assert music(written) == clean + "\n"


def test_a_bar_line_that_a_lines_end_stands_for_is_written_as_essens_files_leave_it_out() -> None:
    assert music("GAB cde\nd6 | e3\nf3 | g3") == "GAB cde|\nd6|e3\nf3|g3|]\n"


@pytest.mark.parametrize(
    ("text", "cause", "words"),
    [
        ("X:1\nM:6/8\nGAB|]\n", "broken header", "no K: field"),
        ("X:1\nK:G\nGAB|]\n", "no metre", "no M: field"),
        ("X:1\nM:none\nK:G\nGAB|]\n", "no metre", "free"),
        ("X:1\nM:six\nK:G\nGAB|]\n", "broken header", "M:six is not a metre"),
        ("X:1\nM:6/8\nL:1/7\nK:G\nGAB|]\n", "broken header", "L:1/7"),
        ("X:1\nM:6/8\nK:H\nGAB|]\n", "broken header", "K:H is not a key"),
        ("X:1\nM:6/8\nM:3/4\nK:G\nGAB|]\n", "metre", "M:6/8 and M:3/4"),
        ("X:1\nM:6/8\nK:G\nGAB|\nM:3/4\nGAB|]\n", "metre", "line 5: the metre changes"),
        ("X:1\nM:6/8\nK:G\nGAB|[K:D]GAB|]\n", "key changes", "line 4: the key changes"),
        ("X:1\nM:6/8\nK:G\nGAB|\nL:1/16\nGAB|]\n", "unit length changes", "line 5"),
        ("X:1\nM:6/8\nK:G\nV:1\nGAB|]\nV:2\nGAB|]\n", "voices", "line 6: it has several voices"),
        ("X:1\nM:6/8\nK:G\nGAB *cd|]\n", "broken notes", "line 4: '*cd|]' is no ABC"),
        ("X:1\nM:6/8\nK:G\nG999999|]\n", "times", "no length"),
        ("X:1\nM:6/8\nK:G\nz6|]\n", "no notes", "no note"),
        ("X:1\nM:6/8\nK:G\nGAB|:[1 GAB|]\n", "endings", "ending"),
        ("X:1\nM:6/8\nK:G\n" + "GAB cde|\n" * 3000, "too large", "too long"),
        ("", "broken header", "no K: field"),
    ],
)
def test_what_can_be_no_clean_tune_says_why_in_one_line(text: str, cause: str, words: str) -> None:
    with pytest.raises(SongError) as caught:
        clean_abc(text)
    assert caught.value.cause == cause
    assert words in str(caught.value) and "\n" not in str(caught.value)


_PIECES = st.sampled_from(
    ["A", "b2", "z", "^c'", "_E,", "d/", "e3/2", "(3ABc", "(", ")", "-", ">", "<<", "|", "||", ":|", "|:", "::", "|1 "]
    + [
        " ",
        "\n",
        "{ga}",
        "~",
        "T",
        ".",
        '"Am"',
        "[1 ",
        ":|2 ",
        "!p!",
        "|]",
        "%c\n",
        "[GB]2",
        "`",
        "\\\n",
        "[K:G]",
        "w:a\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=40))
def test_what_is_clean_stays_as_it_is(pieces: list[str]) -> None:
    try:
        clean = clean_abc(f"X:1\n{HEAD}{''.join(pieces)}\n")
    except SongError:
        return
    assert clean_abc(clean) == clean
    assert clean.endswith("\n") and "\n\n" not in clean and not clean.startswith("\n")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_cleaned_or_refused_in_one_line(text: str) -> None:
    try:
        clean_abc(f"X:1\n{HEAD}{text}")
    except SongError as error:
        assert "\n" not in str(error)


def test_a_collection_is_read_in_the_order_of_its_file_and_reports_on_every_tune() -> None:
    tunes = abc_tunes("northumbrian")
    assert len(tunes) == len(tunes.report) == 129
    assert tunes.name == "northumbrian" and isinstance(tunes[0], AbcTune)
    assert [tune.name for tune in tunes] == sorted(tune.name for tune in tunes)
    assert all(clean_abc(tune.text) == tune.text for tune in tunes)
    assert tunes[:2][1] == tunes[1] and "129 read" in repr(tunes)


def test_essens_keys_stay_as_the_file_has_them() -> None:
    keys = {tune.text.split("\n")[2] for tune in abc_tunes("kinder")}
    assert keys <= {f"K:{tonic}" for tonic in ("C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab", "F#")}


def test_a_learners_folder_is_used_as_far_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "good.abc").write_text("X:1\nT:A good one\nM:3/4\nK:D\nD2 E2 F2|]\n", encoding="utf-8")
    (tmp_path / "two.abc").write_text("X:1\nM:3/4\nK:D\nDEF|]\n\nX:2\nM:3/4\nK:D\n*|]\n", encoding="utf-8")
    (tmp_path / "empty.abc").write_text("", encoding="utf-8")
    (tmp_path / "notes.krn").write_text("**kern\n4c\n*-\n", encoding="utf-8")
    tunes = abc_tunes(tmp_path)
    assert [(tune.name, tune.title) for tune in tunes] == [("good", "A good one"), ("two-1", "")]
    assert tunes.report.causes == {"empty file": 1, "other format": 1, "broken notes": 1}
    assert any("two.abc, tune 2: line" in line for line in tunes.report.lines)


def test_a_name_that_is_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a collection"):
        abc_tunes("irisch")


def test_a_whole_tune_is_read_by_everything_that_reads_abc(tmp_path: Path) -> None:
    text = clean_abc(f"X:3\nT:x\n{HEAD}D|GAB d2B|G3 G2:|\n")
    whole = whole_abc(text, "A \n title", 4)
    assert whole.startswith("X:4\nT:A title\nM:6/8\n")
    assert clean_abc(whole) == text
    (tmp_path / "tune.abc").write_text(whole, encoding="utf-8")
    assert ts.read(tmp_path / "tune.abc").pitches == parse_abc(whole).melody.pitches


def test_chords_are_cut_down_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text("X:1\nM:3/4\nK:D\n[DF]2 E2 [Ad]2|]\n", encoding="utf-8")
    assert abc_tunes(tmp_path).report.losses == {"chords": 1}
