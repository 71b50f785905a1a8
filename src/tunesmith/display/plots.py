"""A few plain figures: lines, bars, a piano roll, a training curve.

A notebook stores a picture with a text alternative, and as plain text that same sentence, so that
nbval compares what a figure says and not its bytes. Used by every lesson that measures something.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tunesmith.display.style import BLUE, GREY, HAIRLINE, INK, PAPER, Look, figure, look
from tunesmith.music.key import pitch_name
from tunesmith.music.melody import Melody, bar_length

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLACK_KEYS = {1, 3, 6, 8, 10}
_ROLL_AXES = {"x_label": "time in quarter notes", "y_label": "pitch"}
_PIXELS_AN_INCH = 96


def plot_lines(
    lines: Mapping[str, Sequence[float]],
    *,
    alt: str,
    x_label: str,
    y_label: str,
    x: Sequence[float] | None = None,
    title: str = "",
    colors: Mapping[str, str] | None = None,
    log_y: bool = False,
) -> None:
    """Draw named curves in one pair of axes.

    lines: name → its values. x: where they stand, 0, 1, 2 … by default. alt: the text alternative,
    best with the figure's main number. colors: name → colour; a concept such as "training" has its own.
    Raises ValueError for no lines, or where a line and `x` differ in length.
    """
    if not lines:
        raise ValueError("nothing to plot: no lines were given")
    for name, values in lines.items():
        if x is not None and len(values) != len(x):
            raise ValueError(f"the line {name!r} has {len(values)} values for {len(x)} places on the x axis")

    def draw(axes: Axes) -> None:
        for place, (name, values) in enumerate(lines.items()):
            style = look(name, place, (colors or {}).get(name))
            where = range(len(values)) if x is None else x
            axes.plot(
                where,
                values,
                label=_label(name),
                color=style.color,
                linestyle=style.dash,
                marker=style.marker,
                markevery=max(1, len(values) // 8),
            )
        axes.grid(axis="y")
        if x is None or all(isinstance(place, int) for place in x):  # epochs, steps: no ticks between two of them
            axes.xaxis.get_major_locator().set_params(integer=True)
        if log_y:
            axes.set_yscale("log")

    show_axes(draw, alt=alt, x_label=x_label, y_label=y_label, title=title, legend=len(lines) > 1)


def plot_bars(
    groups: Mapping[str, Mapping[str, float]],
    *,
    alt: str,
    x_label: str,
    y_label: str,
    title: str = "",
    colors: Mapping[str, str] | None = None,
) -> None:
    """Draw bars side by side, one series of them for each group.

    groups: name of the group → label on the x axis → value; a label that a group lacks has no bar.
    alt, colors: as for `plot_lines`, colours by group. Raises ValueError for no bars.
    """
    labels = list(dict.fromkeys(label for bars in groups.values() for label in bars))
    if not labels:
        raise ValueError("nothing to plot: no bars were given")
    width = 0.8 / len(groups)

    def draw(axes: Axes) -> None:
        for place, (name, bars) in enumerate(groups.items()):
            style = look(name, place, (colors or {}).get(name))
            offset = (place - (len(groups) - 1) / 2) * width
            where = [labels.index(label) + offset for label in bars]
            axes.bar(where, list(bars.values()), width * 0.92, label=_label(name), **_bar_style(style))
        axes.set_xticks(range(len(labels)), labels)
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y")

    show_axes(draw, alt=alt, x_label=x_label, y_label=y_label, title=title, legend=len(groups) > 1)


def piano_roll(melody: Melody, *, alt: str | None = None, title: str = "", step: Any = None) -> None:
    """Draw a melody as bars on a grid: pitch upwards, time to the right. Lessons 03 and 04.

    step: quarter notes a time step; with it the grid shows the steps, each dot a token that starts a
    note and each dash one that holds it. alt: by default what the picture shows.
    Raises ValueError for a melody without a pitch.
    """
    usual = _describe_roll(melody)
    show_axes(
        lambda axes: _draw_roll(axes, melody, step),
        alt=alt or usual,
        title=title,
        height=_roll_height(melody),
        **_ROLL_AXES,
    )


class Roll(NamedTuple):
    """A drawn piano roll.

    html: the image. left, right: where time begins and ends, as shares of its width; top, bottom: of its height.
    """

    html: str
    left: float
    right: float
    top: float
    bottom: float


def roll(melody: Melody, width: int) -> Roll:
    """A piano roll `width` pixels wide, for the player. Raises ValueError for a melody without a pitch."""
    alt = _describe_roll(melody)
    with figure(width / _PIXELS_AN_INCH, _roll_height(melody)) as drawing:
        axes = drawing.subplots()
        _draw_roll(axes, melody)
        axes.set(xlabel=_ROLL_AXES["x_label"], ylabel=_ROLL_AXES["y_label"])
        bundle = figure_bundle(drawing, alt)
        box = axes.get_position()  # the layout is settled once it is saved
    places = (round(float(place), 4) for place in (box.x0, box.x1, 1 - box.y1, 1 - box.y0))
    return Roll(bundle["text/html"], *places)


def _describe_roll(melody: Melody) -> str:
    """The text alternative of a piano roll. Raises ValueError for a melody without a pitch."""
    pitches = melody.pitches
    if not pitches:
        raise ValueError("nothing to plot: the melody has no notes")
    names = f"{pitch_name(min(pitches), melody.key)} to {pitch_name(max(pitches), melody.key)}"
    count = f"{len(pitches)} note{'s' * (len(pitches) != 1)}"
    return f"Piano roll: {count} from {names} in {melody.duration} quarter notes."


def _roll_height(melody: Melody) -> float:
    """Inches, so that each row has room for its name."""
    return max(2.4, 0.19 * (max(melody.pitches) - min(melody.pitches) + 3) + 0.9)


def _draw_roll(axes: Axes, melody: Melody, step: Any = None) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    low, high = min(melody.pitches), max(melody.pitches)
    for pitch in range(low - 1, high + 2):
        if pitch % 12 in _BLACK_KEYS:  # shaded as on a keyboard
            axes.axhspan(pitch - 0.5, pitch + 0.5, color=HAIRLINE, alpha=0.35, linewidth=0)
    for line in _bar_lines(melody):
        axes.axvline(line, color=GREY, linewidth=1)
    axes.add_patch(PathPatch(Path.make_compound_path(*map(Path, _note_boxes(melody))), facecolor=BLUE, linewidth=0))
    axes.set_yticks(range(low, high + 1), [pitch_name(pitch, melody.key) for pitch in range(low, high + 1)])
    axes.set_ylim(low - 1.2, high + 1.2)
    axes.set_xlim(0, float(melody.duration))
    if step is not None:
        _mark_steps(axes, melody, float(step))


def _note_boxes(melody: Melody) -> list[list[tuple[float, float]]]:
    """The corners of each note's bar, the first one twice."""
    boxes = []
    for note, onset in zip(melody.notes, map(float, melody.onsets), strict=True):
        if note.pitch is not None:
            length = float(note.duration)
            gap = min(0.06, length / 4)  # so that two equal notes stay two
            left, right = onset + gap / 2, onset + length - gap / 2
            low, high = note.pitch - 0.36, note.pitch + 0.36
            boxes.append([(left, low), (right, low), (right, high), (left, high), (left, low)])
    return boxes


def history_bundle(history: Any) -> dict[str, str]:
    """What a notebook stores for a training's `History`: its curves, and a sentence without their numbers. Lesson 06.

    history: has `train_loss` and `valid_loss` (nats per `unit`, one an epoch), `best_epoch` and `stopped`.
    The sentence tells how many epochs there were only where that was not decided by the losses.
    Before the first epoch's end there is the sentence alone.
    """
    count = len(history.valid_loss)
    if not count:
        why = f": {history.stopped}" if history.stopped else ""
        return {"text/plain": f"Training curve: no epoch finished{why}."}
    span = "until it was stopped early" if history.stopped else f"over {count} epoch{'s' * (count != 1)}"
    alt = f"Training curve: training and validation loss {span}, in nats per {history.unit}."
    with figure() as drawing:
        axes = drawing.subplots()
        _draw_history(axes, history)
        axes.set(xlabel="epoch", ylabel=f"loss, nats per {history.unit}")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), handlelength=3)
        return figure_bundle(drawing, alt)


def _draw_history(axes: Axes, history: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    epochs = range(1, len(history.valid_loss) + 1)
    for place, (name, losses) in enumerate({"training": history.train_loss, "validation": history.valid_loss}.items()):
        style = look(name, place)
        every = max(1, len(epochs) // 8)
        axes.plot(
            epochs, losses, label=name, color=style.color, linestyle=style.dash, marker=style.marker, markevery=every
        )
    best = history.best_epoch
    axes.axvline(best, color=GREY, linewidth=1, linestyle=":", zorder=0)
    axes.plot(
        [best], [history.valid_loss[best - 1]], "o", color=INK, fillstyle="none", markersize=11, label="best epoch"
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(0.5, len(epochs) + 0.5)
    axes.grid(axis="y")


def show_figure(drawing: Figure, alt: str) -> None:
    """Show a matplotlib figure as an image that every front end keeps; `alt` is its text alternative.

    Call it inside `style.figure`, so that saving sees the course's settings. Raises ValueError without `alt`.
    """
    from IPython.display import display

    display(figure_bundle(drawing, alt), raw=True)


def figure_bundle(drawing: Figure, alt: str) -> dict[str, str]:
    """What a notebook stores for a figure: an ``<img>`` with the SVG inside, and `alt` as plain text."""
    if not alt.strip():
        raise ValueError("a figure needs a text alternative: pass alt='…'")
    file = io.StringIO()
    drawing.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    picture = re.sub(r"\n +", "\n", file.getvalue())  # indentation takes a tenth of the bytes
    return {"text/html": image_html(picture, alt), "text/plain": alt}


def image_html(svg: str, alt: str) -> str:
    """An SVG as the one form of a picture that survives in a notebook which is not trusted."""
    data = base64.b64encode(svg.encode()).decode("ascii")
    style = f"display:block;max-width:100%;height:auto;background:{PAPER};border-radius:8px"
    return f'<img alt="{html.escape(alt)}" style="{style}" src="data:image/svg+xml;base64,{data}">'


def show_axes(
    draw: Callable[[Axes], None],
    *,
    alt: str,
    x_label: str,
    y_label: str,
    title: str,
    legend: bool = False,
    height: float = 3.0,
) -> None:
    """One figure with one pair of axes: `draw` fills it, the rest is the same for all."""
    with figure(height=height) as drawing:
        axes = drawing.subplots()
        draw(axes)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.set_title(title)
        if legend:
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1), handlelength=3)
        show_figure(drawing, alt)


def _label(name: str) -> str:
    """A name for the legend. matplotlib leaves out those that begin with ``_``, the token that holds a note."""
    return f"\u200a{name}" if name.startswith("_") else name


def _bar_style(style: Look) -> dict[str, Any]:
    """A filled bar whose hatch, in white, tells it from its neighbour without the colour."""
    return {"facecolor": style.color, "hatch": style.hatch, "edgecolor": PAPER, "linewidth": 0.6}


def _bar_lines(melody: Melody) -> list[float]:
    """Where the bar lines stand, in quarter notes, the first and last edge left out."""
    if melody.time_signature is None:
        return []
    full = bar_length(melody.time_signature)
    line = melody.upbeat or full
    lines = []
    while line < melody.duration:
        lines.append(float(line))
        line += full
    return lines


def _mark_steps(axes: Axes, melody: Melody, step: float) -> None:
    """A tick for each time step, a dot where a note starts and a dash where it is held."""
    axes.set_xticks([step * k for k in range(int(float(melody.duration) / step) + 1)], minor=True)
    axes.grid(axis="x", which="minor", linewidth=0.4)
    for note, onset in zip(melody.notes, melody.onsets, strict=True):
        if note.pitch is None:
            continue
        middles = [float(onset) + step * (k + 0.5) for k in range(round(float(note.duration) / step))]
        axes.plot(middles[:1], [note.pitch] * len(middles[:1]), "o", color=PAPER, markersize=3.5)
        axes.plot(middles[1:], [note.pitch] * len(middles[1:]), "_", color=PAPER, markersize=5)
