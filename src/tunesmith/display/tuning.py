"""Plots of a search for hyper-parameters: how it went, which of them matter, where the good values lie. Lesson 11."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tunesmith.display.plots import show_figure
from tunesmith.display.style import BLUE, GREY, INK, ORANGE, figure
from tunesmith.music.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = Mapping[str, Any]

_LOSS = "validation loss,\nnats per step"
_COLUMNS = 3  # of the small plots side by side
_NAMES = ("history", "curves", "importances", "slices")


class _Plot(NamedTuple):
    """A figure that can be drawn: its file's name, text alternative, height in inches."""

    name: str
    alt: str
    height: float
    draw: Callable[[Figure], None]


def tuning_plots(found: Json) -> None:
    """Show a search in four figures: history, learning curves, importances, and a slice for each value. Lesson 11.

    found: what `ts.read_study` gives of a study, or of the JSON file of `python -m tunesmith tune`.
    Importances are left out where there are too few trials for them.
    Raises ValueError for results without a trial.
    """
    for plot in _plots(found):
        with figure(height=plot.height) as drawing:
            plot.draw(drawing)
            show_figure(drawing, plot.alt)


def plot_files(folder: Path) -> list[Path]:
    """The files that `write_tuning_plots` may write."""
    return [Path(folder) / f"{name}.svg" for name in _NAMES]


def write_tuning_plots(found: Json, folder: Path) -> list[Path]:
    """Write the figures of `tuning_plots` as SVG into a folder, which is made if need be; gives their paths. Lesson 11.

    What stands there under their names is replaced. Raises ValueError for results without a trial.
    """
    folder = Path(folder)
    paths = []
    for plot in _plots(found):
        with figure(height=plot.height) as drawing:
            plot.draw(drawing)
            file = io.BytesIO()
            drawing.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Title": plot.alt})
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / f"{plot.name}.svg", file.getvalue())
        paths.append(folder / f"{plot.name}.svg")
    return paths


def _plots(found: Json) -> Iterator[_Plot]:
    rows = [row for row in found["trials"] if row["valid"] is not None]
    if not rows:
        raise ValueError("nothing to plot: the search has no trial yet")
    best = found["best"]
    yield _Plot("history", _history_told(found, rows), 3.0, lambda drawing: _draw_history(drawing, rows, best))
    every = found["settings"]["report_every"]
    yield _Plot("curves", _curves_told(rows, every), 3.0, lambda drawing: _draw_curves(drawing, rows, best, every))
    shares = found["importances"]
    if shares:
        told = ", ".join(f"{_spoken(name)} {share:.2f}" for name, share in shares.items())
        height = 0.27 * len(shares) + 0.9
        yield _Plot("importances", f"Importances: {told}.", height, lambda drawing: _draw_shares(drawing, shares))
    space = found["settings"]["space"]
    lines = math.ceil(len(space) / _COLUMNS)
    yield _Plot(
        "slices", _slices_told(best), 1.9 * lines + 0.2, lambda drawing: _draw_slices(drawing, rows, best, space)
    )


def _history_told(found: Json, rows: list[Json]) -> str:
    pruned = sum(row["state"] == "pruned" for row in found["trials"])
    best = found["best"]
    told = f"trial {best['trial']} is the best, {best['valid']:.3f}" if best else "none was trained to its end"
    return (
        f"History of the search: {len(found['trials'])} trials, {pruned} of them pruned. Validation loss in nats per "
        f"step: trial {rows[0]['trial']} has {rows[0]['valid']:.3f}; {told}."
    )


def _draw_history(drawing: Figure, rows: list[Json], best: Json | None) -> None:
    axes = drawing.subplots()
    _scatter(axes, rows, best, lambda row: row["trial"])
    complete = [row for row in rows if row["state"] == "complete"]
    if complete:
        numbers = [row["trial"] for row in complete] + [rows[-1]["trial"]]
        lowest = list(accumulate((row["valid"] for row in complete), min))
        axes.step(numbers, [*lowest, lowest[-1]], where="post", color=ORANGE, label="lowest so far", zorder=1)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="trial", ylabel=_LOSS)
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), handlelength=2)


def _curves_told(rows: list[Json], every: int) -> str:
    longest = max(len(row["curve"]) for row in rows)
    short = [len(row["curve"]) * every for row in rows if row["state"] == "pruned"]
    told = f", {len(short)} end early, after {min(short)} to {max(short)}" if short else ", none ends early"
    return f"Learning curves of {len(rows)} trials over up to {longest * every} batches{told}."


def _draw_curves(drawing: Figure, rows: list[Json], best: Json | None, every: int) -> None:
    axes = drawing.subplots()
    named = set()
    for row in rows:
        is_best = best is not None and row["trial"] == best["trial"]
        name = "the best" if is_best else row["state"]
        batches = [every * (place + 1) for place in range(len(row["curve"]))]
        look = {
            "the best": {"color": ORANGE, "linewidth": 2.5, "zorder": 3},
            "complete": {"color": BLUE, "linewidth": 1, "alpha": 0.7},
            "pruned": {"color": GREY, "linewidth": 1, "linestyle": "--", "marker": "x", "markevery": [-1]},
        }[name]
        axes.plot(batches, row["curve"], label=None if name in named else name, **look)
        named.add(name)
    axes.set(xlabel="batches", ylabel=_LOSS)
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), handlelength=3)


def _draw_shares(drawing: Figure, shares: Mapping[str, float]) -> None:
    axes = drawing.subplots()
    places = range(len(shares))
    axes.barh(places, list(shares.values()), 0.7, color=BLUE)
    for place, share in zip(places, shares.values()):
        axes.text(share, place, f" {share:.2f}", va="center_baseline", color=INK, fontsize=9)
    axes.set_yticks(places, [_spoken(name) for name in shares])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, max(shares.values()) * 1.12 or 1)
    axes.set(xlabel="importance, share of 1", ylabel="hyper-parameter")


def _slices_told(best: Json | None) -> str:
    if best is None:
        return "Validation loss against the value of each hyper-parameter."
    values = ", ".join(f"{_spoken(name)} {_value(value)}" for name, value in best["values"].items())
    return f"Validation loss against the value of each hyper-parameter. The best trial has {values}."


def _draw_slices(drawing: Figure, rows: list[Json], best: Json | None, space: Json) -> None:
    lines = math.ceil(len(space) / _COLUMNS)
    grid = drawing.subplots(lines, min(_COLUMNS, len(space)), sharey=True, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(space):
            axes.set_axis_off()
            continue
        name, span = list(space.items())[place]
        choices = None if isinstance(span, Mapping) else list(span)
        _scatter(axes, rows, best, lambda row, n=name, c=choices: c.index(row["values"][n]) if c else row["values"][n])
        if choices:
            axes.set_xticks(range(len(choices)), [_value(choice) for choice in choices])
            axes.set_xlim(-0.5, len(choices) - 0.5)
        elif span.get("log"):
            axes.set_xscale("log")
            axes.set_xlim(span["low"] * 0.8, span["high"] * 1.25)
        else:
            margin = 0.07 * (span["high"] - span["low"]) or 0.5
            axes.set_xlim(span["low"] - margin, span["high"] + margin)
            if isinstance(span["low"], int):
                axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(_spoken(name))
        axes.grid(axis="y")
        if place % _COLUMNS == 0:
            axes.set_ylabel(_LOSS)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper left", ncols=len(labels), handlelength=1.5)


def _scatter(axes: Axes, rows: list[Json], best: Json | None, where: Callable[[Json], float]) -> None:
    """A dot for each complete trial, a cross for each pruned one, a ring around the best."""
    for state, marker, color in (("complete", "o", BLUE), ("pruned", "x", GREY)):
        chosen = [row for row in rows if row["state"] == state]
        if chosen:
            axes.plot(
                [where(row) for row in chosen], [row["valid"] for row in chosen], marker, color=color, label=state
            )
    if best is not None:
        axes.plot([where(best)], [best["valid"]], "o", color=INK, fillstyle="none", markersize=11, label="the best")


def _spoken(name: str) -> str:
    """A hyper-parameter's name for an axis."""
    return name.removeprefix("num_").replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
