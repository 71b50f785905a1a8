"""Recurrent networks: the loop and its steps, encoder and decoder, the gradient's way back. Lessons 01 and 09.

Encoder and decoder after Sutskever, Vinyals and Le, "Sequence to Sequence Learning with Neural Networks" (2014).
"""

from __future__ import annotations

from collections.abc import Mapping

from tunesmith.display.drawing import PANEL, Drawing, Picture, number, tint
from tunesmith.display.style import CONCEPTS, FAINT_INK, GREY, INK

HIDDEN = CONCEPTS["hidden state"]
GRADIENT = CONCEPTS["training"]
STEP_VALUES = ("w_x", "w_h", "x_1", "x_2", "x_3", "h_0", "h_1", "h_2", "h_3", "loss", "g_1", "g_2", "g_3")

_TUNE = (8, 0, -8, 4)  # how far below the middle each note stands


def _cell(sheet: Drawing, x: float, y: float, width: float = 66, height: float = 60) -> None:
    """One recurrent cell: the same box wherever it stands."""
    sheet.box(x, y, width, height, color=INK, fill=tint(GREY))
    sheet.letters(x, y + 7, "tanh", size=22)


def fixed_window() -> Picture:
    """A network with four inputs, and a melody of seven notes."""
    sheet = Drawing(720, 300)
    top, start = 102, 218
    sheet.wire((230, top - 29), (230, 22), color=INK)
    sheet.box(230, top, 400, 58, fill=tint(GREY))
    sheet.words(230, top + 6, "a network with 4 inputs")
    for t, (x, fall) in enumerate(zip((80, 180, 280, 380, 490, 580, 670), (8, 0, -8, 4, 0, -12, -4), strict=True), 1):
        if t <= 4:
            sheet.wire((x, start), (x, top + 29), color=FAINT_INK)
        else:
            sheet.wire((x, start), (x, 162), color=FAINT_INK, dash="7 6", arrow=False)
        sheet.letters(x + 13, start - 8, f"x_{t}", anchor="start")
        sheet.note(x - 2, 270 + fall, FAINT_INK)
    sheet.words(580, 108, "no input", size=17)
    sheet.words(580, 130, "left for these", size=17)
    alt = (
        "A network with four inputs above a melody of seven notes. Notes x_1 to x_4 each have an input. The wires "
        "of x_5, x_6 and x_7 are dashed and end in the air: no input is left for them."
    )
    return Picture(sheet.svg("A network of fixed size", alt), alt)


def unrolled() -> Picture:
    """The loop at the left, and the same cell once for each step at the right."""
    sheet = Drawing(720, 398)
    y = 156
    sheet.wire((104, 256), (104, y + 30), color=FAINT_INK)
    sheet.wire((104, y - 30), (104, 42), color=HIDDEN)
    sheet.wire((104, 86), (34, 86), (34, y), (71, y), color=HIDDEN)
    sheet.dot(104, 86, HIDDEN)
    _cell(sheet, 104, y)
    sheet.letters(119, 57, "h_t", anchor="start")
    sheet.letters(119, 246, "x_t", anchor="start")
    sheet.letters(38, y + 32, "h_{t−1}", size=22)
    sheet.letters(182, y + 11, "=", size=36)
    sheet.wire((216, y), (251, y), color=HIDDEN)
    sheet.letters(228, y - 14, "h_0")
    columns = ((284, "1"), (404, "2"), (524, "3"), (662, "T"))
    for (x, t), fall in zip(columns, _TUNE, strict=True):
        if t in "12":
            sheet.wire((x + 33, y), (x + 87, y), color=HIDDEN)
            sheet.letters(x + 56, y - 14, f"h_{t}")
        sheet.wire((x, 256), (x, y + 30), color=FAINT_INK)
        sheet.wire((x, y - 30), (x, 42), color=HIDDEN)
        _cell(sheet, x, y)
        sheet.letters(x + 15, 57, f"h_{t}", anchor="start")
        sheet.letters(x + 15, 246, f"x_{t}", anchor="start")
        sheet.note(x - 2, 310 + fall, FAINT_INK)
    sheet.wire((557, y), (576, y), color=HIDDEN, arrow=False)
    sheet.letters(591, y + 3, "…", size=26)
    sheet.wire((608, y), (629, y), color=HIDDEN)
    sheet.note(102, 310, FAINT_INK)
    sheet.curve([(251, 336), (251, 345), (695, 345), (695, 336)], HIDDEN, 2)
    sheet.words(473, 374, "the same cell, the same weights at every step")
    alt = (
        "A recurrent network, drawn twice. Left: one tanh cell reads x_t and gives h_t, which a loop brings back "
        "as h_{t−1}. Right, unrolled: the same cell with the same weights at steps 1, 2, 3 … T; each reads a note "
        "x_t from below and the hidden state from its left, and hands its own h_t up and on to the next step."
    )
    return Picture(sheet.svg("Recurrent network, unrolled", alt), alt)


def encoder_decoder() -> Picture:
    """One sequence is read to its end, then another is written."""
    sheet = Drawing(720, 366)
    y = 190
    sheet.panel(16, 62, 304, 286)
    sheet.panel(404, 62, 300, 286)
    sheet.words(168, 40, "encoder: reads", bold=True)
    sheet.words(554, 40, "decoder: writes", bold=True)
    for t, x in enumerate((70, 168, 266), 1):
        if t < 3:
            sheet.wire((x + 29, y), (x + 69, y), color=HIDDEN)
        sheet.wire((x, 296), (x, y + 30), color=FAINT_INK)
        sheet.letters(x, 326, f"x_{t}")
        _cell(sheet, x, y, width=58)
    for t, x in enumerate((458, 556, 654), 1):
        sheet.wire((x, y - 30), (x, 108), color=FAINT_INK)
        sheet.letters(x, 96, f"y_{t}")
        if t < 3:
            sheet.wire((x + 29, y), (x + 69, y), color=HIDDEN)
            back = [(x, 136), (x + 44, 136), (x + 44, 262), (x + 98, 262), (x + 98, y + 30)]
            sheet.wire(*back, color=FAINT_INK, dash="7 5", over=PANEL)
            sheet.dot(x, 136, FAINT_INK)
        _cell(sheet, x, y, width=58)
    sheet.wire((458, 296), (458, y + 30), color=FAINT_INK)
    sheet.words(458, 324, "start")
    sheet.wire((295, y), (429, y), color=HIDDEN, width=6)
    sheet.letters(362, y - 16, "h_3")
    sheet.words(362, y + 34, "all it", size=17)
    sheet.words(362, y + 56, "has read", size=17)
    sheet.words(600, 302, "reads what", size=17, color=FAINT_INK)
    sheet.words(600, 324, "it wrote", size=17, color=FAINT_INK)
    alt = (
        "Encoder and decoder. Left, the encoder reads x_1, x_2, x_3 one after the other. Its last hidden state "
        "h_3, all it has read, is the one thing handed over. Right, the decoder begins from it with a start sign "
        "and writes y_1, y_2, y_3 one after the other; dashed, each y it wrote is what it reads at its next step."
    )
    return Picture(sheet.svg("Encoder and decoder", alt), alt)


def gradient(values: Mapping[str, float] | None = None) -> Picture:
    """Three steps of a network with one input and one hidden number: values to the right, gradients to the left.

    values: numbers for some of `STEP_VALUES`, checked already; ``g_t`` is the gradient ∂L/∂h_t.
    """
    sheet = _Steps(720, 436)
    sheet.values = values or {}
    sheet.draw_forward()
    sheet.draw_backward()
    sheet.letters(20, 414, "h_t = tanh(w_x x_t + w_h h_{t−1})", size=22, anchor="start")
    for x, name in ((430, "w_x"), (580, "w_h")):
        if name in sheet.values:
            sheet.letters(x, 414, f"{name} =", size=22, anchor="end")
            sheet.put(x + 10, 414, name, anchor="start")
    alt = (
        "Back-propagation through three steps of a network with one input and one hidden number. Forward, to the "
        "right: at each step w_x times x_t and w_h times h_{t−1} go into a tanh, which gives h_t; h_3 gives the "
        "loss L. Backward, dashed and to the left: ∂L/∂h_3, times w_h (1 − h_3²), is ∂L/∂h_2; that, times w_h (1 − "
        "h_2²), is ∂L/∂h_1."
    )
    if values:
        alt += " With " + ", ".join(f"{_said(name)} = {number(values[name])}" for name in STEP_VALUES if name in values)
        alt += "."
    return Picture(sheet.svg("Gradient through three steps", alt), alt)


def _said(name: str) -> str:
    return "L" if name == "loss" else f"∂L/∂h_{name[-1]}" if name.startswith("g_") else name


class _Steps(Drawing):
    """The sheet of `gradient`, with the numbers at hand."""

    values: Mapping[str, float]
    middle, lane = 202, 86  # the heights of the cells, and of the way back
    steps = (166, 355, 544)

    def put(self, x: float, y: float, name: str, color: str = INK, anchor: str = "middle") -> None:
        """The number of that name, if there is one."""
        if name in self.values:
            self.words(x, y, number(self.values[name]), size=17, bold=True, color=color, anchor=anchor)

    def weight(self, x: float, y: float, name: str) -> None:
        self.box(x, y, 42, 34, fill=tint(GREY))
        self.letters(x, y + 6, name, size=21)

    def draw_forward(self) -> None:
        y = self.middle
        self.words(20, y - 52, "forward", bold=True, anchor="start")
        for t, x in enumerate(self.steps, 1):
            before = 42 if t == 1 else x - 126
            self.wire((14 if t == 1 else x - 156, y), (x - 33, y), color=HIDDEN)
            self.letters(before, y - 14, f"h_{t - 1}")
            self.put(before, y + 50, f"h_{t - 1}")
            self.weight(x - 70, y, "w_h")
            self.wire((x, y + 138), (x, y + 29), color=FAINT_INK)
            self.weight(x, y + 78, "w_x")
            self.letters(x, y + 164, f"x_{t}")
            self.put(x + 22, y + 164, f"x_{t}", anchor="start")
            self.box(x, y, 66, 58)
            self.letters(x, y + 7, "tanh", size=22)
        self.wire((577, y), (644, y), color=HIDDEN)
        self.letters(608, y - 14, "h_3")
        self.put(608, y + 50, "h_3")
        self.box(676, y, 60, 58)
        self.letters(676, y + 8, "L")
        self.put(676, y + 50, "loss")

    def draw_backward(self) -> None:
        y = self.lane
        dashed = {"color": GRADIENT, "dash": "7 5"}
        self.words(20, y - 48, "backward", color=GRADIENT, bold=True, anchor="start")
        for t, x in enumerate(self.steps, 1):
            self.letters(x, y + 7, f"∂L / ∂h_{t}", size=21)
            self.put(x, y + 34, f"g_{t}", GRADIENT)
            if t > 1:
                self.wire((x - 48, y), (x - 189 + 48, y), **dashed)
                self.letters(x - 94, y - 24, f"× w_h (1 − h_{t}²)", size=21)
        self.wire((676, self.middle - 29), (676, y), (544 + 48, y), **dashed)
