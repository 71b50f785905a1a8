"""The sopranos of Bach's four-part chorales BWV 253 to 438, as music21's corpus has them. Lesson 11.

They are a test set of the literature on predicting melodies: Conklin & Witten (1995), Pearce (2005). Only what is
needed is read, with the standard library: a second for all, where music21 takes a minute.
"""

from __future__ import annotations

import zipfile
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from tunesmith.music.melody import Melody, Note

NUMBERS = range(253, 439)  # BWV

_ABOVE_C = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}  # semitones


def chorale_sopranos() -> list[Melody]:
    """The 186 sopranos in the order of their numbers, as they are written: no repeat is played. Lesson 11.

    Their notes have sounding pitches and whole lengths (ties are joined); rests stay. Key, metre and upbeat are left
    out. Raises ValueError where music21 was installed without its corpus.
    """
    folder = Path(find_spec("music21").origin).parent / "corpus" / "bach"
    paths = [folder / f"bwv{number}.mxl" for number in NUMBERS]
    missing = next((path for path in paths if not path.is_file()), None)
    if missing:
        raise ValueError(f"music21 was installed without its chorales ({missing} is missing): install it from PyPI")
    return [_soprano(path) for path in paths]


def _soprano(path: Path) -> Melody:
    """The first part of a compressed score."""
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".xml") and "META-INF" not in name)
        with archive.open(name) as file:  # read no further than the first part's end
            part = next(element for _, element in ElementTree.iterparse(file) if element.tag == "part")
    notes: list[Note] = []
    quarter = 1  # how many of the file's units of time a quarter note has
    for measure in part.findall("measure"):
        divisions = measure.findtext("attributes/divisions")
        quarter = int(divisions) if divisions else quarter
        for element in measure.findall("note"):
            if element.find("grace") is None:
                _add(notes, element, quarter)
    return Melody(tuple(notes), title=f"BWV {path.stem[3:]}", source=path.name)


def _add(notes: list[Note], element: ElementTree.Element, quarter: int) -> None:
    """Add a note or a rest; a note at the end of a tie lengthens the one before."""
    duration = Fraction(int(element.findtext("duration")), quarter)
    ties = {tie.get("type") for tie in element.findall("tie")}
    if "stop" in ties and notes and notes[-1].pitch is not None:
        notes[-1] = Note(notes[-1].pitch, notes[-1].duration + duration)
        return
    pitch = element.find("pitch")
    height = None
    if pitch is not None:
        step, octave = pitch.findtext("step"), int(pitch.findtext("octave"))
        height = 12 * (octave + 1) + _ABOVE_C[step] + int(pitch.findtext("alter", "0"))
    notes.append(Note(height, duration))
