"""Truncated back-propagation through time: the state crosses the cut, the gradient does not. Lesson 09.

After Ronald J. Williams and Jing Peng, "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent
Network Trajectories", Neural Computation 2 (1990).
"""

from __future__ import annotations

from tunesmith.display.drawing import Drawing, Picture, tint
from tunesmith.display.style import CONCEPTS, FAINT_INK, GREY, INK, VERMILLION

CELL, HIDDEN, GRADIENT = CONCEPTS["cell state"], CONCEPTS["hidden state"], CONCEPTS["training"]

_PIECE = 3  # steps
_COLUMNS = (96, 204, 312, 448, 556, 664)
_CUT = 380
_LOSS, _MIDDLE, _INPUT = 92, 216, 322  # heights
_HALF = 34  # of a cell's width


def truncated() -> Picture:
    """Six steps in two pieces of three."""
    sheet = Drawing(720, 420)
    for place, x in enumerate(_COLUMNS):
        _draw_step(sheet, place, x)
    sheet.wire((16, _MIDDLE - 12), (_COLUMNS[0] - _HALF, _MIDDLE - 12), color=CELL, width=5)
    sheet.wire((16, _MIDDLE + 12), (_COLUMNS[0] - _HALF, _MIDDLE + 12), color=HIDDEN)
    sheet.wire((_CUT, 44), (_CUT, _MIDDLE - 34), color=VERMILLION, dash="3 5", arrow=False)
    sheet.wire((_CUT, _MIDDLE + 34), (_CUT, 342), color=VERMILLION, dash="3 5", arrow=False)
    sheet.words(_CUT, 30, "cut", color=VERMILLION, bold=True)
    sheet.letters(36, _MIDDLE - 28, "C_0")
    sheet.letters(36, _MIDDLE + 40, "h_0")
    sheet.words(16, 30, "dashed: gradients, backward", size=17, color=GRADIENT, anchor="start")
    for left, right, text in ((62, 346, "first piece"), (414, 698, "second piece")):
        sheet.curve([(left, 352), (left, 361), (right, 361), (right, 352)], FAINT_INK, 2)
        sheet.words((left + right) / 2, 390, text)
    alt = (
        "Truncated back-propagation through time. Six LSTM steps in two pieces of three. Forward, to the right, the "
        "states h and C go through all six steps, over the cut as well. Each step has a loss. Dashed, backward, the "
        "gradients of the losses go down into their steps and to the left, from step 3 to 1 and from step 6 to 4. "
        "At the cut between steps 3 and 4 they end."
    )
    return Picture(sheet.svg("Truncated back-propagation through time", alt), alt)


def _draw_step(sheet: Drawing, place: int, x: float) -> None:
    """One cell with its input, its loss, the states it hands on and the gradients that come back."""
    t, last = place + 1, place == len(_COLUMNS) - 1
    dashed = {"color": GRADIENT, "dash": "7 5"}
    sheet.wire((x, _INPUT - 20), (x, _MIDDLE + 30), color=FAINT_INK)
    sheet.letters(x, _INPUT + 6, f"x_{t}")
    sheet.wire((x - 12, _MIDDLE - 30), (x - 12, _LOSS + 20), color=HIDDEN)
    sheet.wire((x + 12, _LOSS + 20), (x + 12, _MIDDLE - 30), **dashed)
    sheet.box(x, _LOSS, 56, 40)
    sheet.letters(x, _LOSS + 7, f"L_{t}", size=22)
    sheet.box(x, _MIDDLE, 2 * _HALF, 60, color=INK, fill=tint(GREY))
    sheet.words(x, _MIDDLE + 6, "LSTM", size=17)
    if not last:
        after = _COLUMNS[place + 1] - _HALF
        sheet.wire((x + _HALF, _MIDDLE - 12), (after, _MIDDLE - 12), color=CELL, width=5)
        sheet.wire((x + _HALF, _MIDDLE + 12), (after, _MIDDLE + 12), color=HIDDEN)
        if t % _PIECE:
            back = _MIDDLE + 46
            sheet.wire((after + 14, _MIDDLE + 30), (after + 14, back), (x + 20, back), (x + 20, _MIDDLE + 30), **dashed)
