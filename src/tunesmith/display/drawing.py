"""A small kit for drawing diagrams: boxes, circles, wires and letters in, one SVG text out. For `figures`.

Plain Python, so that a drawing takes about a millisecond. Nothing in it has an id or points outside itself: any
number of pictures may stand on one page. The same calls give the same bytes on every machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from tunesmith.display.style import INK, PAPER

WORDS = "'DejaVu Sans', Verdana, 'Helvetica Neue', Arial, sans-serif"
LETTERS = "'STIX Two Text', 'Times New Roman', 'Liberation Serif', Times, serif"
CODE = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"

# What is not in question: pale lines, and letters that can still be read.
PALE = "#D3D9E0"
PALE_INK = "#6E7781"
PANEL = "#F5F7F9"  # the floor of a cell

LETTER_SIZE = 24
WORD_SIZE = 18
RADIUS = 17  # of a circle that stands for × or +
_BEND = 14
_TILDE = "\u0303"  # stands behind its letter


class Picture(NamedTuple):
    """A finished diagram. svg: the whole picture as text. alt: what it shows, in sentences."""

    svg: str
    alt: str


Point = tuple[float, float]


class Drawing:
    """A white sheet with round corners, `width` by `height` units. Places are (x, y), y downwards."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._parts = [_tag("rect", width=width, height=height, rx=12, fill=PAPER)]

    def svg(self, title: str, alt: str) -> str:
        """The picture as a text. title: its name in two or three words. alt: what it shows."""
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{WORDS}">'
        texts = f"<title>{escape(title)}</title>\n<desc>{escape(alt)}</desc>"
        return "\n".join([head, texts, *self._parts, "</svg>\n"])

    # ------------------------------------------------------------ lines

    def wire(
        self,
        *points: Point,
        color: str = INK,
        width: float = 3,
        arrow: bool = True,
        dash: str = "",
        bend: float = _BEND,
        over: str = "",
    ) -> None:
        """A line through the points, its corners rounded, with an arrow head that ends at the last point.

        dash: as in SVG, such as "7 6". over: the colour of the ground where the wire crosses another one.
        """
        ends = list(points)
        if arrow:
            ends[-1] = _step_back(points[-2], points[-1], _head_length(width) - 1)
        path = _rounded(ends, bend)
        if over:
            self._add("path", d=path, fill="none", stroke=over, stroke_width=width + 10)
        self._add("path", d=path, fill="none", stroke=color, stroke_width=width, stroke_dasharray=dash)
        if arrow:
            self._add("path", d=_head(points[-2], points[-1], width), fill=color)

    def dot(self, x: float, y: float, color: str = INK) -> None:
        """Where a wire divides: the same numbers go both ways."""
        self._add("circle", cx=x, cy=y, r=5.5, fill=color)

    def curve(self, points: Sequence[Point], color: str = INK, width: float = 3) -> None:
        """A line straight from point to point, such as the graph of a function."""
        self._add("path", d=_rounded(points, 0), fill="none", stroke=color, stroke_width=width)

    # ------------------------------------------------------------ shapes

    def panel(self, left: float, top: float, width: float, height: float, fill: str = PANEL) -> None:
        """A ground without an edge: what stands on it belongs together."""
        self._add("rect", x=left, y=top, width=width, height=height, rx=18, fill=fill)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        color: str = INK,
        fill: str = PAPER,
        line: float = 2.5,
        corner: float = 8,
        dash: str = "",
    ) -> None:
        """A box around the middle (x, y)."""
        self._add(
            "rect",
            x=x - width / 2,
            y=y - height / 2,
            width=width,
            height=height,
            rx=corner,
            fill=fill,
            stroke=color,
            stroke_width=line,
            stroke_dasharray=dash,
        )

    def block(self, x: float, y: float, width: float, height: float, color: str = INK, fill: str = "") -> None:
        """Numbers as a plain block around the middle (x, y), without round corners."""
        self.box(x, y, width, height, color=color, fill=fill or tint(color, 0.35), line=1.5, corner=1)

    def circle(self, x: float, y: float, color: str = INK, fill: str = PAPER, radius: float = RADIUS) -> None:
        self._add("circle", cx=x, cy=y, r=radius, fill=fill, stroke=color, stroke_width=2.5)

    def times(self, x: float, y: float, color: str = INK) -> None:
        """× in a circle: multiply, number by number."""
        self.circle(x, y, color)
        self._strokes(f"M{_n(x - 6)} {_n(y - 6)}l12 12m0 -12l-12 12", color)

    def plus(self, x: float, y: float, color: str = INK) -> None:
        """+ in a circle: add, number by number."""
        self.circle(x, y, color)
        self._strokes(f"M{_n(x - 8)} {_n(y)}h16m-8 -8v16", color)

    def note(self, x: float, y: float, color: str = INK, *, half: bool = False) -> None:
        """A quarter note, or a half note; (x, y) is the middle of its head."""
        turn = f"rotate(-20 {_n(x)} {_n(y)})"
        hollow = {"fill": PAPER, "stroke": color, "stroke_width": 2.4} if half else {"fill": color}
        size = {"rx": 6.3, "ry": 4.3} if half else {"rx": 7.5, "ry": 5.5}
        self._add("ellipse", cx=x, cy=y, **size, **hollow, transform=turn)
        self._strokes(f"M{_n(x + 6.6)} {_n(y - 2)}v-30", color, 2)

    def triangle(self, x: float, y: float, color: str = INK) -> None:
        """The sign for "play"."""
        self._add("path", d=f"M{_n(x - 8)} {_n(y - 10)}l18 10l-18 10z", fill=color)

    def _strokes(self, path: str, color: str, width: float = 3) -> None:
        self._add("path", d=path, fill="none", stroke=color, stroke_width=width, stroke_linecap="round")

    # ------------------------------------------------------------ letters

    def letters(
        self,
        x: float,
        y: float,
        text: str,
        *,
        color: str = INK,
        size: float = LETTER_SIZE,
        anchor: str = "middle",
    ) -> None:
        """A formula; y is its base line. ``_`` lowers the sign behind it, or those in braces: ``h_{t−1}``.

        One letter alone is slanted; two or more are a name, and upright: ``tanh C_t``.
        """
        self._text(x, y, _formula(text, size), color, size, anchor, font_family=LETTERS)

    def words(
        self,
        x: float,
        y: float,
        text: str,
        *,
        color: str = INK,
        size: float = WORD_SIZE,
        anchor: str = "middle",
        bold: bool = False,
        code: bool = False,
    ) -> None:
        """Plain words; y is their base line. code: with letters of one width."""
        more = {"font_family": CODE} if code else {}
        self._text(x, y, escape(text, quote=False), color, size, anchor, font_weight="bold" if bold else "", **more)

    def _text(self, x: float, y: float, inside: str, color: str, size: float, anchor: str, **more: str) -> None:
        anchor = "" if anchor == "start" else anchor
        self._parts.append(_tag("text", inside, x=x, y=y, fill=color, font_size=size, text_anchor=anchor, **more))

    def _add(self, name: str, **attributes: object) -> None:
        self._parts.append(_tag(name, **attributes))


def tint(color: str, share: float = 0.16) -> str:
    """A colour mixed with white: `share` of it stays."""
    return _mix(color, 255, share)


def shade(color: str, share: float = 0.72) -> str:
    """A colour mixed with black, for thin letters: `share` of it stays."""
    return _mix(color, 0, share)


def number(value: float, signed: bool = True) -> str:
    """A value as it stands at a wire: two decimals, none from 100 on; with its sign where it can be negative.

    From a million on it is a power of ten, ``+2e+06``: more digits have no room.
    """
    value = round(value, 2) + 0.0  # no −0.00
    form = ".2f" if abs(value) < 100 else ".0f" if abs(value) < 999_999.5 else ".0e"
    return f"{value:{'+' if signed else ''}{form}}".replace("-", "−")


def checked_values(values: Mapping[str, Any], known: Sequence[str], figure: str) -> dict[str, float]:
    """The values as floats: plain numbers, or tensors and arrays of one.

    Raises ValueError for a name that the figure lacks and for what is no finite number; True and "0.5" are none.
    """
    done = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"the figure {figure!r} has no value {name!r}: it has {', '.join(known)}")
        try:
            done[name] = _one_number(value)
        except OverflowError:
            raise ValueError(f"the value {name!r} is too large: give a number that a float can hold") from None
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(f"the value {name!r} should be one number, not {_on_a_line(value)}") from None
        if not math.isfinite(done[name]):
            raise ValueError(f"the value {name!r} should be a finite number, not {done[name]}")
    return done


def _one_number(value: Any) -> float:
    """A number, or a tensor's one element, as a float. Raises TypeError, ValueError or RuntimeError for others."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool) or not hasattr(plain, "__float__"):  # float would read a text, too
        raise TypeError("no number")
    return float(plain)


def _on_a_line(value: Any) -> str:
    """What was given, for an error's one line: an array's lines are joined, and a long text is cut."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _mix(color: str, ground: int, share: float) -> str:
    parts = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part * share + ground * (1 - share)):02X}" for part in parts)


def _n(value: float) -> str:
    """A number in as few signs as two decimals need."""
    return f"{round(value, 2):g}"


def _tag(name: str, inside: str = "", **attributes: object) -> str:
    said = "".join(
        f' {key.replace("_", "-")}="{_n(value) if isinstance(value, (int, float)) else escape(str(value))}"'
        for key, value in attributes.items()
        if value != ""
    )
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def _formula(text: str, size: float) -> str:
    """A formula as tspans. Each is moved by ``dx`` and ``dy``, which every browser follows."""
    done, back = [], (0.0, 0.0)
    for part in re.findall(r"_\{[^}]*\}|_.|[^_]+", text):
        low = part.startswith("_")
        small = 0.72 * size if low else size
        down = 0.24 * size if low else 0.0
        for run in _runs(part[1:].strip("{}") if low else part):
            tilde = run.endswith(_TILDE)
            run = run.removesuffix(_TILDE)
            slanted = sum(map(str.isalpha, run)) == 1
            done.append(_span(run, back[0], down + back[1], small if low else 0, slanted))
            back = (0.0, -down)
            if tilde:  # a sign of its own, set back over the letter: not every font can put one over another
                done.append(_span("\u02dc", -0.43 * small, back[1] - 0.2 * small + down, small if low else 0))
                back = (0.1 * small, 0.2 * small - down)
    return "".join(done)


def _span(text: str, dx: float, dy: float, size: float, slanted: bool = False) -> str:
    return _tag(
        "tspan",
        escape(text, quote=False),
        dx=dx or "",
        dy=round(dy, 2) or "",
        font_size=size or "",
        font_style="italic" if slanted else "",
    )


def _runs(text: str) -> list[str]:
    """A text cut into letters or names of several, and what stands between them."""
    return re.findall(rf"[^\W\d_]+{_TILDE}?|[\W\d]+", text)


def _head_length(width: float) -> float:
    return 7 + 1.8 * width


def _step_back(before: Point, end: Point, length: float) -> Point:
    """The place `length` before the end, on the way from `before`."""
    distance = math.dist(before, end)
    return (
        end[0] + (before[0] - end[0]) * length / distance,
        end[1] + (before[1] - end[1]) * length / distance,
    )


def _head(before: Point, end: Point, width: float) -> str:
    length = _head_length(width)
    x, y = _step_back(before, end, length)
    half = length * 0.52
    across = ((end[1] - y) / length * half, (x - end[0]) / length * half)
    corners = [end, (x + across[0], y + across[1]), (x - across[0], y - across[1])]
    return "M" + "L".join(f"{_n(a)} {_n(b)}" for a, b in corners) + "z"


def _rounded(points: Sequence[Point], bend: float) -> str:
    """A path through the points whose corners are cut `bend` units before and behind, or half way."""
    path = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for before, here, after in zip(points, points[1:], points[2:]):
        cut = min(bend, math.dist(before, here) / 2, math.dist(here, after) / 2)
        if not cut:
            path += f"L{_n(here[0])} {_n(here[1])}"
            continue
        start, end = _step_back(before, here, cut), _step_back(after, here, cut)
        path += f"L{_n(start[0])} {_n(start[1])}Q{_n(here[0])} {_n(here[1])} {_n(end[0])} {_n(end[1])}"
    return path + f"L{_n(points[-1][0])} {_n(points[-1][1])}"
