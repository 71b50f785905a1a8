"""The LSTM cell, whole or with one part in its colour, and the cell state's way through several steps.

Lessons 02 and 09.

After Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (1997), with the forget gate of
Gers, Schmidhuber and Cummins, "Learning to Forget", Neural Computation 12 (2000).
"""

from __future__ import annotations

from collections.abc import Mapping

from tunesmith.display.drawing import (
    PALE,
    PALE_INK,
    PAPER,
    Drawing,
    Picture,
    number,
    shade,
    tint,
)
from tunesmith.display.style import CONCEPTS, FAINT_INK, INK

HIGHLIGHTS = ("forget", "input", "candidate", "update", "output")
VALUES = ("x", "h_before", "C_before", "f", "i", "C_tilde", "o", "C", "h")

CELL, HIDDEN = CONCEPTS["cell state"], CONCEPTS["hidden state"]
FORGET, INPUT = CONCEPTS["forget gate"], CONCEPTS["input gate"]
CANDIDATE, OUTPUT = CONCEPTS["candidate"], CONCEPTS["output gate"]

_PATH, _GATES, _JOINED = 84, 270, 364  # the heights of the cell state, of the gates, of what all gates read
_F, _I, _C, _O, _H = 164, 288, 410, 532, 612  # where the gates stand, and the way out
_MIDDLE = (_I + _C) / 2

_ALT = {
    None: (
        "LSTM cell. The cell state runs straight along the top, from C_{t−1} to C_t: first it is multiplied by the "
        "forget gate f_t, then i_t · C̃_t is added. Below, x_t and h_{t−1} are joined and feed four layers: forget "
        "gate f_t, input gate i_t and output gate o_t with a sigmoid, candidate C̃_t with a tanh. The output gate "
        "times tanh(C_t) is h_t."
    ),
    "forget": (
        "LSTM cell with the forget gate in vermillion: a sigmoid layer reads x_t and h_{t−1} and gives f_t, which "
        "multiplies the old cell state C_{t−1}. The rest of the cell is pale."
    ),
    "input": (
        "LSTM cell with the input gate in blue: a sigmoid layer reads x_t and h_{t−1} and gives i_t, which says "
        "how much of the candidate goes on to the cell state. The rest of the cell is pale."
    ),
    "candidate": (
        "LSTM cell with the candidate in green: a tanh layer reads x_t and h_{t−1} and gives C̃_t, what could be "
        "written on the cell state. The rest of the cell is pale."
    ),
    "update": (
        "LSTM cell with the update of the cell state in black: C_{t−1} is multiplied by f_t, then i_t · C̃_t is "
        "added, and that is C_t. The wires of f_t, i_t and C̃_t keep their colours. The rest of the cell is pale."
    ),
    "output": (
        "LSTM cell with the output gate in purple: a sigmoid layer reads x_t and h_{t−1} and gives o_t, which "
        "multiplies tanh(C_t), and that is h_t. The rest of the cell is pale."
    ),
}
_SAID = dict(zip(VALUES, ("x_t", "h_{t−1}", "C_{t−1}", "f_t", "i_t", "C̃_t", "o_t", "C_t", "h_t"), strict=True))
_READ = ("forget", "input", "candidate", "output")  # the parts that read x_t and h_{t−1}


def cell(highlight: str | None = None, values: Mapping[str, float] | None = None) -> Picture:
    """The LSTM cell. highlight: one of `HIGHLIGHTS`. values: numbers for some of `VALUES`, checked already."""
    values = values or {}
    sheet = _Cell(720, 452, highlight, values)
    sheet.panel(94, 32, 558, 366)
    sheet.draw_inputs()
    sheet.draw_gates()
    sheet.draw_path()
    sheet.draw_output()
    alt = _ALT[highlight]
    if values:
        numbers = ", ".join(f"{_SAID[name]} = {sheet.number(name)}" for name in VALUES if name in values)
        alt += f" With {numbers}."
    return Picture(sheet.svg("LSTM cell", alt), alt)


class _Cell(Drawing):
    """The sheet, with what is in question and the numbers at hand."""

    def __init__(self, width: int, height: int, highlight: str | None, values: Mapping[str, float]) -> None:
        super().__init__(width, height)
        self.highlight = highlight
        self.values = values

    def paint(self, color: str, *parts: str) -> str:
        """The colour, if one of the parts is in question; otherwise pale."""
        return color if self.highlight is None or self.highlight in parts else PALE

    def ink(self, color: str, *parts: str) -> str:
        """The same for letters."""
        return shade(color) if self.highlight is None or self.highlight in parts else PALE_INK

    def number(self, name: str) -> str:
        return number(self.values[name], signed=name not in ("f", "i", "o"))

    def put(self, x: float, y: float, name: str, *parts: str, anchor: str = "middle") -> None:
        """The number of that name, if there is one."""
        if name in self.values:
            self.words(x, y, self.number(name), color=self.ink(INK, *parts), bold=True, anchor=anchor)

    def draw_inputs(self) -> None:
        """x_t and h_{t−1}, joined, and the way along the gates."""
        start = 118
        for x, part in ((_F, "forget"), (_I, "input"), (_C, "candidate")):
            self.wire((x, _JOINED), (x, _GATES + 31), color=self.paint(FAINT_INK, part))
        self.wire((_C, _JOINED), (_O, _JOINED), (_O, _GATES + 31), color=self.paint(FAINT_INK, "output"))
        self.wire((_I, _JOINED), (_C, _JOINED), color=self.paint(FAINT_INK, *_READ[2:]), arrow=False)
        self.wire((_F, _JOINED), (_I, _JOINED), color=self.paint(FAINT_INK, *_READ[1:]), arrow=False)
        self.wire((start, 424), (start, _JOINED), (_F, _JOINED), color=self.paint(FAINT_INK, *_READ), arrow=False)
        self.wire((18, _JOINED), (_F, _JOINED), color=self.paint(HIDDEN, *_READ), arrow=False)
        self.wire((start, _JOINED), (_F, _JOINED), color=self.paint(FAINT_INK, *_READ), arrow=False)
        for x, part in ((_F, "forget"), (_I, "input"), (_C, "candidate")):
            self.dot(x, _JOINED, self.paint(FAINT_INK, part))
        ink = self.ink(FAINT_INK, *_READ)
        self.letters(48, _JOINED - 15, "h_{t−1}", color=ink)
        self.letters(100, 433, "x_t", color=ink, anchor="end")
        self.letters((_F + _I) / 2 + 2, _JOINED + 26, "[h_{t−1}, x_t]", color=ink, size=20)
        self.put(16, _JOINED + 24, "h_before", *_READ, anchor="start")
        self.put(134, 433, "x", *_READ, anchor="start")

    def draw_gates(self) -> None:
        """Four layers with weights of their own, and the wire that each sends up."""
        up = _GATES - 31
        self.wire((_F, up), (_F, _PATH + 17), color=self.paint(FORGET, "forget", "update"))
        self.wire((_I, up), (_I, 164), (_MIDDLE - 17, 164), color=self.paint(INPUT, "input", "update"))
        self.wire((_C, up), (_C, 164), (_MIDDLE + 17, 164), color=self.paint(CANDIDATE, "candidate", "update"))
        self.wire((_O, up), (_O, 190), (_H - 17, 190), color=self.paint(OUTPUT, "output"))
        gates = (
            (_F, "σ", "forget", "f_t", "f", FORGET),
            (_I, "σ", "input", "i_t", "i", INPUT),
            (_C, "tanh", "candidate", "C̃_t", "C_tilde", CANDIDATE),
            (_O, "σ", "output", "o_t", "o", OUTPUT),
        )
        for x, function, word, letter, name, color in gates:
            lit = self.highlight in (None, word)
            self.box(x, _GATES, 110, 62, color=self.paint(color, word), fill=tint(color) if lit else PAPER)
            self.letters(x, _GATES - 5, function, color=INK if lit else PALE_INK)
            self.words(x, _GATES + 21, word, color=INK if lit else PALE_INK)
            shown = (word,) if word == "output" else (word, "update")
            self.letters(x - 10, up - 18, letter, color=self.ink(color, *shown), anchor="end")
            self.put(x + 10, up - 18, name, *shown, anchor="start")

    def draw_path(self) -> None:
        """The cell state: times f_t, plus i_t · C̃_t."""
        heavy = {"width": 6, "bend": 0}
        self.wire((18, _PATH), (_F - 17, _PATH), color=self.paint(CELL, "forget", "update"), **heavy)
        self.wire((_F + 17, _PATH), (_MIDDLE - 17, _PATH), color=self.paint(CELL, "forget", "update"), **heavy)
        self.wire((_H, _PATH), (702, _PATH), color=self.paint(CELL, "update"), **heavy)
        self.wire((_MIDDLE + 17, _PATH), (_H, _PATH), color=self.paint(CELL, "update", "output"), arrow=False, **heavy)
        self.wire((_MIDDLE, 164 - 17), (_MIDDLE, _PATH + 17), color=self.paint(INK, "update"))
        self.times(_F, _PATH, self.paint(INK, "forget", "update"))
        self.times(_MIDDLE, 164, self.paint(INK, "input", "update"))
        self.plus(_MIDDLE, _PATH, self.paint(INK, "update"))
        self.letters(48, _PATH - 20, "C_{t−1}", color=self.ink(CELL, "forget", "update"))
        self.letters(682, _PATH - 20, "C_t", color=self.ink(CELL, "update", "output"))
        small = {"size": 20}
        self.letters((_F + _MIDDLE) / 2, _PATH - 15, "f_t · C_{t−1}", color=self.ink(INK, "forget", "update"), **small)
        self.letters(_MIDDLE + 12, 130, "i_t · C̃_t", color=self.ink(INK, "update"), anchor="start", **small)
        self.put(16, _PATH + 29, "C_before", "forget", "update", anchor="start")
        self.put(706, _PATH + 29, "C", "update", "output", anchor="end")

    def draw_output(self) -> None:
        """What the cell shows: o_t times tanh(C_t)."""
        color = self.paint(FAINT_INK, "output")
        self.wire((_H, _PATH), (_H, 190 - 17), color=color)
        self.dot(_H, _PATH, self.paint(CELL, "update", "output"))
        self.box(_H, 134, 62, 34, color=self.paint(INK, "output"), corner=17)
        self.letters(_H, 141, "tanh", color=self.ink(INK, "output"), size=21)
        self.wire((_H, 190 + 17), (_H, _JOINED), (702, _JOINED), color=self.paint(HIDDEN, "output"))
        self.times(_H, 190, self.paint(INK, "output"))
        self.letters(682, _JOINED - 15, "h_t", color=self.ink(FAINT_INK, "output"))
        self.put(706, _JOINED + 24, "h", "output", anchor="end")


def unrolled() -> Picture:
    """Three steps: the cell state as one straight path, with a forget gate on it at each of them."""
    sheet = Drawing(720, 372)
    path, y = 108, 244
    steps = (140, 360, 580)
    sheet.letters(360, 44, "of C_0, f_1 · f_2 · f_3 reaches C_3", size=22)
    sheet.wire((14, path), (706, path), color=CELL, width=6)
    for t, x in enumerate(steps, 1):
        times, plus, gates, out = x - 60, x - 4, x - 34, x + 76
        sheet.wire((times, y - 30), (times, path + 17), color=FORGET)
        sheet.wire((plus, y - 30), (plus, path + 17), color=INK)
        sheet.times(times, path, FORGET)
        sheet.plus(plus, path)
        sheet.letters(times - 9, y - 52, f"f_{t}", color=shade(FORGET), anchor="end")
        sheet.letters(plus + 8, y - 52, f"i_{t} · C̃_{t}", size=19, anchor="start")
        sheet.wire((gates, 330), (gates, y + 30), color=FAINT_INK)
        sheet.letters(gates, 358, f"x_{t}")
        sheet.box(gates, y, 116, 60, fill=tint(HIDDEN))
        sheet.words(gates, y + 6, "gates")
        # the cell state feeds no gate: by way of the tanh it meets o_t
        sheet.wire((out, path), (out, y - 17), color=FAINT_INK)
        sheet.dot(out, path, CELL)
        sheet.box(out, 152, 56, 30, corner=15)
        sheet.letters(out, 158, "tanh", size=20)
        sheet.wire((gates + 58, y), (out - 17, y), color=OUTPUT)
        sheet.letters(out - 37, y - 15, f"o_{t}", color=shade(OUTPUT), size=22)
        sheet.times(out, y, OUTPUT)
        end = 706 if t == len(steps) else x + 128
        sheet.wire((out + 17, y), (end, y), color=HIDDEN)
        sheet.letters(out + 38, y - 15, f"h_{t}", size=22)
    sheet.wire((14, y), (48, y), color=HIDDEN)
    sheet.letters(24, y - 15, "h_0", size=22)
    sheet.letters(28, path - 20, "C_0")
    sheet.letters(690, path - 20, "C_3")
    alt = (
        "LSTM, unrolled over three steps. The cell state is one straight, heavy path from C_0 to C_3. On it stand, "
        "at each step, a multiplication by the forget gate f_t and an addition of i_t · C̃_t, so that C_0 reaches "
        "C_3 times f_1 · f_2 · f_3. Below, the gates of each step read x_t and h_{t−1}. C_t feeds no gate: its tanh "
        "times the output gate o_t is h_t, which goes on to the next step."
    )
    return Picture(sheet.svg("LSTM, unrolled", alt), alt)
