"""Figures: what nbval sees of them, and that they hold on any page."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import picture
from tunesmith.display import plots, style
from tunesmith.display.plots import history_bundle, image_html, piano_roll, plot_bars, plot_lines
from tunesmith.music.melody import Melody

AXES = {"x_label": "epoch", "y_label": "loss in nats a step"}
TUNE = Melody.of([(62, 1), (67, 2), (None, 1), (66, 0.5), (67, 0.5)], time_signature="3/4", upbeat=1, key="G major")


def test_lines(shown):
    lines = {"training": [3, 2, 1], "validation": [3, 2.5, 2.4]}
    assert plot_lines(lines, alt="The best validation loss is 2.4.", title="Learning", **AXES) is None
    (bundle,) = shown
    assert bundle["text/plain"] == "The best validation loss is 2.4."
    assert 'alt="The best validation loss is 2.4."' in bundle["text/html"]
    drawn = picture(bundle)
    ET.fromstring(drawn)
    assert style.BLUE.lower() in drawn.lower() and style.ORANGE.lower() in drawn.lower()
    assert "stroke-dasharray" in drawn  # not by colour alone


def test_the_token_that_holds_a_note_stands_in_the_legend(shown, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "show_figure", lambda figure, alt: drawn.append(figure))
    plot_lines({"_": [3, 2], "60": [1, 2]}, alt="Two tokens.", **AXES)
    plot_bars({"_": {"a": 1}, "60": {"a": 2}}, alt="Two tokens.", x_label="x", y_label="y")
    for figure in drawn:
        names = [text.get_text().strip() for text in figure.axes[0].get_legend().get_texts()]
        assert names == ["_", "60"]


@pytest.mark.parametrize(("x", "whole"), [([1, 2, 3], True), (None, True), ([1.0, 1.5, 2.0], False)])
def test_no_ticks_between_two_epochs(monkeypatch, x, whole):
    drawn = []
    monkeypatch.setattr(plots, "show_figure", lambda figure, alt: drawn.append(figure))
    plot_lines({"loss": [3, 2, 1]}, x=x, alt="It falls.", **AXES)
    ticks = drawn[0].axes[0].get_xticks()
    assert all(float(tick).is_integer() for tick in ticks) == whole


def test_bars(shown):
    plot_bars({"human": {"C": 3, "D": 2}, "LSTM": {"C": 1, "E": 2}}, alt="C leads.", x_label="pitch", y_label="notes")
    assert "<pattern" in picture(shown[0])  # the hatch
    assert len(picture(shown[0])) < 80_000


def test_piano_roll(shown):
    piano_roll(TUNE)
    piano_roll(TUNE, step=0.25)
    assert shown[0]["text/plain"] == "Piano roll: 4 notes from D4 to G4 in 5 quarter notes."
    assert len(picture(shown[1])) > len(picture(shown[0]))


def test_piano_roll_of_the_shortest_notes(shown):
    piano_roll(Melody.of([(60, "1/48"), (64, "1/48")]))
    boxes = re.search(r'd="([^"]*)"[^>]*style="fill: #0072b2', picture(shown[0]), re.IGNORECASE)[1]
    corners = [tuple(map(float, pair)) for pair in re.findall(r"[ML] (\S+) (\S+)", boxes)]
    assert len(corners) == 10
    assert corners[0][0] < corners[1][0] < corners[5][0] < corners[6][0]  # neither is turned inside out


def history(train, valid, stopped=""):
    best = valid.index(min(valid)) + 1 if valid else 0
    return SimpleNamespace(
        unit="step", train_loss=train, valid_loss=valid, epochs=len(valid), best_epoch=best, stopped=stopped
    )


def test_a_training_curve():
    bundle = history_bundle(history([2.5, 1.75, 1.625], [2.25, 1.875, 2.125]))
    assert bundle["text/plain"] == "Training curve: training and validation loss over 3 epochs, in nats per step."
    drawn = picture(bundle)
    ET.fromstring(drawn)
    assert style.BLUE.lower() in drawn and style.ORANGE.lower() in drawn and "stroke-dasharray" in drawn
    for text in ("training", "validation", "best epoch", "epoch", "loss, nats per step"):
        assert f"<!-- {text} -->" in drawn
    assert {"<!-- 1 -->", "<!-- 2 -->", "<!-- 3 -->"} <= set(re.findall(r"<!-- \d -->", drawn))
    assert "<!-- 1.5 -->" not in drawn.split("matplotlib.axis_2")[0]  # there is no epoch and a half


def test_a_training_curve_tells_no_trained_number():
    one, other = [history([a, b], [c, d]) for a, b, c, d in ((3, 2, 2.9, 2.1), (2.8, 1.9, 2.2, 2.7))]
    assert history_bundle(one)["text/plain"] == history_bundle(other)["text/plain"]
    stopped = history_bundle(history([3.0, 2.0], [2.9, 2.1], "no lower for 5 epochs"))["text/plain"]
    assert stopped == "Training curve: training and validation loss until it was stopped early, in nats per step."


def test_one_epoch_is_a_point_and_none_a_sentence():
    drawn = picture(history_bundle(history([2.5], [2.25])))
    assert drawn.count("<use") > 4 and "<!-- 1 -->" in drawn
    assert history_bundle(history([], [])) == {"text/plain": "Training curve: no epoch finished."}
    why = history_bundle(history([], [], "the loss is no longer a number"))
    assert why == {"text/plain": "Training curve: no epoch finished: the loss is no longer a number."}


def test_every_figure_is_white_and_fits_the_page(shown):
    plot_lines({"a": [1, 2]}, alt="up", **AXES)
    assert "max-width:100%" in shown[0]["text/html"] and "background:#FFFFFF" in shown[0]["text/html"]
    assert 'id="patch_1"' in picture(shown[0]) and "fill: #ffffff" in picture(shown[0])


def test_text_is_escaped():
    assert 'alt="a &lt; &quot;b&quot;"' in image_html("<svg/>", 'a < "b"')


def test_settings_stay_inside(shown):
    import matplotlib

    before = dict(matplotlib.rcParams)
    plot_lines({"a": [1, 2]}, alt="up", **AXES)
    assert dict(matplotlib.rcParams) == before


def test_the_same_bytes_in_every_process():
    code = (
        "import IPython.display as d, hashlib\n"
        "d.display = lambda b, raw: print(hashlib.sha256(b['text/html'].encode()).hexdigest())\n"
        "from tunesmith.display.plots import plot_bars\n"
        "plot_bars({'a': {'x': 1}, 'b': {'x': 2}}, alt='two', x_label='x', y_label='y')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(plots.__file__).parents[2])}
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=120,
        )
        for seed in "12"
    ]
    assert runs[0].stdout == runs[1].stdout != ""


def test_looks_differ_in_more_than_colour():
    looks = [style.look(name, place) for place, name in enumerate("abcdef")]
    for part in ("color", "dash", "marker", "hatch"):
        assert len({getattr(each, part) for each in looks}) == 6
    assert style.look("forget gate", 0).color == style.VERMILLION


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda: plot_lines({}, alt="x", **AXES), "no lines"),
        (lambda: plot_lines({"a": [1, 2]}, x=[1], alt="x", **AXES), "2 values for 1 places"),
        (lambda: plot_lines({"a": [1, 2]}, alt=" ", **AXES), "text alternative"),
        (lambda: plot_bars({}, alt="x", **AXES), "no bars"),
        (lambda: piano_roll(Melody.of([(None, 1)])), "no notes"),
        (lambda: piano_roll(Melody.of([(None, 1)]), alt="a rest"), "no notes"),
    ],
)
def test_bad_input(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()
