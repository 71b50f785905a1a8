"""Is a text a valid tune, and if not, what is wrong with it? Lesson 10."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from dataclasses import dataclass

from tunesmith.music.abc import LARGEST, MOST_BARS, parse_abc
from tunesmith.music.abc_clean import clean_abc
from tunesmith.music.abc_grammar import AbcReader, Fault
from tunesmith.music.abc_tunes import whole_abc
from tunesmith.music.melody import Melody

# In a line of a clean tune: grace notes; an ornament or a slur's sign; a bar line; a note with its tie.
_PART = re.compile(r"\{[^}]*\}|[~TH.]|\((?![2-9])|\)|(\|)|(\^\^?|__?|=)?([A-Ga-g])([,']*[0-9/]*)(-?)")
_SHOWN = 8  # faults that a check prints; after the first ones the others often follow from them


@dataclass(frozen=True)
class AbcCheck:
    """What `check_abc` found. Printed, it names each fault with its line and bar.

    text: the clean tune that was checked; lines and bars are counted in it.
    """

    text: str
    faults: tuple[Fault, ...]

    @property
    def valid(self) -> bool:
        """Is there no fault?"""
        return not self.faults

    @property
    def kinds(self) -> Counter[str]:
        """How many faults there are of which kind."""
        return Counter(fault.kind for fault in self.faults)

    def melody(self, title: str = "") -> Melody:
        """The tune as a melody, with its repeats played out: every valid tune has a score and a sound.

        Raises ValueError for a tune that is not valid, with its first fault.
        """
        if self.faults:
            raise ValueError(f"the tune is not valid, so it has no melody: {self.faults[0]}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # music21's own
            return parse_abc(whole_abc(notes_alone(self.text), title)).melody

    def __str__(self) -> str:
        if self.valid:
            return "a valid tune"
        lines = [str(fault) for fault in self.faults[:_SHOWN]]
        if more := len(self.faults) - len(lines):
            lines.append(f"and {more} more")
        return "\n".join(lines)


def check_abc(text: str) -> AbcCheck:
    """Check a tune as a network writes it, a clean one with ``M:``, ``L:``, ``K:`` and lines of music. Lesson 10.

    A whole tune of an ABC file, one with an ``X:`` line, is cleaned first, see `clean_abc`. Valid is what real tunes
    do: bars that add up, an upbeat with its complement before the repeat and at the end, bars that a sign cuts in
    two, first and second endings, tuplets, broken rhythm, grace notes, ties and slurs that end, a final bar line.

    Raises SongError for a whole tune that can't be cleaned.
    """
    if re.search(r"^X:", text, re.MULTILINE):
        text = clean_abc(text)
    text = text.rstrip("\n") + "\n"
    machine = AbcReader()
    if len(text) > LARGEST:
        fault = Fault(1, 0, "length", f"{len(text):,} letters and signs are too many for a tune: at most {LARGEST:,}")
        return AbcCheck(text, (fault,))
    for place, char in enumerate(text + "\n"):
        if machine.ended:
            more = "more follows behind an empty line, which ends the tune"
            fault = Fault(machine.line, 0, "end", f"{more}: {text[place:].strip()[:20]!r}")
            return AbcCheck(text, (*machine.faults, fault))
        machine.push(char)
    if machine.bars.number > MOST_BARS:
        fault = Fault(
            machine.line, machine.bars.number, "length", f"more than {MOST_BARS} bars are too many for a tune"
        )
        return AbcCheck(text, (*machine.faults, fault))
    return AbcCheck(text, machine.faults)


def notes_alone(text: str) -> str:
    """A clean tune without grace notes, slurs and ornaments, each note with its accidental. Lesson 10.

    The sound is the same. music21 counts a grace note in a tuplet or in broken rhythm as one of its notes, passes over
    > behind the end of a slur and before a line break, loses a note behind H, and lets an accidental hold for one note
    only, where the standard (2.1, section 11.3) has it hold to the bar's end, for all octaves.
    """
    *header, music = text.split("\n", 3)
    signs: dict[str, str] = {}  # letter → its accidental in this bar
    tied = ""  # the accidental that a tie carries on

    def plain(part: re.Match[str]) -> str:
        nonlocal tied
        bar, sign, letter, rest, tie = part.groups()
        if bar:
            signs.clear()
            return bar
        if letter is None:
            return ""
        carried, tied = tied, ""
        if sign:
            signs[letter.upper()] = sign
        sign = sign or carried or signs.get(letter.upper(), "")
        if tie:
            tied = sign
        return f"{sign}{letter}{rest}{tie}"

    return "\n".join([*header, _PART.sub(plain, re.sub(r"([<>])\n", r"\1", music))])
