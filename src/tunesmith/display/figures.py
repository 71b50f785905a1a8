"""The course's diagrams by name: `figure` shows one, `picture` gives its SVG and its alternative text.

Lessons 01, 02, 04, 06 and 09 show them, and in img/ they stand for whoever teaches.
Each is drawn by code in `diagrams`, in the one language of `style`: a concept keeps its colour, and a letter or a word
says the same. ``python tasks.py figures`` writes all of them to img/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tunesmith.display.diagrams import gru, key, lstm, models, rnn, truncated
from tunesmith.display.drawing import Picture, checked_values
from tunesmith.display.frontend import in_notebook
from tunesmith.display.plots import image_html


class _Figure(NamedTuple):
    """How a figure is drawn, the parts that it can show in colour, and the numbers that it can print."""

    draw: Callable[..., Picture]
    highlights: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


FIGURES = {
    "fixed_window": _Figure(rnn.fixed_window),
    "rnn_unrolled": _Figure(rnn.unrolled),
    "encoder_decoder": _Figure(rnn.encoder_decoder),
    "rnn_gradient": _Figure(rnn.gradient, values=rnn.STEP_VALUES),
    "lstm_cell": _Figure(lstm.cell, lstm.HIGHLIGHTS, lstm.VALUES),
    "lstm_unrolled": _Figure(lstm.unrolled),
    "operations": _Figure(key.operations),
    "gru_cell": _Figure(gru.cell),
    "bptt_truncated": _Figure(truncated.truncated),
    "song_path": _Figure(models.song_path),
    "window_lstm": _Figure(models.window_lstm),
}


def figure(name: str | None = None, highlight: str | None = None, values: Mapping[str, float] | None = None) -> None:
    """Show a diagram; without a name, print which there are. Lessons 01, 02, 04, 06 and 09.

    highlight: the part to show in its colour while the rest is pale, for a figure that has parts ("lstm_cell":
    "forget", "input", "candidate", "update", "output"). values: name → number, printed at their wires.
    In a plain terminal the alternative text is printed. Raises ValueError as `picture` does.
    """
    if name is None:
        print("\n".join(_line(name) for name in FIGURES))
        return
    drawn = picture(name, highlight, values)
    if in_notebook():
        from IPython.display import display

        display(bundle(drawn), raw=True)
    else:
        print(drawn.alt)


def picture(name: str, highlight: str | None = None, values: Mapping[str, float] | None = None) -> Picture:
    """A diagram as an object with `svg`, the picture, and `alt`, what it shows. Takes a few milliseconds at most.

    Arguments as for `figure`. Raises ValueError, with what there is instead, for an unknown name, highlight or value,
    for a value that is no finite number, and for a highlight or values where the figure has none.
    """
    if not isinstance(name, str) or name not in FIGURES:
        raise ValueError(f"there is no figure {name!r}: there are {', '.join(FIGURES)}")
    known = FIGURES[name]
    if highlight is not None and not known.highlights:
        raise ValueError(f"the figure {name!r} has no parts to highlight: leave out highlight={highlight!r}")
    if highlight is not None and highlight not in known.highlights:
        raise ValueError(f"the figure {name!r} has no part {highlight!r}: it has {', '.join(known.highlights)}")
    if values is not None and not isinstance(values, Mapping):
        kind = type(values).__name__
        raise ValueError(f"values should be a dictionary of names and numbers, such as {{'x': 0.5}}, not {kind}")
    if values and not known.values:
        raise ValueError(f"the figure {name!r} shows no numbers: leave out values")
    arguments: list[object] = []
    if known.highlights:
        arguments.append(highlight)
    if known.values:
        arguments.append(checked_values(values or {}, known.values, name))
    return known.draw(*arguments)


def bundle(drawn: Picture) -> dict[str, str]:
    """What a notebook stores for a diagram: an ``<img>`` with the SVG inside, and the alternative text."""
    return {"text/html": image_html(drawn.svg, drawn.alt), "text/plain": drawn.alt}


def _line(name: str) -> str:
    parts = FIGURES[name].highlights
    return f"{name} (highlight: {', '.join(parts)})" if parts else name
