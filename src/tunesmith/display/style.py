"""The one drawing language: a palette, a colour for each concept, and matplotlib's settings for every figure.

The colours are Okabe and Ito's eight, which people with any common colour blindness tell apart
(https://jfly.uni-koeln.de/color/). Used in every lesson.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#7F7F7F"

INK = "#1F2328"
FAINT_INK = "#57606A"
HAIRLINE = "#D0D7DE"
PAPER = "#FFFFFF"

# A concept keeps its colour in every lesson.
CONCEPTS = {
    "cell state": BLACK,
    "hidden state": GREY,
    "forget gate": VERMILLION,
    "input gate": BLUE,
    "candidate": GREEN,
    "output gate": PURPLE,
    "training": BLUE,
    "validation": ORANGE,
    "human": BLACK,
}


class Look(NamedTuple):
    """How one series is told from the next without its colour: dash and marker for lines, hatch for bars."""

    color: str
    dash: str | tuple[int, tuple[int, ...]]
    marker: str
    hatch: str


_DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", "--", "-.", ":", (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)))
_MARKERS = "osD^vP"
_HATCHES = ("", "///", "\\\\\\", "xxx", "---", "+++")
_SERIES = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY)


def look(name: str, place: int, color: str | None = None) -> Look:
    """The look of the series `name`, the `place`-th (0, 1, …) of a figure.

    color: overrides the concept's colour, which overrides the palette's next one.
    """
    turn = place % len(_SERIES)
    chosen = color or CONCEPTS.get(name.lower()) or _SERIES[turn]
    return Look(chosen, _DASHES[turn], _MARKERS[turn], _HATCHES[turn])


_SETTINGS = {
    "font.family": "DejaVu Sans",  # it comes with matplotlib: the same letters on every machine
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT_INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.7,
    "xtick.color": FAINT_INK,
    "ytick.color": FAINT_INK,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": PAPER,  # an opaque page: dark themes would swallow the axes
    "savefig.facecolor": PAPER,
    "svg.hashsalt": "tunesmith",  # the same ids in the same figure, whoever draws it
}


@contextmanager
def figure(width: float = 7.2, height: float = 3.0) -> Iterator[Figure]:
    """An empty matplotlib figure, `width` by `height` inches, in the course's style.

    Drawing and saving both happen inside the ``with``; nothing outside it changes. The figure is
    not pyplot's, so no notebook backend shows it a second time.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_SETTINGS}):
        drawing = Figure(figsize=(width, height), layout="constrained")
        drawing.get_layout_engine().set(w_pad=0.15, h_pad=0.15)
        yield drawing
