"""The key: what boxes, circles and wires mean in every diagram. Lesson 02."""

from __future__ import annotations

import math
from collections.abc import Callable

from tunesmith.display.drawing import Drawing, Picture, tint
from tunesmith.display.style import CONCEPTS, FAINT_INK, GREY, HAIRLINE, INK, PAPER

HIDDEN, CELL = CONCEPTS["hidden state"], CONCEPTS["cell state"]


def operations() -> Picture:
    """Layers with their curves, then what is done to each number, then wires."""
    sheet = Drawing(720, 470)
    _layer(sheet, 20, "σ", "0 to 1", lambda x: 1 / (1 + math.exp(-x)), ("0", "1"))
    _layer(sheet, 380, "tanh", "−1 to 1", math.tanh, ("−1", "1"))
    rows = (208, 286, 364, 434)
    sheet.times(60, rows[0])
    _say(sheet, 110, rows[0], "multiply", "number by number")
    sheet.plus(60, rows[1])
    _say(sheet, 110, rows[1], "add", "number by number")
    sheet.box(60, rows[2], 62, 34, corner=17)
    sheet.letters(60, rows[2] + 7, "tanh", size=21)
    _say(sheet, 110, rows[2], "function", "no weights")
    y = rows[0]
    sheet.wire((384, y - 8), (462, y - 8), color=FAINT_INK)
    sheet.wire((404, y + 24), (404, y - 8), (440, y - 8), color=FAINT_INK, arrow=False)
    _say(sheet, 486, y, "join", "one list of both")
    y = rows[1]
    sheet.wire((384, y), (462, y), color=FAINT_INK)
    sheet.wire((410, y), (410, y - 30), color=FAINT_INK)
    sheet.dot(410, y, FAINT_INK)
    _say(sheet, 486, y, "copy", "the same both ways")
    y = rows[2]
    sheet.wire((423, y + 28), (423, y - 28), color=FAINT_INK)
    sheet.wire((384, y), (462, y), color=FAINT_INK, over=PAPER)
    _say(sheet, 486, y, "cross", "no contact")
    y = rows[3]
    sheet.wire((24, y), (96, y), color=CELL, width=6)
    _say(sheet, 110, y, "cell state C", "")
    sheet.wire((384, y), (462, y), color=HIDDEN)
    _say(sheet, 486, y, "hidden state h", "")
    alt = (
        "Key of the diagrams. A box with σ is a layer with weights whose numbers lie between 0 and 1; a box with "
        "tanh is one whose numbers lie between −1 and 1; small curves show both. A circle with × multiplies and "
        "one with + adds, number by number. A round tanh has no weights. Two wires that merge are joined into one "
        "list; a dot copies; wires that cross with a gap do not touch. The cell state is a heavy black wire, the "
        "hidden state a grey one."
    )
    return Picture(sheet.svg("Key of the diagrams", alt), alt)


def _say(sheet: Drawing, x: float, y: float, name: str, more: str) -> None:
    """What a sign is called, and what it does, in a line below."""
    sheet.words(x, y - 4 if more else y + 6, name, bold=True, anchor="start")
    if more:
        sheet.words(x, y + 19, more, size=17, anchor="start")


def _layer(
    sheet: Drawing, left: float, name: str, span: str, function: Callable[[float], float], ends: tuple[str, str]
) -> None:
    """A layer's box, what comes out of it, and its curve."""
    sheet.box(left + 46, 66, 84, 62, fill=tint(GREY))
    sheet.letters(left + 46, 73, name)
    sheet.words(left, 128, "layer: weights, then " + span, size=17, anchor="start")
    x, low, high = left + 142, 96, 36
    middle, bottom = x + 80, function(-6)
    scale = (low - high) / (1 - round(bottom))
    for y, end in ((low, ends[0]), (high, ends[1])):
        sheet.curve([(x, y), (x + 160, y)], HAIRLINE, 1.5)
        sheet.letters(x - 8, y + 6, end, size=18, color=FAINT_INK, anchor="end")
    sheet.curve([(middle, low), (middle, high)], HAIRLINE, 1.5)
    inputs = [step / 5 for step in range(-25, 26)]
    sheet.curve([(middle + 16 * t, low - (function(t) - round(bottom)) * scale) for t in inputs], INK)
