"""The GRU cell in PyTorch's form, where the reset gate stands behind the product with U. Lessons 02 and 09.

After Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder" (2014).
"""

from __future__ import annotations

from tunesmith.display.drawing import PANEL, Drawing, Picture, shade, tint
from tunesmith.display.style import CONCEPTS, FAINT_INK, INK

HIDDEN, CANDIDATE = CONCEPTS["hidden state"], CONCEPTS["candidate"]
UPDATE = CONCEPTS["forget gate"]  # z says how much of the old state is kept, as f does in an LSTM
RESET = CONCEPTS["output gate"]  # r says how much of the state is let out, as o does

_PATH, _TURN, _INNER, _GATES, _JOINED, _INPUT = 84, 132, 244, 330, 412, 452  # heights
_Z, _R, _N, _SUM, _MIX, _END = 154, 270, 358, 440, 588, 646  # columns


def cell() -> Picture:
    """h_t = (1 − z_t) · n_t + z_t · h_{t−1}, with n_t = tanh(W_n x_t + r_t · (U_n h_{t−1}))."""
    sheet = Drawing(720, 510)
    sheet.panel(64, 32, 608, 438)
    _draw_inputs(sheet)
    _draw_candidate(sheet)
    _draw_gates(sheet)
    _draw_path(sheet)
    alt = (
        "GRU cell. The hidden state runs along the top, from h_{t−1} to h_t: it is multiplied by the update gate "
        "z_t, then (1 − z_t) · n_t is added. Two sigmoid layers read x_t and h_{t−1}: the update gate z_t and the "
        "reset gate r_t. For the candidate n_t, the reset gate multiplies U_n h_{t−1}, W_n x_t is added, and the "
        "tanh of it is n_t."
    )
    return Picture(sheet.svg("GRU cell", alt), alt)


def _draw_inputs(sheet: Drawing) -> None:
    color = FAINT_INK
    sheet.wire((84, _PATH), (84, _JOINED), (_Z, _JOINED), color=HIDDEN, arrow=False)
    sheet.wire((114, 486), (114, _JOINED), (_Z, _JOINED), color=color, arrow=False)
    sheet.wire((114, _INPUT), (_SUM, _INPUT), (_SUM, _GATES + 24), color=color)
    sheet.wire((_Z, _JOINED), (_R, _JOINED), (_R, _GATES + 31), color=color)
    sheet.wire((_Z, _JOINED), (_Z, _GATES + 31), color=color)
    sheet.dot(_Z, _JOINED, color)
    sheet.dot(114, _INPUT, color)
    sheet.letters(100, 492, "x_t", color=color, anchor="end")
    sheet.letters(_SUM - 12, _INPUT - 12, "x_t", color=color, size=20, anchor="end")
    sheet.letters((_Z + _R) / 2, _JOINED - 12, "[h_{t−1}, x_t]", color=color, size=20)


def _draw_candidate(sheet: Drawing) -> None:
    """tanh(W_n x + r · (U_n h)), from the left to the right."""
    sheet.wire((_N, _PATH), (_N, 162), color=HIDDEN)
    sheet.wire((_N, 204), (_N, _INNER - 17), color=CANDIDATE)
    sheet.wire((_N + 17, _INNER), (_SUM - 17, _INNER), color=CANDIDATE)
    sheet.wire((_SUM, _GATES - 24), (_SUM, _INNER + 17), color=CANDIDATE)
    sheet.wire((_SUM + 17, _INNER), (_MIX - 17, _INNER), color=CANDIDATE)
    sheet.dot(_N, _PATH, HIDDEN)
    for x, y, name in ((_N, 184, "U_n"), (_SUM, _GATES, "W_n")):
        sheet.box(x, y, 62, 44, color=CANDIDATE, fill=tint(CANDIDATE))
        sheet.letters(x, y + 6, name, size=22)
    sheet.times(_N, _INNER)
    sheet.plus(_SUM, _INNER)
    sheet.box(_SUM + 62, _INNER, 62, 34, color=CANDIDATE, fill=tint(CANDIDATE), corner=17)
    sheet.letters(_SUM + 62, _INNER + 7, "tanh", size=21)
    sheet.letters(_MIX - 34, _INNER + 30, "n_t", color=shade(CANDIDATE))
    sheet.words(_SUM + 44, _GATES + 6, "candidate", anchor="start")


def _draw_gates(sheet: Drawing) -> None:
    up = _GATES - 31
    sheet.wire((_Z, up), (_Z, _TURN), (_MIX, _TURN), color=UPDATE, arrow=False, over=PANEL)
    sheet.wire((_MIX, _TURN), (_MIX, _PATH + 17), color=UPDATE)
    sheet.wire((_MIX, _TURN), (_MIX, _INNER - 17), color=UPDATE)
    sheet.dot(_MIX, _TURN, UPDATE)
    sheet.wire((_R, up), (_R, _INNER), (_N - 17, _INNER), color=RESET)
    for x, word, color in ((_Z, "update", UPDATE), (_R, "reset", RESET)):
        sheet.box(x, _GATES, 104, 62, color=color, fill=tint(color))
        sheet.letters(x, _GATES - 5, "σ")
        sheet.words(x, _GATES + 21, word)
    sheet.letters(_Z + 10, up - 18, "z_t", color=shade(UPDATE), anchor="start")
    sheet.letters(_R - 10, up - 18, "r_t", color=shade(RESET), anchor="end")
    sheet.box(_MIX, 180, 54, 34, color=UPDATE, fill=tint(UPDATE), corner=17)
    sheet.letters(_MIX, 187, "1 −", size=22)


def _draw_path(sheet: Drawing) -> None:
    """The hidden state: times z_t, plus (1 − z_t) · n_t."""
    heavy = {"color": HIDDEN, "width": 6}
    sheet.wire((14, _PATH), (_MIX - 17, _PATH), **heavy)
    sheet.wire((_MIX + 17, _PATH), (_END - 17, _PATH), **heavy)
    sheet.wire((_END + 17, _PATH), (708, _PATH), **heavy)
    sheet.wire((_MIX + 17, _INNER), (_END, _INNER), (_END, _PATH + 17), color=INK)
    sheet.dot(84, _PATH, HIDDEN)
    sheet.dot(_N, _PATH, HIDDEN)
    sheet.times(_MIX, _PATH)
    sheet.times(_MIX, _INNER)
    sheet.plus(_END, _PATH)
    sheet.letters(40, _PATH - 20, "h_{t−1}")
    sheet.letters(692, _PATH - 20, "h_t")
