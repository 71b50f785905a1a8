"""Tables as shades: every number is there, and the shades follow the numbers."""

import re
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from conftest import picture
from tunesmith.display import style
from tunesmith.display.tables import plot_table

AXES = {"x_label": "next note", "y_label": "this note"}
VALUES = [[0, 3, 7], [12, 1, 5]]


def texts(drawn):
    return re.findall(r"<!-- (.*?) -->", drawn)


def fills(drawn):
    """(left, top) → lightness of each cell that is not white; 255 would be."""
    found = {}
    for path, colour in re.findall(r'd="([^"]*)"[^>]*style="fill: #([0-9a-f]{6})', drawn):
        for box in path.split("z")[0].split("M ")[1:]:
            left, top = map(float, box.split()[:2])
            found[round(left), round(top)] = sum(bytes.fromhex(colour)) / 3
    return {place: lightness for place, lightness in found.items() if lightness < 255}


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_each_cell_has_its_number_and_its_shade(shown, kind):
    assert (
        plot_table(kind(VALUES), ["a", "b"], ["x", "y", "z"], alt="b x leads with 12.", title="Pairs", **AXES) is None
    )
    (bundle,) = shown
    assert bundle["text/plain"] == "b x leads with 12." and 'alt="b x leads with 12."' in bundle["text/html"]
    drawn = picture(bundle)
    ET.fromstring(drawn)
    assert {"3", "7", "12", "1", "5", "a", "b", "x", "y", "z", "Pairs", *AXES.values()} <= set(texts(drawn))
    cells = fills(drawn)
    left, top = [sorted({place[axis] for place in cells}) for axis in (0, 1)]
    shades = [cells.get((x, y), 255) for y in top for x in left]
    assert len(shades) == 6
    by_value = [shade for _, shade in sorted(zip(np.ravel(VALUES), shades))]
    assert by_value == sorted(by_value, reverse=True) and len(set(by_value)) == 6  # in grey too: larger is darker
    assert by_value[0] == 255


def test_a_weight_that_is_trained_and_labels_of_any_kind(shown):
    weight = torch.nn.Linear(3, 2).weight
    weight.data = torch.tensor(VALUES, dtype=torch.float32)
    plot_table(weight, iter("ab"), (name for name in "xyz"), alt="x", **AXES)
    plot_table(VALUES, ["a", "b"], {"x": 0, "y": 1, "z": 2}, alt="x", **AXES)
    assert shown[0] == shown[1] and weight.requires_grad and weight.grad is None


def test_dark_cells_have_light_numbers(shown):
    plot_table(VALUES, ["a", "b"], ["x", "y", "z"], alt="x", **AXES)
    inks = dict(re.findall(r"<!-- (\d+) -->\s*<g style=\"fill: (#[0-9a-f]{6})", picture(shown[0])))
    assert inks["12"] == style.PAPER.lower() and inks["3"] == style.INK.lower()


def test_shares_have_two_decimals(shown):
    plot_table([[0.5, 0.125], [0, 1]], "ab", "xy", alt="x", **AXES)
    found = texts(picture(shown[0]))
    assert {"0.50", "0.12", "1.00"} <= set(found) and not {"0", "0.00"} & set(found)  # a zero's cell stays empty


def test_a_table_of_one_number_and_one_of_equal_ones(shown):
    plot_table([[3]], ["a"], ["x"], alt="x", **AXES)
    plot_table([[0, 0], [0, 0]], "ab", "xy", alt="x", **AXES)
    plot_table([[-2, -1]], "a", "xy", alt="x", **AXES)
    assert "3" in texts(picture(shown[0])) and {"a", "b", "x", "y"} <= set(texts(picture(shown[1])))
    assert {"-2", "-1"} <= set(texts(picture(shown[2])))


def test_a_large_table_has_shades_and_a_scale(shown):
    labels = [f"note {number}" for number in range(107)]
    plot_table(np.arange(107 * 107).reshape(107, 107) / 1000, labels, labels, alt="x", **AXES)
    found = texts(picture(shown[0]))
    assert "0.01" not in found and "10" in found  # no cell's number, but the scale's
    assert sum(text.startswith("note ") for text in found) <= 80


def test_a_small_table_is_a_small_picture(shown):
    labels = [f"{pitch} 1/2" for pitch in range(60, 72)]
    plot_table(np.arange(144).reshape(12, 12) / 144, labels, labels, alt="x", **AXES)
    assert len(shown[0]["text/html"]) < 150_000
    assert float(ET.fromstring(picture(shown[0])).get("width").removesuffix("pt")) == pytest.approx(72 * 7.2)


def test_a_dollar_is_no_formula(shown):
    plot_table([[1]], ["$x$"], ["$y$"], alt="x", **AXES)
    assert "Oblique" not in picture(shown[0])  # the letters of formulas


def test_the_same_picture_twice(shown):
    for _ in range(2):
        plot_table(VALUES, ["a", "b"], ["x", "y", "z"], alt="x", **AXES)
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    "values, rows, columns, alt, words",
    [
        ([], [], [], "x", r"at least one of each; this one has the shape \(0,\)"),
        ([1, 2], ["a"], ["x", "y"], "x", r"the shape \(2,\)"),
        (np.zeros((0, 2)), [], ["x", "y"], "x", r"the shape \(0, 2\)"),
        ([[1, 2], [3]], "ab", "xy", "x", "rows have the same length"),
        ([["one"]], "a", "x", "x", "holds numbers"),
        ([[1j]], "a", "x", "x", "holds numbers"),
        ([[1, float("inf")]], "a", "xy", "x", "neither inf nor nan"),
        ([[float("nan"), 1]], "a", "xy", "x", "neither inf nor nan"),
        ([["1"]], "a", "x", "x", "holds numbers"),
        ([[None]], "a", "x", "x", "holds numbers"),
        (None, "a", "x", "x", "holds numbers"),
        (np.array([[1j]]), "a", "x", "x", "holds numbers, real ones"),
        (torch.tensor([[1j]]), "a", "x", "x", "holds numbers, real ones"),
        (torch.tensor([[1j]]).conj(), "a", "x", "x", "holds numbers"),
        (torch.zeros(1, 1, device="meta"), "a", "x", "x", "holds numbers"),
        ([[10**400]], "a", "x", "x", "one of these is too large"),
        (VALUES, None, "xyz", "x", "the row labels should be a list, one for each row, not None"),
        (VALUES, "ab", 3, "x", "the column labels should be a list, one for each column, not 3"),
        (VALUES, "a", "xyz", "x", "1 row labels for 2 rows"),
        (VALUES, "ab", "xy", "x", "2 column labels for 3 columns"),
        (VALUES, "ab", "xyz", " ", "text alternative"),
    ],
)
def test_bad_input(shown, values, rows, columns, alt, words):
    with warnings.catch_warnings(), pytest.raises(ValueError, match=words) as caught:
        warnings.simplefilter("error")
        plot_table(values, rows, columns, alt=alt, **AXES)
    assert shown == [] and "\n" not in str(caught.value)
