"""The explorer of lesson 02: its numbers, its sliders, and what stands in for them."""

import math
import sys

import nbformat
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import tunesmith as ts
from tunesmith.display import explorer as room
from tunesmith.display.explorer import START, WEIGHTS, WIDGET, explore_lstm, step

numbers = st.floats(-8, 8)


@given(x=numbers, h=st.floats(-1, 1), C=numbers, weights=st.lists(numbers, min_size=12, max_size=12))
@settings(max_examples=50, deadline=None)
def test_a_step_is_that_of_the_unit(x, h, C, weights):
    unit = ts.ScalarLSTM().double()
    with torch.no_grad():
        for name, value in zip(WEIGHTS, weights, strict=True):
            getattr(unit, name).fill_(value)
        tensors = [torch.tensor(value, dtype=torch.float64) for value in (x, h, C)]
        gates, after = unit.gates(*tensors[:2]), unit.lstm_unit(*tensors)
    done = step(x, h, C, dict(zip(WEIGHTS, weights, strict=True)))
    assert (done.f, done.i, done.C_tilde, done.o) == pytest.approx([float(value) for value in gates], abs=1e-12)
    assert (done.h, done.C) == pytest.approx([float(value) for value in after], abs=1e-12)


@pytest.mark.parametrize("b_f", [1e6, -1e6])
def test_large_weights_overflow_nowhere(b_f):
    assert step(0, 0, 1, START | {"b_f": b_f}).f == pytest.approx(float(b_f > 0))


def test_without_a_notebook_the_numbers_are_printed(capsys):
    assert explore_lstm() is None
    text = capsys.readouterr().out
    done = step(1.0, 0.2, 0.5, START)
    assert f"f_t = {done.f:.2f}" in text and f"h_t = {done.h:+.2f}" in text and "ipywidgets" in text


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as in a notebook with a person."""
    bundles = []
    monkeypatch.setattr(room, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda thing, **_: bundles.append(thing))
    monkeypatch.delenv("TUNESMITH_PLAIN", raising=False)
    return bundles


def test_in_a_notebook_both_forms_are_there(shown):
    explore_lstm()
    assert list(shown[0]) == [WIDGET, "text/html", "text/plain"]
    assert '<img alt="LSTM cell' in shown[0]["text/html"]


def test_in_plain_mode_only_the_picture(shown, monkeypatch):
    monkeypatch.setenv("TUNESMITH_PLAIN", "1")
    explore_lstm()
    assert list(shown[0]) == ["text/html", "text/plain"]


def test_without_ipywidgets_only_the_picture(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    explore_lstm()
    assert list(shown[0]) == ["text/html", "text/plain"]


def test_in_colab_the_widget_alone(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    explore_lstm()
    assert type(shown[0]).__name__ == "Box"


@pytest.fixture
def parts(monkeypatch):
    """The explorer's sliders by their label, its buttons, its picture and its table."""
    pytest.importorskip("ipywidgets")
    left, right = room._explorer(START).children
    x, h, C, buttons, tabs, table = left.children
    knobs = {slider.description: slider for tab in tabs.children for slider in tab.children}
    return {"x": x, "h": h, "C": C, **knobs}, buttons.children, right.children[0], table


def test_each_slider_changes_the_picture_and_the_table(parts):
    sliders, _, picture, table = parts
    assert list(sliders) == ["x", "h", "C", *WEIGHTS]
    for name, slider in sliders.items():
        before = picture.value, table.value
        slider.value -= 0.9
        assert picture.value != before[0], name
        if name != "C" and not name.endswith(("_f", "_i", "_o", "_C")):
            assert table.value != before[1], name


def test_the_buttons(parts):
    sliders, (further, again), picture, _ = parts
    start = {name: slider.value for name, slider in sliders.items()}
    drawn = picture.value
    done = step(start["x"], start["h"], start["C"], START)
    further.click()
    assert (sliders["h"].value, sliders["C"].value) == pytest.approx((done.h, done.C))
    assert sliders["x"].value == start["x"]
    sliders["w_f"].value = 3.0
    again.click()
    assert {name: slider.value for name, slider in sliders.items()} == start and picture.value == drawn


def test_the_cell_state_stays_on_its_slider(parts):
    sliders, (further, _), _, table = parts
    sliders["C"].value, sliders["b_f"].value = 5, 6
    for _ in range(5):
        further.click()
    assert sliders["C"].value == sliders["C"].max
    assert "nan" not in table.value


def test_a_unit_of_ones_own(shown):
    unit = ts.ScalarLSTM(forget_bias=4.0)
    explore_lstm(unit)
    assert f"f_t = {unit.gates(torch.tensor(1.0), torch.tensor(0.2))[0].item():.2f}" in shown[0]["text/plain"]
    explore_lstm({"b_f": 60})  # beyond the slider: it stays at its end
    assert "f_t = 1.00" in shown[1]["text/plain"]


@pytest.mark.parametrize("unit", [3, "unit", torch.nn.LSTM(1, 1), {"b_f": "much"}, {"b_f": math.nan}, {"b_f": None}])
def test_what_is_no_unit(unit):
    with pytest.raises(ValueError, match=r"takes a ts\.ScalarLSTM, or weights by name"):
        explore_lstm(unit)


def test_an_unknown_weight():
    with pytest.raises(ValueError, match="no weight 'b_x'"):
        explore_lstm({"b_x": 1.0})


# --- in a real browser -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_in_jupyterlab_the_keyboard_moves_it(lab, tab, tmp_path):
    cell = nbformat.v4.new_code_cell("import tunesmith as ts\n\nts.explore_lstm()")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    tab.goto(lab("Light", "explorer.ipynb", nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})))
    tab.get_by_text("| Idle").wait_for(timeout=60_000)  # the kernel is there
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_text("Run All Cells", exact=True).click()
    tab.wait_for_selector(".jp-OutputArea img[alt^='LSTM cell']", timeout=60_000)
    tab.wait_for_selector(".noUi-handle", timeout=60_000)
    drawn = "() => document.querySelector(\"img[alt^='LSTM cell']\").alt"
    assert "x_t = +1.00" in tab.evaluate(drawn)
    tab.locator(".noUi-handle").first.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function(f"() => ({drawn})().includes('x_t = +1.05')", timeout=20_000)
    tab.get_by_role("button", name="One step on").click()
    after = step(1.05, 0.2, 0.5, START)
    tab.wait_for_function(f"() => ({drawn})().includes('h_{{t−1}} = {after.h:+.2f}')", timeout=20_000)
    assert tab.evaluate("() => document.querySelector(\"img[alt^='LSTM cell']\").naturalWidth") > 0
    assert tab.complaints == []
    tab.screenshot(path=tmp_path / "explorer.png")
