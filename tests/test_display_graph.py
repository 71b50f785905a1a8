"""The drawing of an expression's graph: what its boxes say, where they stand, and what it refuses."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tunesmith.display import graph
from tunesmith.scratch import LSTM, Tensor, concatenate, tanh

SVG = "{http://www.w3.org/2000/svg}"


def an_expression(walked: bool = True) -> Tensor:
    a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(-3.0, requires_grad=True, name="b")
    loss = (a * b + 10) ** 2
    loss.name = "loss"
    if walked:
        loss.backward()
    return loss


def texts(node: Any) -> list[str]:
    """All that stands in the picture, with plain spaces."""
    root = ElementTree.fromstring(graph.picture(node).svg)
    return ["".join(text.itertext()).replace("\u00a0", " ") for text in root.iter(f"{SVG}text")]


def boxes(node: Any) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every box that is no badge, in the order of drawing."""
    root = ElementTree.fromstring(graph.picture(node).svg)
    found = [rect for rect in root.iter(f"{SVG}rect") if rect.get("stroke") and rect.get("rx") == "8"]
    sides = [[float(rect.get(name)) for name in ("x", "y", "width", "height")] for rect in found]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


def test_values_and_gradients_stand_in_the_boxes():
    said = texts(an_expression())
    for text in ("a", "b", "loss", "value 2", "value −3", "value −6", "value 4", "value 16", "value 10"):
        assert text in said
    assert [text for text in said if text.startswith("grad")].count("grad  8") == 2, "of a · b and of the sum"
    assert {"grad  −24", "grad  16", "grad  1", "×", "+", "** 2"} <= set(said)


def test_before_backward_there_are_values_alone():
    said = texts(an_expression(walked=False))
    assert "value 16" in said and not any(text.startswith("grad") for text in said)


def test_the_text_tells_the_same():
    lines = graph.picture(an_expression()).alt.split("\n")
    assert lines == [
        "Graph of 6 values:",
        "a: value 2, grad −24",
        "b: value −3, grad 16",
        "v1 = a × b: value −6, grad 8",
        "v2 (constant): value 10",
        "v3 = v1 + v2: value 4, grad 8",
        "loss = v3 ** 2: value 16, grad 1",
    ]


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda x: -x, "− x"),
        (lambda x: 2**x, "2 ** x"),
        (lambda x: x / x, "x ÷ x"),
        (lambda x: tanh(x), "tanh(x)"),
        (lambda x: concatenate([x, x, x]), "concatenate(x, x, x)"),
        (lambda x: x[0], "part(x)"),
        (lambda x: x.T, "T(x)"),
    ],
)
def test_how_operations_are_told(make: Any, formula: str):
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    assert f"= {formula}: value" in graph.picture(make(x)).alt


def test_a_small_matrix_is_shown_and_a_large_one_summed_up():
    small = Tensor([[1.0, -2.5], [1e-15, 1234.56]], requires_grad=True)
    said = texts(small * 1)
    assert "value    1  −2.5" in said and "         0  1235" in said
    large = Tensor(np.arange(100.0).reshape(5, 20), requires_grad=True)
    assert "value 5 × 20" in texts(large * 1) and "0 … 99" in texts(large * 1)
    assert "value 2 × 1 × 1" in texts(Tensor(np.zeros((2, 1, 1)), requires_grad=True) * 1)
    assert "value 0" in texts(Tensor(np.zeros(0), requires_grad=True) * 1)


def lstm_step() -> Tensor:
    layer = LSTM(2, 2, fused=False, generator=np.random.default_rng(0))
    h, C = layer.step(Tensor(np.ones((1, 2))), Tensor(np.zeros((1, 2))), Tensor(np.zeros((1, 2))))
    loss = (h * C).sum()
    loss.backward()
    return loss


@pytest.mark.parametrize("node", [an_expression(), lstm_step()], ids=["small", "a step of an LSTM"])
def test_no_box_lies_on_another_and_none_outside(node: Tensor):
    picture = graph.picture(node)
    width, height = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', picture.svg).groups())
    found = boxes(node)
    assert len(found) == len(node.topological_order())
    for place, (left, top, right, bottom) in enumerate(found):
        assert left >= 0 and top >= 0 and right <= width and bottom <= height
        for other in found[:place]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]


def test_arrows_lead_to_the_right_and_every_use_has_one():
    x = Tensor(3.0, requires_grad=True, name="x")
    y = x * x + x
    root = ElementTree.fromstring(graph.picture(y).svg)
    heads = [path for path in root.iter(f"{SVG}path") if path.get("d").endswith("z")]
    assert len(heads) == 4
    (x_box, square, total) = boxes(y)
    assert x_box[2] < square[0] < square[2] < total[0]


def test_a_long_arrow_goes_round_the_boxes_between():
    x = Tensor(3.0, requires_grad=True)
    node = tanh(tanh(tanh(x))) * x
    between = boxes(node)[1:-1]
    root = ElementTree.fromstring(graph.picture(node).svg)
    for path in root.iter(f"{SVG}path"):
        points = [tuple(map(float, pair.split())) for pair in re.findall(r"[\d.]+ [\d.]+", path.get("d"))]
        for (x1, y1), (x2, y2) in pairwise(points):
            for share in np.linspace(0, 1, 20):
                px, py = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
                assert not any(left < px < right and top < py < bottom for left, top, right, bottom in between)


def test_the_same_graph_gives_the_same_picture():
    assert graph.picture(an_expression()) == graph.picture(an_expression())
    assert "id=" not in graph.picture(an_expression()).svg


def test_names_are_escaped():
    assert "a<b" in texts(Tensor(1.0, requires_grad=True, name="a<b") * 2)


def a_chain(length: int) -> Tensor:
    x = Tensor(1.0, requires_grad=True)
    for _ in range(length - 1):
        x = -x
    return x


def test_a_notebook_keeps_a_picture_and_a_text():
    bundle = graph.graph_bundle(an_expression())
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].startswith("<img alt=") and bundle["text/plain"].startswith("Graph of 6 values")


def test_a_large_graph_is_a_text_unless_asked_for():
    assert "text/html" in graph.graph_bundle(a_chain(graph.SHOWN))
    assert graph.graph_bundle(a_chain(graph.SHOWN + 1)) == {"text/plain": repr(a_chain(graph.SHOWN + 1))}
    assert graph.picture(a_chain(graph.MOST)).alt.startswith("Graph of 60 values")


def test_in_a_terminal_the_text_is_printed(capsys: pytest.CaptureFixture):
    graph.plot_graph(an_expression())
    assert capsys.readouterr().out == graph.picture(an_expression()).alt + "\n"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (a_chain(61), "this graph has 61 values; a drawing holds 60: draw a smaller expression"),
        (3.0, "a graph is drawn of a Tensor of tunesmith.scratch, not of float"),
        (None, "not of NoneType"),
    ],
)
def test_one_clear_line(node: Any, message: str):
    with pytest.raises(ValueError) as caught:
        graph.plot_graph(node)
    assert message in str(caught.value) and "\n" not in str(caught.value)
