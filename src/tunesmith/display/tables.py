"""A small table of numbers as a picture: the larger a number, the darker its cell. Lesson 00."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tunesmith.display.plots import show_figure
from tunesmith.display.style import BLUE, HAIRLINE, INK, PAPER, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 7.2  # inches, as of every figure
_MOST = 16  # rows or columns whose numbers can still be read
_CELL = 0.3  # inches, the height of a row with numbers
_LEVELS = 40  # shades that are told apart


def plot_table(
    values: Any,
    rows: Sequence[Any],
    columns: Sequence[Any],
    *,
    alt: str,
    x_label: str,
    y_label: str,
    title: str = "",
) -> None:
    """Draw a table as shades of one colour, the first row on top; up to 16 × 16 with the numbers. Lesson 00.

    values: (R, C), real numbers: a list of lists, an array or a tensor. rows: R labels. columns: C labels.
    Whole numbers are printed as they are, others with two decimals, and a zero's cell stays empty. A larger table
    has a scale at its side instead of the numbers. alt: the text alternative.
    Raises ValueError for a table that is empty, not (R, C), or holds what is no finite number, and for labels that
    don't fit.
    """
    cells = _cells(values)
    rows, columns = _labels("row", rows), _labels("column", columns)
    for name, labels, count in (("row", rows, cells.shape[0]), ("column", columns, cells.shape[1])):
        if len(labels) != count:
            raise ValueError(f"{len(labels)} {name} labels for {count} {name}s: give one each")
    numbered = max(cells.shape) <= _MOST
    with figure(_WIDTH, max(1.6, min(6.5, _CELL * len(rows) if numbered else 5) + 0.9 + 0.3 * bool(title))) as drawing:
        axes = drawing.subplots()
        _draw_cells(axes, cells)
        _label_axes(axes, [_shown(label) for label in rows], [_shown(label) for label in columns])
        if numbered:
            _write_numbers(axes, cells)
        else:
            _draw_scale(axes, cells)
        axes.set(xlabel=x_label, ylabel=y_label, title=title)
        show_figure(drawing, alt)


def _cells(values: Any) -> Any:
    """The table as an array of floats. Raises ValueError for anything else."""
    import numpy as np

    try:
        given = np.asarray(values.detach() if hasattr(values, "detach") else values)  # a weight that is trained
        if given.dtype.kind not in "biufO" or any(cell is None for cell in given.flat):
            raise TypeError("no numbers")
        cells = given.astype(float)
    except OverflowError as error:
        raise ValueError("a table holds numbers that a float can hold, and one of these is too large") from error
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError("a table holds numbers, real ones, and its rows have the same length") from error
    if cells.ndim != 2 or not cells.size:
        raise ValueError(f"a table has rows and columns, at least one of each; this one has the shape {cells.shape}")
    if not np.isfinite(cells).all():
        raise ValueError("a table to draw holds finite numbers alone: neither inf nor nan has a shade")
    return cells


def _labels(name: str, labels: Any) -> list[Any]:
    """The labels as a list, whatever they came in. Raises ValueError for what holds none."""
    try:
        return list(labels)
    except TypeError:
        raise ValueError(f"the {name} labels should be a list, one for each {name}, not {labels!r}") from None


def _shares(cells: Any) -> Any:
    """Where each number lies between the lowest, 0, and the highest, 1."""
    span = cells.max() - cells.min()
    return (cells - cells.min()) / (span or 1)


def _shades() -> Any:
    """From white to blue: printed in grey they still go from light to dark."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", [PAPER, BLUE])


def _draw_cells(axes: Axes, cells: Any) -> None:
    """All cells of one shade as one shape, which keeps the picture small; lines between few cells."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    rows, columns = cells.shape
    levels = (_shares(cells) * _LEVELS).round()
    for level in sorted(set(levels.flat) - {0.0}):
        boxes = [
            Path([(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1), (c, r)])
            for r, c in zip(*(levels == level).nonzero(), strict=True)
        ]
        axes.add_patch(PathPatch(Path.make_compound_path(*boxes), facecolor=_shades()(level / _LEVELS), linewidth=0))
    if max(cells.shape) <= _MOST:
        axes.hlines(range(rows + 1), 0, columns, color=HAIRLINE, linewidth=0.5)
        axes.vlines(range(columns + 1), 0, rows, color=HAIRLINE, linewidth=0.5)
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)


def _draw_scale(axes: Axes, cells: Any) -> None:
    """Which shade stands for which number."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    scale = ScalarMappable(Normalize(cells.min(), cells.max()), _shades())
    axes.figure.colorbar(scale, ax=axes)


def _label_axes(axes: Axes, rows: list[str], columns: list[str]) -> None:
    """A label at the middle of each row and column; of many, as many as there is room for."""
    every_row, every_column = -(-len(rows) // 40), -(-len(columns) // 40)
    small = 9 if max(len(rows), len(columns)) <= _MOST else 7
    axes.set_yticks([r + 0.5 for r in range(0, len(rows), every_row)], rows[::every_row], fontsize=small)
    long = max(map(len, columns)) * len(columns[::every_column]) * small * 0.6 > 72 * 0.8 * _WIDTH  # side by side
    axes.set_xticks([c + 0.5 for c in range(0, len(columns), every_column)], columns[::every_column], fontsize=small)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", rotation=90 if long else 0)
    axes.spines[:].set_visible(False)


def _write_numbers(axes: Axes, cells: Any) -> None:
    """Each cell's number, dark on light shades and white on dark ones; zeros would only be in the way."""
    whole = (cells == cells.round()).all()
    shares = _shares(cells)
    for row, column in zip(*cells.nonzero(), strict=True):
        value = cells[row, column]
        ink = PAPER if shares[row, column] > 0.65 else INK
        text = f"{value:.0f}" if whole else f"{value:.2f}"
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center_baseline", color=ink, fontsize=8)


def _shown(text: Any) -> str:
    """A label as matplotlib prints it: a dollar sign would start a formula."""
    return str(text).replace("$", r"\$")
