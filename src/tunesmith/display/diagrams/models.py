"""The way of a song through the package, lesson 04, and the two networks of lesson 06 with their shapes."""

from __future__ import annotations

from tunesmith.display.drawing import PANEL, Drawing, Picture, tint
from tunesmith.display.style import CONCEPTS, FAINT_INK, GREY, INK, PAPER, SKY

HIDDEN = CONCEPTS["hidden state"]
_LEFT, _RIGHT, _WIDE, _HIGH = 18, 378, 324, 62
_ROWS = (76, 180, 284, 388, 492)


def song_path() -> Picture:
    """Down at the left from a file to the model, up at the right to a score and its sound."""
    sheet = Drawing(720, 542)
    sheet.words(_LEFT + _WIDE / 2, 30, "read a song", bold=True)
    sheet.words(_RIGHT + _WIDE / 2, 30, "write a song", bold=True)
    down = (
        ("file", "4c 4d 2e"),
        ("Melody", ""),
        ("tokens", "60 _ _ _ 62 _ …"),
        ("ids", "2 1 1 1 3 1 …"),
        ("model", ""),
    )
    up = (("score, sound", ""), ("Melody", ""), ("tokens", "64 _ _ _ 62 _ …"), ("ids", "4 1 1 1 3 1 …"), ("logits", ""))
    for y, left, right in zip(_ROWS, down, up, strict=True):
        _station(sheet, _LEFT, y, *left)
        _station(sheet, _RIGHT, y, *right)
    for y, forth, back in zip(
        _ROWS, ("read", "encode", "Vocabulary", ""), ("show, write", "decode", "Vocabulary", "sample"), strict=False
    ):
        sheet.wire((_LEFT + 54, y + 33), (_LEFT + 54, y + 71), color=FAINT_INK)
        sheet.words(_LEFT + 74, y + 58, forth, color=FAINT_INK, size=17, anchor="start")
        sheet.wire((_RIGHT + 54, y + 71), (_RIGHT + 54, y + 33), color=FAINT_INK)
        sheet.words(_RIGHT + 74, y + 58, back, color=FAINT_INK, size=17, anchor="start")
    sheet.wire((_LEFT + _WIDE + 1, _ROWS[4]), (_RIGHT - 1, _ROWS[4]), color=FAINT_INK)
    sheet.wire((_RIGHT - 1, _ROWS[3]), (_LEFT + _WIDE + 1, _ROWS[3]), color=FAINT_INK, dash="6 4")
    _roll(sheet, _LEFT + 118, _ROWS[1], (0, 1, 2))
    _roll(sheet, _RIGHT + 118, _ROWS[1], (2, 1, 0))
    _network(sheet, _LEFT + 132, _ROWS[4])
    _bars(sheet, _RIGHT + 124, _ROWS[4])
    _staff(sheet, _RIGHT + 168, _ROWS[0])
    alt = (
        "The way of a song. Down, to read one: a file (4c 4d 2e) is read into a melody, encoded into tokens (60 _ "
        "_ _ 62 …), turned by the vocabulary into ids (2 1 1 1 3 …), and goes into the model. The model gives "
        "logits. Up, to write one: from the logits an id is sampled, which the model reads next (dashed); the ids "
        "become tokens, are decoded into a melody, and that is shown as a score and played, or written to a file."
    )
    return Picture(sheet.svg("The way of a song", alt), alt)


def _station(sheet: Drawing, left: float, y: float, name: str, example: str) -> None:
    sheet.panel(left, y - _HIGH / 2, _WIDE, _HIGH, fill=PANEL)
    sheet.words(left + 16, y + 6, name, bold=True, anchor="start")
    if example:
        sheet.words(left + 116, y + 6, example, code=True, size=17, anchor="start")


def _roll(sheet: Drawing, left: float, y: float, heights: tuple[int, ...]) -> None:
    """Two quarter notes and a half note as bars."""
    for start, length, height in zip((0, 1, 2), (1, 1, 2), heights, strict=True):
        sheet.block(left + 34 * start + 17 * length, y + 14 - 14 * height, 34 * length - 4, 11, INK, INK)


def _network(sheet: Drawing, left: float, y: float) -> None:
    for x in (left, left + 44, left + 88):
        if x > left:
            sheet.wire((x - 30, y), (x - 14, y), color=HIDDEN, width=2)
        sheet.box(x, y, 28, 28, fill=tint(GREY), corner=5)


def _bars(sheet: Drawing, left: float, y: float) -> None:
    """One number for each token."""
    for i, height in enumerate((12, 30, 8, 40, 20, 5)):
        sheet.block(left + 20 * i, y + 20 - height / 2, 12, height, INK, INK)


def _staff(sheet: Drawing, left: float, y: float) -> None:
    """E, D and C as in the treble clef, the C on a line of its own, and the sign for "play"."""
    bottom = y + 8
    for line in range(5):
        sheet.curve([(left, bottom - 8 * line), (left + 106, bottom - 8 * line)], FAINT_INK, 1.2)
    sheet.curve([(left + 76, bottom + 8), (left + 102, bottom + 8)], FAINT_INK, 1.2)
    for i in range(3):
        sheet.note(left + 21 + 34 * i, bottom + 4 * i, half=i == 2)
    sheet.triangle(left + 134, y)


def window_lstm() -> Picture:
    """Above, a network that reads a window and gives one answer; below, one that answers at every step."""
    sheet = Drawing(720, 494)
    y, below = 122, 206
    sheet.words(18, 34, "window: 64 steps in, one answer out", bold=True, anchor="start")
    _one_hot(sheet, 66, y)
    _layer(sheet, 180, y, "LSTM")
    sheet.block(292, y, 96, 48, HIDDEN)
    sheet.block(412, y, 16, 116, HIDDEN)
    _layer(sheet, 524, y, "linear")
    sheet.block(644, y, 16, 96, SKY)
    _flow(sheet, y, (114, 146), (214, 244), (340, 404), (420, 484), (564, 636))
    _shape(sheet, 66, below, "(B, 64, V)", "one-hot")
    _shape(sheet, 292, below, "(B, 64, H)", "all outputs")
    _shape(sheet, 412, below, "(B, 64 · H)", "flattened")
    _shape(sheet, 644, below, "(B, V)", "logits")
    y, below = 376, 456
    sheet.words(18, 292, "every step: T steps in, T answers out", bold=True, anchor="start")
    sheet.block(66, y, 96, 16, FAINT_INK)
    _layer(sheet, 188, y, "embedding")
    _layer(sheet, 308, y, "LSTM")
    sheet.block(416, y, 96, 48, HIDDEN)
    _layer(sheet, 524, y, "linear")
    sheet.block(644, y, 96, 96, SKY)
    _flow(sheet, y, (114, 126), (250, 274), (342, 368), (464, 484), (564, 596))
    _shape(sheet, 66, below, "(B, T)", "ids")
    _shape(sheet, 416, below, "(B, T, H)", "all outputs")
    _shape(sheet, 644, below, "(B, T, V)", "logits")
    alt = (
        "Two networks with their shapes. The window model: one-hot vectors (B, 64, V) go through an LSTM, which "
        "gives (B, 64, H); flattened that is (B, 64 · H); a linear layer makes logits (B, V) of it, for the one "
        "next step. The every-step model: ids (B, T) go through an embedding and an LSTM, which gives (B, T, H); a "
        "linear layer makes logits (B, T, V), an answer at each step."
    )
    return Picture(sheet.svg("Window and every step, with shapes", alt), alt)


def _one_hot(sheet: Drawing, x: float, y: float) -> None:
    """The start of a tune as one-hot columns: one filled square in each."""
    side = 12
    sheet.block(x, y, 8 * side, 8 * side, FAINT_INK, PAPER)
    for column, row in enumerate((2, 0, 0, 0, 4, 0, 6, 0)):
        sheet.block(x + side * (column - 3.5), y - side * (row - 3.5), side, side, INK, INK)


def _layer(sheet: Drawing, x: float, y: float, name: str) -> None:
    sheet.box(x, y, {"LSTM": 68, "linear": 80}.get(name, 124), 48, fill=tint(GREY))
    sheet.words(x, y + 6, name)


def _flow(sheet: Drawing, y: float, *spans: tuple[float, float]) -> None:
    for start, end in spans:
        sheet.wire((start, y), (end, y), color=FAINT_INK, width=2)


def _shape(sheet: Drawing, x: float, y: float, shape: str, name: str) -> None:
    sheet.letters(x, y, shape, size=20)
    sheet.words(x, y + 24, name, size=17, color=FAINT_INK)
