"""From a melody to a picture of its score: our own Kern, engraved by verovio.

verovio (https://www.verovio.org) is a pip wheel and reads Kern, so no other program is needed.
Used by `show` in every lesson.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from tunesmith.display.grand_staff import two_staves
from tunesmith.display.symbols import Symbol, beams, read_symbols
from tunesmith.music.kern import kern_text
from tunesmith.music.key import pitch_name
from tunesmith.music.melody import Melody
from tunesmith.music.midi import DEFAULT_TEMPO

# The width that a score is drawn for, in pixels; a narrower screen scales it down.
WIDTH = 760
# The picture's own id. The player gives each copy on a page another one.
ROOT_ID = "tunesmith-score"
# Quarter notes between the places where a melody without bar lines may be cut into staves.
_BREATH = Fraction(4)
_SCALE = 40


@dataclass(frozen=True)
class Engraving:
    """A drawn score.

    svg: the picture, white behind. times: for each drawn note head, in order, when it starts and ends,
    in seconds; a tied note has two heads or more.
    """

    svg: str
    times: tuple[tuple[float, float], ...]


def engrave(melody: Melody, *, alt: str | None = None, width: int = WIDTH, grand_staff: bool = False) -> Engraving:
    """Draw a melody: the picture and the times of its notes in one go. Used by `show`.

    alt: what a screen reader says; by default `describe(melody)`. width: in pixels, 200 or more.
    grand_staff: on two staves, as for the piano, the notes below middle C on the lower one.
    Raises ValueError for a melody without notes.
    """
    if not melody.notes:
        raise ValueError("nothing to show: the melody has no notes")
    if width < 200:
        raise ValueError(f"a score {width} pixels wide has no room for a bar: use 200 or more")
    tempo = melody.tempo or DEFAULT_TEMPO
    alt = describe(melody, grand_staff=grand_staff) if alt is None else alt
    return _engraved(printable_kern(melody, grand_staff=grand_staff), tempo, alt, width)


def svg(melody: Melody, *, alt: str | None = None, width: int = WIDTH, grand_staff: bool = False) -> str:
    """The score as SVG text, the same on every machine; arguments and errors as for `engrave`."""
    return engrave(melody, alt=alt, width=width, grand_staff=grand_staff).svg


def timemap(melody: Melody) -> tuple[tuple[float, float], ...]:
    """When each drawn note head starts and ends, in seconds. Errors as for `engrave`."""
    return engrave(melody).times


@lru_cache(maxsize=32)
def _engraved(kern: str, tempo: float, alt: str, width: int) -> Engraving:
    notes = [symbol for symbol in read_symbols(kern) if symbol.pitch is not None]
    seconds = 60 / tempo
    times = tuple(
        (round(float(note.onset) * seconds, 3), round(float(note.onset + note.duration) * seconds, 3)) for note in notes
    )
    return Engraving(_finish(_verovio_svg(kern, width), notes, alt), times)


def describe(melody: Melody, *, grand_staff: bool = False) -> str:
    """A sentence for people who don't see the score: ``Score of Lullaby: 12 notes from G4 to E5, …``."""
    pitches = melody.pitches
    title = (f"Score of {melody.title}" if melody.title else "Score") + " on two staves" * grand_staff
    count = f"{len(pitches)} note{'s' * (len(pitches) != 1)}"
    span = f" from {pitch_name(min(pitches), melody.key)} to {pitch_name(max(pitches), melody.key)}" if pitches else ""
    bars = len(melody.bars())
    frame = [f"{bars} bar{'s' * (bars != 1)} of {melody.time_signature}" if melody.time_signature else "no bar lines"]
    frame += [str(melody.key)] if melody.key else []
    return f"{title}: {count}{span}, {', '.join(frame)}."


def printable_kern(melody: Melody, *, grand_staff: bool = False) -> str:
    """The melody's Kern, made ready for printing: without title and tempo, with beams and places to cut the line."""
    lines = kern_text(melody.replace(title="", tempo=None)).splitlines()
    symbols = read_symbols("\n".join(lines))
    for line, mark in ({} if grand_staff else beams(symbols, melody)).items():
        lines[line - 1] += mark
    if melody.time_signature is None:
        lines = _with_every_sign(lines)
        for line in reversed(_breaths(symbols)):
            lines.insert(line, "=-")
    if grand_staff:
        lines = two_staves(lines, melody)  # each staff has beams of its own
    return "\n".join(lines) + "\n"


def _with_every_sign(lines: list[str]) -> list[str]:
    """Kern whose every altered note carries its sign: without bar lines nobody knows how long one holds."""
    signature = dict(re.findall(r"([a-g])([#-])", " ".join(line for line in lines if line.startswith("*k["))))

    def signed(match: re.Match[str]) -> str:
        usual = signature.get(match[1].lower(), "")
        return match[0] if match[3] == usual else f"{match[1]}{match[2]}{match[3] or 'n'}X"

    return [line if line[0] in "*!=" else re.sub(r"([a-gA-G])(\1*)([#-]*)", signed, line, count=1) for line in lines]


def _breaths(symbols: list[Symbol]) -> list[int]:
    """Lines behind which a melody without bar lines may go on in a new staff."""
    places, last = [], Fraction(0)
    for symbol in symbols[:-1]:
        end = symbol.onset + symbol.duration
        if end - last >= _BREATH and end.denominator == 1:
            places.append(symbol.line)
            last = end
    return places


def _verovio_svg(kern: str, width: int) -> str:
    """The score as verovio draws it, on as many staves as it needs."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": width * 100 // _SCALE,
            "pageHeight": 60000,
            "adjustPageHeight": True,
            "pageMarginLeft": 30,  # room for the bar number before a staff
            "pageMarginRight": 20,
            "pageMarginTop": 20,
            "pageMarginBottom": 20,
            "scale": _SCALE,
            "header": "none",
            "footer": "none",
            "breaks": "auto",
            "svgFormatRaw": True,
            "svgRemoveXlink": True,
            "xmlIdSeed": 1,  # any fixed number: without one, ids are random
        }
    )
    if not toolkit.loadData(kern):
        raise ValueError("the score could not be drawn: verovio did not accept its Kern text")
    picture = toolkit.renderToSVG(1)
    if picture.count('class="system"') == 1:  # a short tune makes a small picture, which no narrow screen need shrink
        toolkit.setOptions({"adjustPageWidth": True})
        toolkit.redoLayout()
        picture = toolkit.renderToSVG(1)
    return picture


def _finish(picture: str, notes: list[Symbol], alt: str) -> str:
    """Verovio's picture with a white page, a text alternative, numbered notes, and no id that it can do without."""
    root, width, height = re.search(r'<svg width="(\d+)px" height="(\d+)px".*?\bid="(\w+)"', picture).group(3, 1, 2)
    number = {f"note-L{note.line}F{note.field}": place for place, note in enumerate(notes)}
    text = html.escape(alt, quote=True)

    def renumber(match: re.Match[str]) -> str:
        if match[1] in number:
            return f' data-note="{number[match[1]]}"'
        return match[0] if match[1].endswith(root) else ""

    picture = re.sub(r' id="([^"]*)"', renumber, picture).replace(root, ROOT_ID)
    page = f'<title>{text}</title><rect width="100%" height="100%" style="fill:#fff;stroke:none"/>'
    picture = re.sub(r"<desc>.*?</desc>", lambda _: page, picture, count=1)
    frame = f'<svg role="img" aria-label="{text}" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return re.sub(r'<svg width="\d+px" height="\d+px"', lambda _: frame, picture, count=1)
