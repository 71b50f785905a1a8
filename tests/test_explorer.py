"""The explorer of lesson 02: its numbers, its sliders, and what stands in for them."""

import math
import re
import sys

import nbformat
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import tunesmith as ts
from tunesmith.display import explorer as room
from tunesmith.display.explorer import START, WEIGHTS, WIDGET_VIEW, explore_lstm, step

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
    assert list(shown[0]) == [WIDGET_VIEW, "text/html", "text/plain"]
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


def taken_apart(explorer):
    """An explorer's sliders by their label, its buttons, its picture and its table."""
    left, right = explorer.children
    x, h, C, buttons, tabs, table = left.children
    knobs = {slider.description: slider for tab in tabs.children for slider in tab.children}
    return {"x": x, "h": h, "C": C, **knobs}, buttons.children, right.children[0], table


@pytest.fixture
def parts():
    pytest.importorskip("ipywidgets")
    return taken_apart(room._explorer(START))


@pytest.fixture
def opened(shown, monkeypatch):
    """The explorers that `explore_lstm` has made, taken apart."""
    pytest.importorskip("ipywidgets")
    found, make = [], room._explorer
    monkeypatch.setattr(room, "_explorer", lambda weights: found.append(make(weights)) or found[-1])
    return lambda: taken_apart(found[-1])


def told(table):
    """What a table says, a line for each sum and state."""
    lines = re.findall(r"<td>([^<]* = .*?)</td>", table.value)
    return [re.sub("<.*?>", "", line) for line in lines]


def expected(done):
    """The same from a step's numbers."""

    def gate(letter):
        return f"{letter} = σ({done.sums[letter]:+.2f}) = {getattr(done, letter):.2f}"

    candidate = f"C̃ = tanh({done.sums['C']:+.2f}) = {done.C_tilde:+.2f}"
    states = [f"C = f · C + i · C̃ = {done.C:+.2f}", f"h = o · tanh(C) = {done.h:+.2f}"]
    lines = [gate("f"), gate("i"), candidate, gate("o"), *states]
    return [line.replace("-", "−") for line in lines]


def test_each_slider_changes_the_picture_and_the_table(parts):
    sliders, _, picture, table = parts
    assert list(sliders) == ["x", "h", "C", *WEIGHTS]
    for name, slider in sliders.items():
        before = picture.value, table.value
        slider.value -= 0.9
        assert picture.value != before[0], name
        assert table.value != before[1], name


def test_the_table_says_what_the_unit_computes(parts):
    sliders, _, _, table = parts
    assert told(table) == expected(step(1.0, 0.2, 0.5, START))
    for place, slider in enumerate(sliders.values()):
        slider.value = 0.35 + 0.1 * place
    values = {name: slider.value for name, slider in sliders.items()}
    assert told(table) == expected(step(values["x"], values["h"], values["C"], values))


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
    sliders["C"].value, sliders["w_C"].value = -5, -6
    further.click()
    assert sliders["C"].value == sliders["C"].min
    assert "nan" not in table.value


def test_no_slider_is_given_what_it_cannot_show(opened, monkeypatch):
    """ipywidgets 7.7 and 8 would bring it back to the end; that is not left to them."""
    slider_class = pytest.importorskip("ipywidgets").FloatSlider
    given, make = [], slider_class.__setattr__
    monkeypatch.setattr(
        slider_class, "__setattr__", lambda self, *item: given.append((self, *item)) or make(self, *item)
    )
    explore_lstm({"b_f": 60, "b_o": -60, "w_C": 6, "b_i": 6})
    sliders, (further, again), _, _ = opened()
    sliders["C"].value = 5
    further.click()
    again.click()
    values = [(slider, value) for slider, name, value in given if name == "value"]
    assert len(values) > 15 + 3
    assert [(slider.description, value) for slider, value in values if not slider.min <= value <= slider.max] == []
    assert (sliders["b_f"].value, sliders["b_o"].value, sliders["C"].value) == (6, -6, 0.5)


def test_a_unit_of_ones_own(shown, opened):
    unit = ts.ScalarLSTM(forget_bias=4.0)
    explore_lstm(unit)
    f, i, C_tilde, o = (value.item() for value in unit.gates(torch.tensor(1.0), torch.tensor(0.2)))
    assert f"f_t = {f:.2f}" in shown[0]["text/plain"]
    sliders, (_, again), picture, table = opened()
    weights = {name: getattr(unit, name).item() for name in WEIGHTS}
    start = [sliders[name].value for name in WEIGHTS]
    assert start == pytest.approx(list(weights.values()))
    assert f"f_t = {f:.2f}" in picture.value
    ends = [line.rpartition(" = ")[2] for line in told(table)[:4]]
    assert ends == [f"{f:.2f}", f"{i:.2f}", f"{C_tilde:+.2f}".replace("-", "−"), f"{o:.2f}"]
    for name in WEIGHTS:
        sliders[name].value = 0.05
    again.click()
    assert [sliders[name].value for name in WEIGHTS] == start, "its own weights, not the explorer's"
    assert {name: getattr(unit, name).item() for name in WEIGHTS} == weights


def test_some_weights_by_name(shown, opened):
    explore_lstm({"b_f": 60, "u_o": 2})  # one is beyond the slider: it stays at its end
    assert "f_t = 1.00" in shown[0]["text/plain"]
    sliders, _, picture, _ = opened()
    assert (sliders["b_f"].value, sliders["u_o"].value, sliders["w_i"].value) == (6, 2, START["w_i"])
    assert "f_t = 1.00" in picture.value


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
    tab.wait_for_function(f"() => ({drawn})().includes('x_t = +1.05')", timeout=60_000)
    tab.get_by_role("button", name="One step on").click()
    after = step(1.05, 0.2, 0.5, START)
    tab.wait_for_function(f"() => ({drawn})().includes('h_{{t−1}} = {after.h:+.2f}')", timeout=60_000)
    assert tab.evaluate("() => document.querySelector(\"img[alt^='LSTM cell']\").naturalWidth") > 0
    assert tab.complaints == []
    tab.screenshot(path=tmp_path / "explorer.png")
