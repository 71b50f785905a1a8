"""`show`: the one call that makes music seen and heard. Every lesson.

Beside the picture stands a text form that lists the notes bar by bar: it is what a terminal prints,
and what nbval compares in the committed notebooks.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from tunesmith.display.frontend import in_notebook
from tunesmith.display.player import player
from tunesmith.music.key import pitch_name
from tunesmith.music.melody import Melody

# What makes a melody of a token text or a list of tokens. `tunesmith/__init__` plugs it in: this room knows no tokens.
decoder: Callable[[Any], Melody] | None = None

_TEXT_WIDTH = 100
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TEXT_NOTE = re.compile(r"(?:r|([A-G])(#*|b*)(-?\d+)) (\d+(?:/\d+)?)(~?)")


def show(
    *things: Any,
    captions: str | Sequence[str] | None = None,
    title: bool = False,
    grand_staff: bool = False,
    piano_roll: bool = False,
) -> None:
    """Show each thing as a score with a player, one below the other.

    things: melodies, token texts or lists of tokens, paths of files. captions: a text for each
    thing, or one for a single thing. title: also print the songs' titles. grand_staff: each score on
    two staves, as for the piano, cut at middle C. piano_roll: below each score, its notes as bars. Every lesson.
    Raises TypeError for anything else, ValueError for what has no notes, or if the captions don't match.
    """
    melodies = [to_melody(thing) for thing in things]
    if not all(melody.notes for melody in melodies):
        raise ValueError("nothing to show: the melody has no notes")
    bundle = mimebundle(*melodies, captions=captions, title=title, grand_staff=grand_staff, piano_roll=piano_roll)
    if in_notebook():
        from IPython.display import display

        display(bundle, raw=True)
    else:
        print(bundle["text/plain"])


def mimebundle(
    *melodies: Melody,
    captions: str | Sequence[str] | None = None,
    title: bool = False,
    grand_staff: bool = False,
    piano_roll: bool = False,
) -> dict[str, str]:
    """What a notebook stores: ``text/html``, the players, and ``text/plain``, the text forms.

    With one melody it is what `Melody.renderer` wants; of one without notes there is the text form alone.
    Arguments and errors as for `show`.
    """
    captions = _captions(captions, len(melodies))
    pairs = list(zip(melodies, captions, strict=True))
    players = [
        player(
            melody,
            caption=caption,
            title=melody.title if title else "",
            grand_staff=grand_staff,
            piano_roll=piano_roll,
        )
        for melody, caption in pairs
        if melody.notes
    ]
    texts = [f"{caption}\n{text_form(melody)}" if caption else text_form(melody) for melody, caption in pairs]
    bundle = {"text/plain": "\n\n".join(texts)}
    return {"text/html": "\n".join(players), **bundle} if players else bundle


def page(melodies: Sequence[Melody], captions: str | Sequence[str] | None = None, title: str = "Melodies") -> str:
    """A whole HTML page with a player for each melody, their titles above. For the command line, lesson 14.

    title: the page's own. Errors as for `show`.
    """
    players = mimebundle(*melodies, captions=captions, title=True).get("text/html", "")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ max-width: 794px; margin: 2rem auto; padding: 0 1rem; font-family: system-ui, sans-serif }}
h1 {{ font-size: 1.5rem }}
.tunesmith-player {{ margin-bottom: 1.5rem !important }}
</style>
</head>
<body>
<main>
<h1>{html.escape(title)}</h1>
{players}
</main>
</body>
</html>
"""


def to_melody(thing: Any) -> Melody:
    """The melody that `show` makes of a thing: of a file by reading it, of tokens by decoding them.

    Raises TypeError for what is none of these, and what the reader or the decoder raises.
    """
    if isinstance(thing, Melody):
        return thing
    if isinstance(thing, Path) or (isinstance(thing, str) and re.search(r"\.[A-Za-z]\w{1,8}$", thing)):
        from tunesmith.music.files import read

        return read(thing)
    if isinstance(thing, (list, tuple)) and any(isinstance(part, Melody) for part in thing):
        raise TypeError("can't show a list of melodies: put a star before it, show(*melodies)")
    if isinstance(thing, (str, list, tuple)) and decoder:
        return decoder(thing)
    raise TypeError(f"can't show {_kind(thing)}: pass a melody, tokens or the path of a file")


def text_form(melody: Melody) -> str:
    """A melody as text: a line of facts, then its bars, such as ``| C4 1 · D4 1/2 · r 1/2 | E4 2~ | E4 1 |``.

    A pitch, its octave (C4 is middle C) and quarter notes; ``r`` is a rest; ``~`` says that a tie
    joins the note to the next. `parse_text_form` reads it back. Without notes there is the first line alone.
    """
    if not melody.notes:
        return str(melody)
    bars = [
        "\xa0· ".join(f"{pitch_name(note.pitch, melody.key)}\xa0{note.duration}{'~' * note.tied}" for note in bar)
        for bar in melody.bars()
    ]
    # No-break spaces hold a note and its duration, and the last bar and its line, together.
    music = " ".join(f"|\xa0{bar}" for bar in bars) + "\xa0|"
    lines = textwrap.wrap(music, _TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([str(melody), *lines]).replace("\xa0", " ")


def parse_text_form(text: str) -> list[tuple[int | None, Fraction]]:
    """The pitches (MIDI numbers, None for a rest) and durations (quarter notes) that a `text_form` lists."""
    notes: list[tuple[int | None, Fraction]] = []
    tied = False
    music = " ".join(line for line in text.split("\n")[1:])
    for letter, signs, octave, duration, tie in _TEXT_NOTE.findall(music):
        pitch = None
        if letter:
            pitch = 12 * (int(octave) + 1) + _LETTERS[letter] + signs.count("#") - signs.count("b")
        if tied:
            notes[-1] = (pitch, notes[-1][1] + Fraction(duration))
        else:
            notes.append((pitch, Fraction(duration)))
        tied = bool(tie)
    return notes


def _captions(captions: str | Sequence[str] | None, count: int) -> list[str]:
    """One caption for each melody, empty where there is none."""
    if count == 0:
        raise ValueError("nothing to show: pass a melody, tokens or the path of a file")
    if captions is None:
        return [""] * count
    captions = [captions] if isinstance(captions, str) else list(captions)
    if len(captions) != count:
        raise ValueError(f"{len(captions)} captions for {count} melodies: give one each")
    return captions


def _kind(thing: Any) -> str:
    return "None" if thing is None else f"a thing of type {type(thing).__name__}"
