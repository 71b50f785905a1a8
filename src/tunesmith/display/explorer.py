"""`explore_lstm`: one LSTM unit with a slider for each of its numbers. Lesson 02.

Made of plain ipywidgets (7 or 8), without a line of JavaScript, so that it runs wherever widgets do. Where they can't,
a picture of the unit with its numbers stands in.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from tunesmith.display.drawing import number
from tunesmith.display.figures import bundle, picture
from tunesmith.display.frontend import WIDGET_VIEW, in_notebook
from tunesmith.display.style import CONCEPTS
from tunesmith.music.progress import plain

# A letter as in `ScalarLSTM`, its concept, and what its sum goes through.
_PARTS = {
    "f": ("forget gate", "f", "σ"),
    "i": ("input gate", "i", "σ"),
    "C": ("candidate", "C̃", "tanh"),
    "o": ("output gate", "o", "σ"),
}
WEIGHTS = tuple(f"{kind}_{part}" for part in _PARTS for kind in "wub")
START = dict(zip(WEIGHTS, (0.8, -0.5, 0.0, 1.5, 0.5, 0.0, 1.2, 0.3, 0.0, 1.0, -0.4, 0.5), strict=True))
_STATE = {"x": ("the input", 1.0, 2.0), "h": ("hidden state", 0.2, 1.0), "C": ("cell state", 0.5, 5.0)}
_REACH = 6.0  # of a weight's slider, both ways: σ(6) is 1 but for a quarter of a per cent

_NO_WIDGETS = "The sliders need ipywidgets and a running notebook. This is the unit as they begin."


class Step(NamedTuple):
    """One step of the unit: the four sums, what becomes of each, and the state after it."""

    sums: dict[str, float]
    f: float
    i: float
    C_tilde: float
    o: float
    C: float
    h: float


def step(x: float, h: float, C: float, weights: Mapping[str, float]) -> Step:
    """What the unit makes of the input x and the state h, C before it. weights: those of `WEIGHTS`. Lesson 02."""
    sums = {part: weights[f"w_{part}"] * x + weights[f"u_{part}"] * h + weights[f"b_{part}"] for part in _PARTS}
    f, i, o = (_sigmoid(sums[part]) for part in "fio")
    C_tilde = math.tanh(sums["C"])
    C_after = f * C + i * C_tilde
    return Step(sums, f, i, C_tilde, o, C_after, o * math.tanh(C_after))


def explore_lstm(unit: Any = None) -> None:
    """Show an LSTM unit with sliders for x, h, C and its weights; the gates and the next state follow. Lesson 02.

    unit: a `ScalarLSTM` whose weights to begin with, or a mapping with some of `WEIGHTS`. Nothing in it is changed.
    In plain mode (TUNESMITH_PLAIN=1), without ipywidgets or outside a notebook a picture or its text stands in.
    Raises ValueError for a unit that lacks such weights.
    """
    weights = START | _weights_of(unit)
    still = _still(weights)
    if not in_notebook():
        print(still["text/plain"])
        return
    from IPython.display import display

    explorer = None if plain() else _explorer(weights)
    if explorer is None:
        display(still, raw=True)
    elif "google.colab" in sys.modules:
        display(explorer)  # among several forms Colab might choose the still picture
    else:
        view = {"version_major": 2, "version_minor": 0, "model_id": explorer.model_id}
        display({WIDGET_VIEW: view, **still}, raw=True)


def _weights_of(unit: Any) -> dict[str, float]:
    """The weights that a unit or a mapping gives."""
    if unit is None:
        return {}
    if isinstance(unit, Mapping):
        unknown = [name for name in unit if name not in WEIGHTS]
        if unknown:
            raise ValueError(f"a unit has no weight {unknown[0]!r}: it has {', '.join(WEIGHTS)}")
        given = dict(unit)
    else:
        given = {name: getattr(unit, name, None) for name in WEIGHTS}
    try:
        values = {name: float(value.detach() if hasattr(value, "detach") else value) for name, value in given.items()}
    except (TypeError, ValueError, RuntimeError, OverflowError):
        values = {}
    if len(values) < len(given) or not all(map(math.isfinite, values.values())):
        raise ValueError("explore_lstm takes a ts.ScalarLSTM, or weights by name such as {'b_f': 4.0}")
    return values


def _still(weights: Mapping[str, float]) -> dict[str, str]:
    """The picture that stands in for the sliders, and its text."""
    start = {name: value for name, (_, value, _) in _STATE.items()}
    still = bundle(_drawn(start, step(**start, weights=weights)))
    return {
        "text/html": f"{still['text/html']}\n<p>{_NO_WIDGETS}</p>",
        "text/plain": f"{still['text/plain']}\n{_NO_WIDGETS}",
    }


def _drawn(state: Mapping[str, float], done: Step) -> Any:
    before = {"x": state["x"], "h_before": state["h"], "C_before": state["C"]}
    after = {name: getattr(done, name) for name in ("f", "i", "C_tilde", "o", "C", "h")}
    return picture("lstm_cell", values=before | after)


def _explorer(weights: Mapping[str, float]) -> Any:
    """The box with sliders, picture and table; None without ipywidgets."""
    try:
        import ipywidgets as widgets
    except ImportError:
        return None
    state = {name: _slider(widgets, f"{name}, {words}", value, reach) for name, (words, value, reach) in _STATE.items()}
    knobs = {name: _slider(widgets, name, _within(weights[name]), _REACH) for name in WEIGHTS}
    drawing, table = widgets.HTML(), widgets.HTML()

    def now() -> tuple[dict[str, float], Step]:
        before = {name: slider.value for name, slider in state.items()}
        return before, step(**before, weights={name: slider.value for name, slider in knobs.items()})

    def redraw(_: Any = None) -> None:
        before, done = now()
        drawing.value = bundle(_drawn(before, done))["text/html"]
        table.value = _table(done)

    def go_on(_: Any) -> None:
        _, done = now()
        state["C"].value = max(-state["C"].max, min(state["C"].max, done.C))
        state["h"].value = done.h

    def begin_again(_: Any) -> None:
        for name, slider in state.items():
            slider.value = _STATE[name][1]
        for name, slider in knobs.items():
            slider.value = _within(weights[name])

    for slider in (*state.values(), *knobs.values()):
        slider.observe(redraw, names="value")
    further = widgets.Button(description="One step on", tooltip="The new h and C become the old ones")
    again = widgets.Button(description="Begin again", tooltip="All sliders back to where they were")
    further.on_click(go_on)
    again.on_click(begin_again)
    redraw()
    tabs = widgets.Tab(children=[widgets.VBox([knobs[f"{kind}_{part}"] for kind in "wub"]) for part in _PARTS])
    for place, (words, _, _) in enumerate(_PARTS.values()):
        tabs.set_title(place, words.removesuffix(" gate"))
    controls = [*state.values(), widgets.HBox([further, again]), tabs, table]
    left = widgets.VBox(controls, layout={"min_width": "240px", "flex": "1 1 330px"})
    right = widgets.VBox([drawing], layout={"min_width": "240px", "flex": "2 1 420px"})
    return widgets.Box([left, right], layout={"flex_flow": "row wrap", "align_items": "flex-start"})


def _slider(widgets: Any, words: str, value: float, reach: float) -> Any:
    return widgets.FloatSlider(
        value=value,
        min=-reach,
        max=reach,
        step=0.05,
        description=words,
        readout_format="+.2f",
        style={"description_width": "110px"},
        layout={"width": "98%", "max_width": "310px"},
    )


def _table(done: Step) -> str:
    """The sums and what becomes of them, for those who would rather read than look."""
    rows = []
    for part, (words, letter, function) in _PARTS.items():
        value = number(done.C_tilde) if part == "C" else number(getattr(done, part), signed=False)
        mark = f'<td style="border-left:6px solid {CONCEPTS[words]};padding:1px 8px">{words}</td>'
        rows.append(f"<tr>{mark}<td>{letter} = {function}({number(done.sums[part])}) = {value}</td></tr>")
    return (
        '<table style="line-height:1.5">'
        + "".join(rows)
        + f"<tr><td>cell state</td><td>C = f · C + i · C̃ = <b>{number(done.C)}</b></td></tr>"
        + f"<tr><td>hidden state</td><td>h = o · tanh(C) = <b>{number(done.h)}</b></td></tr></table>"
    )


def _sigmoid(value: float) -> float:
    # Two forms, since e to a large power is too large for a float.
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def _within(value: float) -> float:
    return max(-_REACH, min(_REACH, value))
