"""Pictures of tokens in a grid: decoded again, cell by cell."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from conftest import picture
from tunesmith.display import style
from tunesmith.display.grids import plot_one_hot, plot_token_grid

LABELS = ["/", "_", "r", "60", "62", "64"]
MATRIX = [[0, 0, 0, 1, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0]]
ROLES = ["input", "target", "padding", "delimiter", "plain"]


def shapes(drawn, color):
    """The corners of each box filled with a colour."""
    paths = re.findall(rf'd="([^"]*)"[^>]*style="[^"]*fill: {color.lower()}', drawn)
    return [
        [tuple(map(float, pair)) for pair in re.findall(r"[ML] (\S+) (\S+)", box)]
        for path in paths
        for box in re.split(r"(?=M )", path)
        if box.strip()
    ]


def texts(drawn):
    return re.findall(r"<!-- (.*?) -->", drawn)


@pytest.mark.parametrize("kind", [list, np.array, lambda rows: np.array(rows, dtype=bool)])
def test_a_one_hot_matrix_is_a_picture_of_its_melody(shown, kind):
    assert plot_one_hot(kind(MATRIX), LABELS, alt="Four steps: 60, held, 64, the end.") is None
    assert shown[0]["text/plain"] == "Four steps: 60, held, 64, the end."
    drawn = picture(shown[0])
    boxes = shapes(drawn, style.BLUE)
    centres = [(sum(x for x, _ in box[:4]) / 4, sum(y for _, y in box[:4]) / 4) for box in boxes]
    assert len(centres) == 4
    assert [x for x, _ in centres] == sorted(x for x, _ in centres)
    heights = [y for _, y in centres]
    assert heights[2] < heights[0] < heights[1] < heights[3]  # y goes down: 64 above 60 above _ above /
    assert set(LABELS) <= set(texts(drawn)) and {"time step", "token"} <= set(texts(drawn))


def test_a_large_matrix_has_all_its_labels(shown):
    labels = ["/", "_", "r", *map(str, range(48, 90))]
    plot_one_hot(np.eye(45)[np.arange(64) % 45], labels, alt="Sixty-four steps.", title="Large")
    drawn = picture(shown[0])
    assert set(labels) <= set(texts(drawn))
    assert len(shapes(drawn, style.BLUE)) == 64
    assert float(ET.fromstring(drawn).get("height").removesuffix("pt")) / 45 > 8  # points a row: room for 7
    assert len(shown[0]["text/html"]) < 120_000


def test_a_grid_of_tokens(shown):
    rows = [["/", "60", "_", "62"], ["/", "64", "/"]]
    roles = [["delimiter", "input", "input", "target"], ["plain", "padding", ""]]
    plot_token_grid(rows, roles, alt="Two songs.", row_labels=["song 1", "song 2"], title="A batch")
    drawn = picture(shown[0])
    ET.fromstring(drawn)
    assert shown[0]["text/plain"] == "Two songs."
    assert len(shapes(drawn, style.SKY)) == 2 + 1 and len(shapes(drawn, style.YELLOW)) == 1 + 1  # one in the legend
    found = texts(drawn)
    assert found.count("/") == 2 and {"60", "_", "62", "64", "song 1", "song 2", "time step"} <= set(found)
    assert set(ROLES) <= set(found)


def test_the_legend_names_the_roles_that_occur(shown):
    plot_token_grid([["a", "b"]], [["input", "target"]], alt="x")
    assert set(ROLES) & set(texts(picture(shown[0]))) == {"input", "target"}


def test_roles_differ_in_more_than_colour(shown):
    drawn = []
    for role in ROLES:
        plot_token_grid([["a"]], [[role]], alt="x")
        drawn.append(re.sub(r"#[0-9a-f]{6}|<!--.*?-->|id=\S+", "", picture(shown[-1]).lower()))
    frames = [
        (text.count("\nq "), "dasharray: 2" in text, "<pattern" in text, "stroke-width: 2;" in text) for text in drawn
    ]
    assert len(set(frames)) >= 4  # plain and input differ in the fill's lightness alone
    assert len(set(drawn)) == 5


def test_a_dollar_is_no_formula(shown):
    plot_token_grid([["$x$"]], [["plain"]], alt="x")
    plot_one_hot([[1]], ["$x$"], alt="x")
    assert not any("Oblique" in text for text in map(picture, shown))  # the letters of formulas


def test_the_same_picture_twice(shown):
    for _ in range(2):
        plot_token_grid([["a", "b"]], [["padding", "delimiter"]], alt="x")
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda: plot_one_hot([], [], alt="x"), r"a row for each step and a column for each token, not \(0,\)"),
        (lambda: plot_one_hot([1, 0], ["a", "b"], alt="x"), r"not \(2,\)"),
        (lambda: plot_one_hot(np.zeros((0, 2)), ["a", "b"], alt="x"), r"not \(0, 2\)"),
        (lambda: plot_one_hot(MATRIX, LABELS[1:], alt="x"), "5 labels for 6 tokens"),
        (lambda: plot_one_hot([[0, 2]], ["a", "b"], alt="x"), "0 and 1 alone"),
        (lambda: plot_one_hot([[0, 1], [1]], ["a", "b"], alt="x"), "rows of a one-hot matrix differ in length"),
        (lambda: plot_one_hot(MATRIX, LABELS, alt=" "), "text alternative"),
        (lambda: plot_token_grid([], [], alt="x"), "no cells"),
        (lambda: plot_token_grid([[]], [[]], alt="x"), "no cells"),
        (lambda: plot_token_grid([["a"]], [], alt="x"), "0 rows of roles for 1 rows"),
        (lambda: plot_token_grid([["a"], ["b"]], [["plain"], []], alt="x"), "row 2 has 0 roles for 1 tokens"),
        (lambda: plot_token_grid([["a"]], [["output"]], alt="x"), "row 1: 'output' is no role; there are input, "),
        (lambda: plot_token_grid([["a"]], [["plain"]], alt="x", row_labels=["1", "2"]), "2 labels for 1 rows"),
        (lambda: plot_token_grid([["a"]], [["plain"]], alt=""), "text alternative"),
    ],
)
def test_bad_input(shown, draw, words):
    with pytest.raises(ValueError, match=words):
        draw()
    assert shown == []
