"""Valid or not, and why: in words, with line and bar."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tunesmith as ts
from tunesmith.music.abc_check import check_abc, notes_alone
from tunesmith.music.draft import SongError

HEAD = "M:6/8\nL:1/8\nK:G\n"

VALID = {
    "full bars": "GAB cde|d3 g3|]",
    "an upbeat and its complement at the end": "D|GAB cde|d3 g2|]",
    "an upbeat, and a full last bar": "D|GAB cde|d3 g3|]",
    "an upbeat and its complement before the repeat": "D|GAB cde|d3 g2:|",
    "an upbeat in each part": "D|GAB cde|d3 g2:|\n|:d|gfe dcB|A3 G2:|",
    "two repeats at one bar line": "|:D|GAB cde|d3 g2::d|gfe dcB|A3 G2:|",
    "an upbeat before the repeat begins": "D|:GAB cde|d3 g3:|",
    "a bar that a double bar cuts in two": "GAB cde|d3 g2||\nd|gfe dcB|A3 G3|]",
    "first and second endings": "D|GAB cde|1 d3 g2:|2 d3 g3|]",
    "endings that cut a bar": "GAB cde|d3 |1 g3:|2 G3|]".replace("d3 |", "d3|"),
    "a second ending on its own line": "GAB cde|1 d3 g3:|\n[2 d3 G3|]",
    "a third ending": "GAB cde|1 d6:|2 e6:|3 g6|]",
    "tuplets": "(3GAB c d(3efg|(2AB d3|]",
    "a tuplet of two notes": "(3:2:2A2B d ABc|]",
    "broken rhythm": "G>AB c<de|d>>ef g3|]",
    "grace notes, slurs, ornaments, ties": "{ga}G3- GA(B|~c3) (Td2.e)|Hg6|]",
    "rests": "z3 GAB|G3 z3|]",
    "a line break within broken rhythm": "G>\nAB c<de|d6|]",
    "a line break within a bar": "GAB\ncde|d3 g3|]",
}


@pytest.mark.parametrize("music", VALID.values(), ids=VALID.keys())
def test_what_real_tunes_do_is_valid_and_is_read(music: str) -> None:
    check = check_abc(f"{HEAD}{music}\n")
    assert check.valid, str(check)
    assert str(check) == "a valid tune"
    assert check.melody().pitches


BACK = "and the repeat goes back to"
FAULTS = {
    "GAB cdef|d6|]": ("long bars", "line 4, bar 1: 7 eighths where 6/8 has 6"),
    "D|GAB cde|d3 g|d6|]": ("short bars", "line 4, bar 2: 4 eighths where 6/8 has 6"),
    "D|GAB cde|d3 g3:|": ("upbeats", f"6 eighths where 5 are due: 6/8 has 6, {BACK} an upbeat of 1"),
    "GAB cde|d3 g2:|": ("upbeats", f"5 eighths where 6/8 has 6, {BACK} no upbeat"),
    "GAB cde|d3 g2||GAB cde|]": ("long bars", "6 eighths where the sign before left room for 1"),
    "D|d6|G|d5|]": ("short bars", "bar 2: 1 eighth where 6/8 has 6"),
    "d6|GAB cd/|d6|]": ("short bars", "bar 2: 9 sixteenths where 6/8 has 12"),
    "d6|GAB cd(3e/f/e|d6|]": ("long bars", "bar 2: 6 1/3 eighths where 6/8 has 6"),
    "d6|G/4|d6|]": ("short bars", "bar 2: 1/2 of a sixteenth where 6/8 has 12"),
    "GABcd|d6|d2:|": ("upbeats", f"bar 2: 2 eighths where 1 is due: 6/8 has 6, {BACK} an upbeat of 5"),
    "dc|d6|d4||Gd:|": ("upbeats", f"2 eighths where none is due: the sign before left room for 2, {BACK}"),
    "|:D|GAB cde|d6|]": ("repeats", "bar 2: a repeat begins, |:, and never ends"),
    "GAB cde|d3 g>|]": ("broken rhythm", "between no two notes"),
    "GAB cde|d3 d(3GA|]": ("tuplets", "lacks 1 of its notes"),
    "GAB cde|d3 (3G(3ABc|]": ("tuplets", "within a tuplet"),
    "GAB cde|(GAB c3|]": ("end", "a slur begins, (, and never ends"),
    "GAB cde)|d6|]": ("sign", "')' can't stand behind a note"),
    "GAB cd-e|d6|]": ("ties", "notes of one pitch"),
    "GAB cde|d6-|]": ("end", "a tie at the end"),
    "GAB cde|d6": ("end", "without a final bar line"),
    "GAB cde|d6|": ("end", "without a final bar line"),
    "|:GAB cde|d6|]": ("repeats", "never ends"),
    "|:GAB cde|\n|:d6:|": ("repeats", "a repeat begins within a repeat"),
    "GAB cde|1 d6|]": ("repeats", "does not end with :|"),
    "GAB cde|1 d6:|\ng6|]": ("repeats", "no second one follows"),
    "GAB cde|2 d6|]": ("repeats", "ending 2"),
    "GAB cde|d6|]\nGAB cde|]": ("end", "more follows"),
    "z6|z6|]": ("end", "no note"),
    "GAB Xcde|d6|]": ("sign", "'X' can't stand"),
}


@pytest.mark.parametrize(("music", "expected"), FAULTS.items(), ids=FAULTS.keys())
def test_what_is_wrong_is_said_with_its_line_and_bar(music: str, expected: tuple[str, str]) -> None:
    check = check_abc(f"{HEAD}{music}\n")
    kind, words = expected
    assert not check.valid
    assert any(fault.kind == kind and words in str(fault) for fault in check.faults), str(check)
    with pytest.raises(ValueError, match="not valid"):
        check.melody()


_MISFIT = re.compile(
    r"(?P<filled>[\d /]+?) (?P<between>of an? )?(?P<name>\w+) where "
    r"((?P<due>none|[\d /]+) (is|are) due: .* to an upbeat of .*|"
    r"(\d+/\d+ has|the sign before left room for) (?P<room>[\d /]+)(, .*)?)"
)


@settings(deadline=None)
@given(
    st.sampled_from(["2/2", "3/4", "6/8", "4/16"]),
    st.lists(st.sampled_from(["G", "GA", "G/", "G4", "(3GAB", "G6", "|", "|", "||", ":|", "::", "|:", "|1 ", ":|2 "])),
)
def test_no_bar_is_blamed_for_the_length_that_is_due(metre: str, parts: list[str]) -> None:
    for fault in check_abc(f"M:{metre}\nL:1/8\nK:G\n{''.join(parts)}G|]\n").faults:
        if fault.kind in ("long bars", "short bars", "upbeats"):
            words = _MISFIT.fullmatch(fault.what)
            filled = _value(words["filled"])
            assert filled != _value(words["due"] or words["room"]), str(fault)
            assert (0 < filled < 1) == bool(words["between"]), str(fault)
            assert words["name"].endswith("s") == (filled == 0 or filled > 1), str(fault)


def _value(number: str) -> Fraction:
    """What ``4 1/3`` says."""
    return Fraction(0) if number == "none" else sum(map(Fraction, number.split()), Fraction(0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the first line is M:"),
        ("la la la", "line 1: the first line is M:"),
        ("M:6/8\nK:G\nGAB|]\n", "line 2: the second line is L:"),
        ("M:6/8\nL:1/8\nK:H\nGAB|]\n", "line 3: the third line is K:"),
        ("M:7/7\nL:1/8\nK:G\nGAB|]\n", "line 1: the first line is M:"),
        (HEAD + "GAB cde|]\n\nGAB cde|]\n", "more follows behind an empty line"),
        (HEAD + "GAB cde|\n" * 4000, "too many"),
        (HEAD, "a final bar line"),
    ],
)
def test_odd_texts_get_a_fault_and_no_exception(text: str, words: str) -> None:
    check = check_abc(text)
    assert not check.valid and words in str(check)


def test_a_whole_tune_is_cleaned_first() -> None:
    assert check_abc('X:1\nT:a\nM:C\nK:G\n"G"G4 B4 | d8 |\n').valid
    with pytest.raises(SongError, match="no ABC"):
        check_abc("X:1\nM:C\nK:G\nG4 * B4|]\n")


def test_a_long_list_of_faults_is_cut() -> None:
    check = check_abc(HEAD + "G|" * 30 + "G|]\n")
    assert len(check.faults) > 8 and str(check).endswith(f"and {len(check.faults) - 8} more")
    assert sum(check.kinds.values()) == len(check.faults)


def test_music21_reads_what_it_would_mistake_without_help() -> None:
    check = check_abc("M:4/4\nL:1/8\nK:C\n^F2FF f(3{a}GAB HG|A>{g}B (c>)d e4|]\n".replace("(c>)d", "(c>d)"))
    assert check.valid, str(check)
    melody = check.melody()
    assert melody.pitches[:4] == (66, 66, 66, 78)  # a sharp holds to the bar's end, in each octave
    assert sum(note.duration for note in melody.notes) == 8
    assert notes_alone("M:4/4\nL:1/8\nK:C\n^F2- F2|F8|]\n").endswith("^F2- ^F2|F8|]\n")
    assert notes_alone("M:4/4\nL:1/8\nK:C\n^F8-|F4 F4|]\n").endswith("^F8-|^F4 F4|]\n")


def test_a_valid_tune_is_shown_and_heard() -> None:
    melody = check_abc(HEAD + VALID["first and second endings"] + "\n").melody("A tune")
    assert melody.title == "A tune" and melody.upbeat == 0.5
    assert [note.pitch for note in melody.notes if note.pitch].count(62) >= 1
    from tunesmith.display.engrave import svg

    assert "<svg" in svg(melody)


def test_it_is_one_of_the_packages_names() -> None:
    assert ts.check_abc is check_abc
