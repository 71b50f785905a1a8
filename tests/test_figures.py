"""The diagrams: what they say, that they can be read, that numbers and colours stand where they should; and img/."""

from __future__ import annotations

import itertools
import math
import re
import time
import unicodedata
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from tunesmith.course import pictures as tool
from tunesmith.display import figures
from tunesmith.display.drawing import PALE_INK, PANEL, RADIUS, Drawing, number, shade, tint
from tunesmith.display.figures import FIGURES, figure, picture
from tunesmith.display.style import CONCEPTS, INK, PAPER
from tunesmith.music.kern import kern_text
from tunesmith.music.melody import Melody
from tunesmith.tokens.steps import encode
from tunesmith.tokens.vocabulary import Vocabulary

IMG = Path(__file__).resolve().parent.parent / "img"
SVG = "{http://www.w3.org/2000/svg}"
GATES = ("forget", "input", "candidate", "output")
ALL = [(name, part) for name, known in FIGURES.items() for part in (None, *known.highlights)]
every_figure = pytest.mark.parametrize(("name", "part"), ALL, ids=[f"{name}-{part}" for name, part in ALL])


def full(name: str, part: str | None = None):
    """A figure with every number that it can show, each as wide as they usually get."""
    return picture(name, part, {value: -0.25 - 10 * (value[0] == "C") for value in FIGURES[name].values} or None)


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


class Box(NamedTuple):
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def gap(self, other: Box) -> float:
        """The way from one to the other: what is free between them, across and down."""
        across = max(self.left - other.right, other.left - self.right, 0)
        return across + max(self.top - other.bottom, other.top - self.bottom, 0)


def boxes(svg: str) -> list[Box]:
    """Where each text stands, about, in a font that is rather wide."""
    found = []
    for text in tree(svg).iter(f"{SVG}text"):
        size = float(text.get("font-size"))
        bold = 1.1 if text.get("font-weight") else 1.0
        formula = "Times" in text.get("font-family", "")
        width = 0.0
        for run in [text, *text.iter(f"{SVG}tspan")]:
            letters = unicodedata.normalize("NFC", run.text or "").replace("\u02dc", "")
            width += len(letters) * float(run.get("font-size", size)) * (0.52 if formula else 0.6) * bold
        x, y = float(text.get("x")), float(text.get("y"))
        left = x - {"middle": width / 2, "end": width}.get(text.get("text-anchor"), 0)
        found.append(Box(words(text), left, y - 0.74 * size, left + width, y + 0.1 * size))
    return found


Line = tuple[float, float, float, float]


def wires(svg: str) -> list[Line]:
    """Every straight piece of a wire: its smaller x and y, its larger x and y."""
    found = []
    for path in tree(svg).iter(f"{SVG}path"):
        if path.get("fill") == "none" and not re.search("[hvl]", path.get("d")):
            numbers = [float(part) for part in re.split("[MLQ ]", path.get("d")) if part]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            found += [(*map(min, zip(a, b)), *map(max, zip(a, b))) for a, b in itertools.pairwise(points)]
    return found


def frames(svg: str) -> list[Line]:
    """Every box with an edge."""
    found = []
    for box in tree(svg).iter(f"{SVG}rect"):
        if box.get("stroke"):
            x, y, width, height = (float(box.get(name)) for name in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


def signs(svg: str) -> list[tuple[str, float, float]]:
    """Every × and + in its circle: which it is, and the circle's middle."""
    found = []
    for path in tree(svg).iter(f"{SVG}path"):
        start = re.fullmatch(r"M(\S+) (\S+?)(l12 12m0 -12l-12 12|h16m-8 -8v16)", path.get("d"))
        if start:
            x, y = float(start[1]), float(start[2])
            found.append(("×", x + 6, y + 6) if start[3][0] == "l" else ("+", x + 8, y))
    middles = [(float(circle.get("cx")), float(circle.get("cy"))) for circle in tree(svg).iter(f"{SVG}circle")]
    assert [sign for sign in found if sign[1:] not in middles] == []
    return found


def ends(svg: str, color: str) -> list[str]:
    """What the arrows of a colour point at: "×", "+", or "" for neither."""
    found = []
    for path in tree(svg).iter(f"{SVG}path"):
        if path.get("fill") == color and path.get("d").endswith("z"):
            tip = [float(part) for part in re.match(r"M(\S+) (\S+?)L", path.get("d")).groups()]
            found.append("".join(sign for sign, *middle in signs(svg) if math.dist(tip, middle) <= RADIUS + 1))
    return found


# ---------------------------------------------------------------- every figure


@every_figure
def test_the_picture_is_whole_and_stands_alone(name: str, part: str | None):
    svg, alt = full(name, part)
    root = tree(svg)
    width, height = int(root.get("width")), int(root.get("height"))
    assert root.get("viewBox") == f"0 0 {width} {height}" and width <= 720
    assert root.get("role") == "img" and words(root.find(f"{SVG}desc")) == alt
    assert 2 <= len(words(root.find(f"{SVG}title")).split()) <= 8
    paper = root.find(f"{SVG}rect")
    assert (paper.get("fill"), paper.get("width")) == (PAPER, str(width)), "on dark pages it brings its own paper"
    inside = svg.replace("http://www.w3.org/2000/svg", "", 1)
    assert not re.search(r"href|url\(|https?:|<style|<script|<image|\bid=|class=|@import", inside)
    assert "baseline-shift" not in svg, "Firefox does not know it"
    assert "nan" not in re.sub(r">[^<]*<", "", svg)


@every_figure
def test_every_text_has_room(name: str, part: str | None):
    svg, _ = full(name, part)
    root = tree(svg)
    texts = boxes(svg)
    for box in texts:
        assert box.left >= 0 and box.right <= float(root.get("width")), f"{box.text} is cut at the side"
        assert box.top >= 0 and box.bottom <= float(root.get("height")), f"{box.text} is cut"
    for one, other in itertools.combinations(texts, 2):
        assert not one.touches(other), f"{one.text} and {other.text} touch"


@every_figure
def test_no_text_stands_on_a_line(name: str, part: str | None):
    svg, _ = full(name, part)
    for box in boxes(svg):
        spot = Box("", *box[1:])
        for frame in frames(svg):
            left, top, right, bottom = frame
            if spot.touches(Box("", *frame)):  # then it stands in it, and wires end at it
                assert left < box.left and box.right < right and top < box.top and box.bottom < bottom, box
                break
        else:
            assert [line for line in wires(svg) if spot.touches(Box("", *line))] == [], box.text


def test_the_rough_boxes_would_find_what_touches():
    sheet = Drawing(300, 100)
    sheet.words(100, 50, "forget")
    sheet.letters(130, 52, "f_t")
    one, other = boxes(sheet.svg("A test", "alt"))
    assert one.touches(other) and one.left > 0
    sheet.wire((50, 46), (150, 46))
    assert one.touches(Box("", *wires(sheet.svg("A test", "alt"))[0]))
    sheet.words(290, 90, "too far")
    assert boxes(sheet.svg("A test", "alt"))[-1].right > 300


@every_figure
def test_letters_are_large_enough_at_400_pixels(name: str, part: str | None):
    root = tree(full(name, part).svg)
    sizes = [float(text.get("font-size")) for text in root.iter(f"{SVG}text")]
    assert min(sizes) * 400 / int(root.get("width")) >= 9


def test_every_alternative_text_is_its_own():
    alts = [picture(name, part).alt for name, part in ALL]
    assert len(set(alts)) == len(alts)
    for (name, part), alt in zip(ALL, alts, strict=True):
        assert alt.endswith(".") and 60 < len(alt) < 500, (name, part)
        assert "\n" not in alt


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fixed_window", ["four inputs above a melody of seven notes"]),
        ("rnn_unrolled", ["loop", "same weights", "x_t", "h_{t−1}", "h_t"]),
        ("encoder_decoder", ["reads", "writes", "handed over", "h_3"]),
        ("rnn_gradient", ["Forward", "Backward", "w_h (1 − h_3²)", "w_h (1 − h_2²)", "∂L/∂h_1"]),
        ("lstm_cell", ["C_{t−1}", "h_{t−1}", "x_t", "f_t", "i_t", "o_t", "C̃_t", "C_t", "h_t", *GATES]),
        ("lstm_unrolled", ["straight", "f_1 · f_2 · f_3", "C_0", "C_3", "C_t feeds no gate"]),
        ("operations", ["σ", "tanh", "multiplies", "adds", "joined", "copies"]),
        ("gru_cell", ["z_t", "r_t", "n_t", "(1 − z_t) · n_t", "U_n h_{t−1}", "W_n x_t"]),
        ("bptt_truncated", ["Forward", "states h and C", "backward", "from step 3 to 1", "cut"]),
        ("song_path", ["file", "melody", "tokens", "ids", "model", "logits", "sampled", "score"]),
        ("window_lstm", ["(B, 64, V)", "(B, 64, H)", "(B, 64 · H)", "(B, V)", "(B, T, V)"]),
    ],
)
def test_the_alternative_text_says_what_is_there(name: str, said: list[str]):
    alt = picture(name).alt
    assert [part for part in said if part not in alt] == []


def test_every_figure_is_described_above():
    marks = test_the_alternative_text_says_what_is_there.pytestmark
    assert {name for name, _ in marks[0].args[1]} == set(FIGURES)


def test_the_same_bytes_each_time():
    assert tool.diagrams() == tool.diagrams()


def test_drawing_is_quick_enough_for_a_slider():
    times = []
    for _ in range(10):
        began = time.process_time()
        full("lstm_cell")
        times.append(time.process_time() - began)
    assert min(times) < 0.01


# ---------------------------------------------------------------- the LSTM cell

PAINT = re.compile(r' (fill|stroke)="#[0-9A-F]{6}"')


def test_a_highlight_changes_paint_alone():
    def lines(part: str | None) -> str:
        drawn = full("lstm_cell", part)
        return PAINT.sub(" paint", drawn.svg.replace(drawn.alt, ""))

    drawings = {part: picture("lstm_cell", part).svg for part in (None, *FIGURES["lstm_cell"].highlights)}
    assert len(set(drawings.values())) == 6
    assert len({lines(part) for part in drawings}) == 1


@pytest.mark.parametrize("part", [None, *GATES])
def test_only_the_part_in_question_has_its_colour(part: str | None):
    svg = picture("lstm_cell", part).svg
    concepts = {word: CONCEPTS.get(f"{word} gate") or CONCEPTS[word] for word in GATES}
    assert {word for word, color in concepts.items() if color in svg} == ({part} if part else set(GATES))


def test_the_update_shows_what_goes_into_the_cell_state():
    svg = picture("lstm_cell", "update").svg
    assert all(CONCEPTS[name] in svg for name in ("cell state", "forget gate", "input gate", "candidate"))
    assert CONCEPTS["output gate"] not in svg
    assert "wires of f_t, i_t and C̃_t keep their colours" in picture("lstm_cell", "update").alt


def test_the_fixed_network_stands_above_the_melody():
    found = {box.text: box for box in boxes(picture("fixed_window").svg)}
    assert all(found["a network with 4 inputs"].bottom < found[f"x{t}"].top for t in range(1, 8))


def test_never_by_colour_alone():
    texts = [words(text) for text in tree(picture("lstm_cell").svg).iter(f"{SVG}text")]
    assert [word for word in GATES if word not in texts] == []
    letters = ["Ct−1", "Ct", "ht−1", "ht", "xt", "ft", "it", "C\u02dct", "ot"]
    assert [letter for letter in letters if letter not in texts] == []


@pytest.mark.parametrize(
    ("name", "multiplied", "added"), [("lstm_cell", 3, 1), ("lstm_unrolled", 6, 3), ("gru_cell", 3, 2)]
)
def test_as_many_products_and_sums_as_in_the_formulas(name: str, multiplied: int, added: int):
    kinds = [kind for kind, *_ in signs(picture(name).svg)]
    assert (kinds.count("×"), kinds.count("+")) == (multiplied, added)


def test_every_gate_multiplies_and_their_product_is_added():
    svg = picture("lstm_cell").svg
    for gate in ("forget gate", "input gate", "candidate", "output gate"):
        assert ends(svg, CONCEPTS[gate]) == ["×"], gate
    (plus,) = (sign for sign in signs(svg) if sign[0] == "+")
    (inner,) = (sign for sign in signs(svg) if sign[0] == "×" and sign[1] == plus[1])  # i_t · C̃_t, right below it
    assert inner[2] > plus[2] and "+" in ends(svg, INK)


def test_unrolled_the_cell_state_feeds_no_gate():
    svg = picture("lstm_unrolled").svg
    assert ends(svg, CONCEPTS["forget gate"]) == ends(svg, CONCEPTS["output gate"]) == ["×"] * 3
    shown = [box for box in boxes(svg) if box.text == "gates"]
    rooms = [frame for frame in frames(svg) for box in shown if box.touches(Box("", *frame))]
    assert len(rooms) == 3
    (path,) = (line for line in wires(svg) if line[1] == line[3] and line[2] - line[0] > 500)
    taps = [line for line in wires(svg) if line[0] == line[2] and line[1] == path[1]]
    assert len(taps) == 3
    for x, _, _, bottom in taps:
        assert [room for room in rooms if room[0] <= x <= room[2]] == []
        assert [kind for kind, *middle in signs(svg) if middle[0] == x and 0 < middle[1] - bottom < 40] == ["×"]


def test_pale_letters_can_be_read():
    def luminance(color: str) -> float:
        parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    inks = [PALE_INK, *(shade(CONCEPTS[name]) for name in ("forget gate", "input gate", "candidate", "output gate"))]
    for ink, ground in itertools.product(inks, (PAPER, PANEL)):
        assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 4.2, ink


def test_tints_and_shades():
    assert (tint("#D55E00", 0), tint("#D55E00", 1)) == ("#FFFFFF", "#D55E00")
    assert (shade("#D55E00", 0), shade("#D55E00", 1)) == ("#000000", "#D55E00")


# ---------------------------------------------------------------- numbers

STEP = {"x": -1, "h_before": 0.2, "C_before": 0.5, "f": 0.8176, "i": 0.3, "C_tilde": -0.93, "o": 0.55, "C": -0.001}


def test_numbers_stand_in_the_picture_and_in_its_text():
    svg, alt = picture("lstm_cell", None, STEP)
    texts = [words(text) for text in tree(svg).iter(f"{SVG}text")]
    assert texts.count("0.82") == texts.count("−1.00") == texts.count("+0.20") == texts.count("−0.93") == 1
    assert "With x_t = −1.00, h_{t−1} = +0.20, C_{t−1} = +0.50, f_t = 0.82" in alt
    assert "h_t = " not in alt.partition("With")[2].replace("h_{t", ""), "no number was given for it"
    plain = [words(text) for text in tree(picture("lstm_cell").svg).iter(f"{SVG}text")]
    assert len(texts) == len(plain) + len(STEP)


def test_numbers_of_the_gradient():
    svg, alt = picture("rnn_gradient", values={"w_h": 0.5, "h_3": -0.4, "loss": 1.25, "g_1": 0.0625})
    texts = [words(text) for text in tree(svg).iter(f"{SVG}text")]
    assert [text for text in ("+0.50", "−0.40", "+1.25", "+0.06") if texts.count(text) != 1] == []
    assert "w_h = +0.50, h_3 = −0.40, L = +1.25, ∂L/∂h_1 = +0.06." in alt


LETTERS = {
    "lstm_cell": ("xt", "ht−1", "Ct−1", "ft", "it", "C\u02dct", "ot", "Ct", "ht"),
    "rnn_gradient": (
        *("wx =", "wh =", "x1", "x2", "x3", "h0", "h1", "h2", "h3", "L"),
        *(f"∂L / ∂h{t}" for t in (1, 2, 3)),
    ),
}


@pytest.mark.parametrize("name", LETTERS)
def test_each_number_stands_by_its_own_letter(name: str):
    values = {value: 0.1 + place / 100 for place, value in enumerate(FIGURES[name].values)}
    found = boxes(picture(name, None, values).svg)
    letters = [box for box in found if box.text in LETTERS[name]]
    assert sorted(box.text for box in letters) == sorted(LETTERS[name])
    for (value, given), letter in zip(values.items(), LETTERS[name], strict=True):
        (number_box,) = (box for box in found if box.text in (f"{given:.2f}", f"{given:+.2f}"))
        assert min(letters, key=number_box.gap).text == letter, value


def test_a_tensor_is_a_number():
    value = torch.tensor([0.25], requires_grad=True)[0]
    for number_of_any_kind in (value, torch.tensor([[0.25]]), Fraction(1, 4), value.item()):
        assert "f_t = 0.25" in picture("lstm_cell", values={"f": number_of_any_kind}).alt


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (0.125, True, "+0.12"),
        (-0.004, True, "+0.00"),
        (-7.5, True, "−7.50"),
        (0.5, False, "0.50"),
        (-123.4, True, "−123"),
        (99.999, True, "+100"),
        (-0.001, True, "+0.00"),
        (-0.001, False, "0.00"),
        (999.6, True, "+1000"),
        (-12345.6, True, "−12346"),
        (2e6, True, "+2e+06"),
    ],
)
def test_how_a_number_is_written(value: float, signed: bool, text: str):
    assert number(value, signed) == text


# ---------------------------------------------------------------- what is wrong, in a line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lstm",), r"no figure 'lstm': there are fixed_window, .*window_lstm"),
        (("",), "there are fixed_window"),
        ((["lstm_cell"],), "no figure"),
        (("lstm_cell", "forgot"), "no part 'forgot': it has forget, input, candidate, update, output"),
        (("lstm_cell", ""), "no part ''"),
        (("gru_cell", "forget"), "no parts to highlight"),
        (("gru_cell", None, {"x": 1}), "shows no numbers"),
        (("lstm_cell", None, {"c": 1}), "no value 'c': it has x, h_before, C_before"),
        (("lstm_cell", None, {"x": "high"}), "'x' should be one number, not 'high'"),
        (("lstm_cell", None, {"x": [1, 2]}), "one number"),
        (("lstm_cell", None, {"x": None}), "one number"),
        (("lstm_cell", None, {"x": float("nan")}), "finite number, not nan"),
        (("lstm_cell", None, {"x": float("inf")}), "finite number, not inf"),
        (("lstm_cell", None, {"x": "0.5"}), "one number, not '0.5'"),
        (("lstm_cell", None, {"x": b"0.5"}), "one number"),
        (("lstm_cell", None, {"x": True}), "one number, not True"),
        (("lstm_cell", None, {"x": torch.tensor(True)}), "one number, not tensor"),
        (("lstm_cell", None, {"x": 1j}), "one number, not 1j"),
        (("lstm_cell", None, {"x": torch.zeros(30, 30)}), "one number, not tensor.*…$"),
        (("lstm_cell", None, {"x": 10**400}), "'x' is too large"),
        (("lstm_cell", None, [1, 2]), r"a dictionary of names and numbers, such as \{'x': 0.5\}, not list"),
        (("lstm_cell", None, []), "a dictionary"),
        (("lstm_cell", None, torch.tensor([1.0, 2.0])), "a dictionary .* not Tensor"),
        (("lstm_cell", None, np.zeros(2)), "a dictionary .* not ndarray"),
        (("gru_cell", None, np.zeros(2)), "a dictionary .* not ndarray"),
    ],
)
def test_bad_input(arguments: tuple, said: str):
    with pytest.raises(ValueError, match=said) as caught:
        picture(*arguments)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=said):
        figure(*arguments)


# ---------------------------------------------------------------- shown


def test_in_a_terminal_it_is_text(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(figures, "in_notebook", lambda: False)
    assert figure("lstm_cell", "forget") is None
    assert capsys.readouterr().out == picture("lstm_cell", "forget").alt + "\n"


def test_without_a_name_it_lists_them(capsys: pytest.CaptureFixture):
    figure()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(FIGURES)
    assert "lstm_cell (highlight: forget, input, candidate, update, output)" in lines


def test_in_a_notebook_it_is_an_image_with_its_text(monkeypatch: pytest.MonkeyPatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(figures, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append((data, raw)))
    figure("lstm_cell", highlight="output", values={"o": 0.5})
    [(data, raw)] = shown
    drawn = picture("lstm_cell", "output", {"o": 0.5})
    assert raw and data["text/plain"] == drawn.alt and set(data) == {"text/plain", "text/html"}
    assert data["text/html"].startswith("<img alt=") and "data:image/svg+xml;base64," in data["text/html"]


# ---------------------------------------------------------------- what they claim


def test_the_example_of_the_song_is_what_the_package_gives():
    up = Melody.of([(60, 1), (62, 1), (64, 2)], time_signature="4/4", key="C major")
    down = Melody.of([(64, 1), (62, 1), (60, 2)], time_signature="4/4", key="C major")
    vocabulary = Vocabulary.of([encode(up), encode(down)])
    texts = [words(text) for text in tree(picture("song_path").svg).iter(f"{SVG}text")]
    assert [line for line in kern_text(up).splitlines() if line[0] in "24"] == [
        "4c",
        "4d",
        "2e",
    ] and "4c 4d 2e" in texts
    for melody in (up, down):
        tokens = encode(melody)
        ids = [str(i) for i in vocabulary.ids(tokens)]
        assert " ".join([*tokens[:6], "…"]) in texts and " ".join([*ids[:6], "…"]) in texts


def test_the_curves_of_the_key_end_where_their_functions_do():
    curves = [
        path.get("d") for path in tree(picture("operations").svg).iter(f"{SVG}path") if path.get("d").count("L") > 40
    ]
    assert len(curves) == 2
    for curve in curves:
        heights = [float(y) for y in re.findall(r"[ML]\S+ (\S+?)(?=L|$)", curve)]
        assert heights == sorted(heights, reverse=True) and 36 <= heights[-1] < 37 and 95 < heights[0] <= 96


# ---------------------------------------------------------------- img/


def test_img_is_up_to_date():
    """If this fails: `python tasks.py figures`, then look at what has changed."""
    old = [
        name
        for name, svg in tool.diagrams().items()
        if not (IMG / name).exists() or (IMG / name).read_bytes() != svg.encode("utf-8")
    ]
    assert old == [], "img/ is out of date: run `python tasks.py figures`"
    known = {*tool.diagrams(), tool.TUNE}
    assert {path.name for path in IMG.glob("*.svg")} - known == set(), "no figure has this name: delete the file"


@pytest.fixture
def two_pictures(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is to be written, without the network that writes README's tune."""
    wanted = {"a.svg": "<svg>ä</svg>\n", "b.svg": "<svg/>\n"}
    monkeypatch.setattr(tool, "pictures", lambda: wanted)
    return wanted


def test_only_what_has_changed_is_written(two_pictures, tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / "b.svg").write_bytes(b"<svg/>\n")
    (tmp_path / "mine.svg").write_bytes(b"mine")
    assert tool.main([str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"wrote {(tmp_path / 'a.svg').as_posix()}" in said and "b.svg" not in said and "1 written, 1 as" in said
    assert (tmp_path / "a.svg").read_bytes() == "<svg>ä</svg>\n".encode()
    assert {path.name for path in tmp_path.iterdir()} == {"a.svg", "b.svg", "mine.svg"}
    assert (tmp_path / "mine.svg").read_bytes() == b"mine"
    assert tool.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "0 written, 2 as they were.\n"


def test_a_folder_that_is_not_there(two_pictures, tmp_path: Path, capsys: pytest.CaptureFixture):
    assert tool.main([str(tmp_path / "none")]) == 1
    said = capsys.readouterr().err
    assert "there is no folder" in said and said.count("\n") == 1 and not (tmp_path / "none").exists()


def test_every_picture_has_its_file():
    names = set(tool.diagrams())
    assert {"lstm_cell.svg", *(f"lstm_cell_{part}.svg" for part in FIGURES["lstm_cell"].highlights)} <= names
    assert len(names) == len(ALL) and tool.TUNE not in names
