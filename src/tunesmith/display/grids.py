"""Pictures of tokens in a grid, each cell to be counted: a one-hot matrix, and windows and batches. Lesson 05."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tunesmith.display.plots import show_figure
from tunesmith.display.style import BLUE, FAINT_INK, GREY, HAIRLINE, INK, PAPER, SKY, YELLOW, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

_WIDTH = 7.2  # inches, as of every figure


class _Role(NamedTuple):
    """How a cell of one role is told from the others without its colour: by its frame, its corners, its hatch."""

    fill: str
    edge: str
    line: float
    dash: str
    hatch: str
    round: bool
    ink: str


_ROLES = {
    "input": _Role(SKY, INK, 0.8, "-", "", False, INK),
    "target": _Role(YELLOW, INK, 2.0, "-", "", True, INK),
    "padding": _Role(PAPER, GREY, 0.8, "--", "////", False, FAINT_INK),
    "delimiter": _Role(FAINT_INK, FAINT_INK, 0.8, "-", "", True, PAPER),
    "plain": _Role(PAPER, HAIRLINE, 0.8, "-", "", False, INK),
}


def plot_one_hot(
    matrix: Any,
    labels: Sequence[str],
    *,
    alt: str,
    title: str = "",
    x_label: str = "time step",
    y_label: str = "token",
) -> None:
    """Draw a one-hot matrix as a picture of its melody: a column for each step, a row for each token. Lesson 05.

    matrix: (T, V), of 0 and 1, a list of lists, an array or a tensor; a one is a filled cell. labels: the V tokens
    in the order of their ids; the first is the lowest row, so that pitches go upwards. alt: the text alternative.
    Raises ValueError for a matrix that is empty, not (T, V), or holds another number, and for labels that don't fit.
    """
    import numpy as np

    try:
        cells = np.asarray(matrix)
    except ValueError as error:
        raise ValueError("the rows of a one-hot matrix differ in length") from error
    if cells.ndim != 2 or not cells.size:
        raise ValueError(f"a one-hot matrix has a row for each step and a column for each token, not {cells.shape}")
    if cells.shape[1] != len(labels):
        raise ValueError(f"{len(labels)} labels for {cells.shape[1]} tokens: give one each")
    if not np.isin(cells, (0, 1)).all():
        raise ValueError("a one-hot matrix holds 0 and 1 alone")
    steps, tokens = cells.shape
    row = 0.13 if tokens > 24 else 0.18  # inches
    with figure(_WIDTH, max(1.6, row * tokens + 0.8)) as drawing:
        axes = drawing.subplots()
        _draw_ones(axes, cells)
        _draw_grid(axes, steps, tokens)
        axes.set_yticks(range(tokens), [_shown(label) for label in labels], fontsize=7 if tokens > 24 else 9)
        axes.set(xlabel=x_label, ylabel=y_label, title=title)
        show_figure(drawing, alt)


def plot_token_grid(
    rows: Sequence[Sequence[str]],
    roles: Sequence[Sequence[str]],
    *,
    alt: str,
    row_labels: Sequence[str] | None = None,
    x_label: str = "time step",
    title: str = "",
) -> None:
    """Draw rows of tokens as boxes, the first row on top, and say below what each kind of box is. Lesson 05.

    rows: the text of each cell; rows may differ in length. roles: one for each cell, ``input``, ``target``,
    ``padding``, ``delimiter`` or ``plain``; ``""`` leaves the cell out. row_labels: a name for each row.
    alt: the text alternative. Raises ValueError for no cells, an unknown role, or where lengths differ.
    """
    _check_grid(rows, roles, row_labels)
    columns = max(map(len, rows))
    longest = max(len(str(text)) for row in rows for text in row)
    side = min(0.42, 6.2 / columns)  # inches
    size = max(4.5, min(10.0, 72 * side * 0.8 / (0.62 * max(longest, 2))))  # points: the longest text fits a box
    used = [name for name in _ROLES if any(name in names for names in roles)]
    with figure(_WIDTH, max(0.24, side) * len(rows) + 0.85 + 0.3 * bool(title)) as drawing:
        drawing.get_layout_engine().set(h_pad=0.06)
        axes = drawing.subplots()
        for name in used:
            _draw_cells(axes, _cells_of(name, rows, roles), _ROLES[name], size)
        axes.set_xlim(-0.6, max(columns, 6.2 / side) - 0.4)  # few cells stay small
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xticks(range(0, columns, 1 if columns <= 20 else 4))
        axes.set_yticks(range(len(rows)), row_labels or [""] * len(rows))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(x_label, loc="left")
        axes.set_title(title)
        _draw_legend(drawing, used)
        show_figure(drawing, alt)


def _cells_of(role: str, rows: Sequence[Sequence[str]], roles: Sequence[Sequence[str]]) -> list[tuple[int, int, str]]:
    """Column, row and text of each cell with a role."""
    return [
        (column, row, _shown(text))
        for row, (texts, names) in enumerate(zip(rows, roles, strict=True))
        for column, (text, name) in enumerate(zip(texts, names, strict=True))
        if name == role
    ]


def _draw_ones(axes: Axes, cells: Any) -> None:
    """A filled box for each one: a run of them along a row stays a row of boxes."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    boxes = [
        Path([(t - 0.5, v - 0.5), (t + 0.5, v - 0.5), (t + 0.5, v + 0.5), (t - 0.5, v + 0.5), (t - 0.5, v - 0.5)])
        for t, v in zip(*cells.nonzero(), strict=True)
    ]
    if boxes:
        axes.add_patch(PathPatch(Path.make_compound_path(*boxes), facecolor=BLUE, linewidth=0))


def _draw_grid(axes: Axes, steps: int, tokens: int) -> None:
    """Lines between the cells, over them, with a number and a heavier line at every fourth step if there are many."""
    every = 1 if steps <= 16 else 4
    axes.hlines([v - 0.5 for v in range(tokens + 1)], -0.5, steps - 0.5, color=HAIRLINE, linewidth=0.5)
    axes.vlines([t - 0.5 for t in range(steps + 1)], -0.5, tokens - 0.5, color=HAIRLINE, linewidth=0.5)
    if every > 1:
        axes.vlines([t - 0.5 for t in range(0, steps, every)], -0.5, tokens - 0.5, color=GREY, linewidth=0.5)
    axes.set_xlim(-0.5, steps - 0.5)
    axes.set_ylim(-0.5, tokens - 0.5)
    axes.set_xticks(range(0, steps, every))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _check_grid(
    rows: Sequence[Sequence[str]], roles: Sequence[Sequence[str]], row_labels: Sequence[str] | None
) -> None:
    if not any(len(row) for row in rows):
        raise ValueError("nothing to plot: no cells were given")
    if len(rows) != len(roles):
        raise ValueError(f"{len(roles)} rows of roles for {len(rows)} rows of tokens: give one each")
    for number, (texts, names) in enumerate(zip(rows, roles, strict=True), 1):
        if len(texts) != len(names):
            raise ValueError(f"row {number} has {len(names)} roles for {len(texts)} tokens: give one each")
        unknown = [name for name in names if name and name not in _ROLES]
        if unknown:
            raise ValueError(f"row {number}: {unknown[0]!r} is no role; there are {', '.join(_ROLES)}")
    if row_labels is not None and len(row_labels) != len(rows):
        raise ValueError(f"{len(row_labels)} labels for {len(rows)} rows: give one each")


def _draw_cells(axes: Axes, cells: list[tuple[int, int, str]], role: _Role, size: float) -> None:
    """The boxes and texts of one role: all boxes as one shape, which keeps the picture small."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    boxes = [_box(role, column - 0.42, row - 0.4, 0.84, 0.8, 0.2).get_path() for column, row, _ in cells]
    axes.add_patch(PathPatch(Path.make_compound_path(*boxes), **_paint(role)))
    # The hatch does not cross the text.
    behind = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8} if role.hatch else None
    for column, row, text in cells:
        if text:
            axes.text(column, row, text, ha="center", va="center_baseline", color=role.ink, fontsize=size, bbox=behind)


def _box(role: _Role, left: float, bottom: float, width: float, height: float, corner: float) -> FancyBboxPatch:
    from matplotlib.patches import FancyBboxPatch

    shape = f"round,pad=0,rounding_size={corner}" if role.round else "square,pad=0"
    return FancyBboxPatch((left, bottom), width, height, boxstyle=shape, **_paint(role))


def _paint(role: _Role) -> dict[str, Any]:
    return {
        "facecolor": role.fill,
        "edgecolor": role.edge,
        "linewidth": role.line,
        "linestyle": role.dash,
        "hatch": role.hatch,
    }


def _draw_legend(drawing: Any, names: Sequence[str]) -> None:
    """What each kind of box is, below the picture, each as it is drawn there."""
    from matplotlib.legend_handler import HandlerPatch
    from matplotlib.patches import FancyBboxPatch

    def draw(legend, orig_handle, xdescent, ydescent, width, height, fontsize) -> FancyBboxPatch:
        return _box(_ROLES[orig_handle.get_label()], 0, 0, width, height, 3)

    handles = [_box(_ROLES[name], 0, 0, 1, 1, 0.2) for name in names]
    for handle, name in zip(handles, names, strict=True):
        handle.set_label(name)
    drawing.legend(
        handles=handles,
        loc="outside lower left",
        ncols=len(handles),
        handlelength=1.6,
        handleheight=1.1,
        handler_map={FancyBboxPatch: HandlerPatch(patch_func=draw)},
    )


def _shown(text: Any) -> str:
    """A token as matplotlib prints it: a dollar sign would start a formula."""
    return str(text).replace("$", r"\$")
