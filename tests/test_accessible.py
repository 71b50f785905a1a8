"""Who cannot see a picture, a colour or a mouse pointer gets the same: the alternatives, tested over all pages.

Colours are seen through the model of Machado, Oliveira and Fernandes (2009, doi:10.1109/TVCG.2009.113) for the three
colour blindnesses, and compared in CAM02-UCS, where 1 is about a just noticeable difference (Luo, Cui and Li 2006).
tests/structure.py looks for alternative text in each lesson's outputs; test_site_pages.py runs axe over the site.
"""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import numpy as np
import pytest

from structure import FENCE, Lesson, Media, html_of
from tunesmith.display import grids, plots
from tunesmith.display.figures import FIGURES, picture
from tunesmith.display.player import player
from tunesmith.display.show import page
from tunesmith.display.style import _SERIES, CONCEPTS, FAINT_INK, INK, PAPER, look
from tunesmith.music.melody import Melody

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")])
EYES = ("normal", "deuteranomaly", "protanomaly", "tritanomaly")
APART = 10  # in CAM02-UCS; two neighbouring greys of a page are about that far from each other
TUNE = Melody.of([(60, 1), (64, 1), (67, 2)], time_signature="4/4", key="C major", tempo=100, title="Mine")

name_of = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def numbers(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def seen(color, eyes):
    """A colour as such eyes see it, in sRGB from 0 to 1."""
    colors = pytest.importorskip("colorspacious", reason="colorspacious is not installed")
    if eyes == "normal":
        return numbers(color)
    blind = {"name": "sRGB1+CVD", "cvd_type": eyes, "severity": 100}
    return np.clip(colors.cspace_convert(numbers(color), blind, "sRGB1"), 0, 1)


def apart(one, other, eyes):
    colors = pytest.importorskip("colorspacious", reason="colorspacious is not installed")
    return float(colors.deltaE(seen(one, eyes), seen(other, eyes), input_space="sRGB1"))


def luminance(color):
    linear = np.where((c := numbers(color)) <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    """The contrast ratio of WCAG 2, from 1 to 21."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize("eyes", EYES)
def test_series_are_told_apart_by_every_eye(eyes):
    near = {pair: apart(*pair, eyes) for pair in itertools.combinations(_SERIES, 2)}
    assert {pair: way for pair, way in near.items() if way < APART} == {}


def test_the_model_of_eyes_would_notice():
    assert apart("#D55E00", "#7A8000", "normal") > 2 * APART > apart("#D55E00", "#7A8000", "deuteranomaly")


def test_series_are_told_apart_in_grey_print():
    """Some colours are one grey: dash, marker and hatch all differ, and the legend shows them."""
    looks = [look(f"series {place}", place) for place in range(len(_SERIES))]
    for one, other in itertools.combinations(looks, 2):
        assert one.dash != other.dash and one.marker != other.marker and one.hatch != other.hatch


def test_plots_draw_what_tells_series_apart(monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "show_figure", lambda figure, alt: drawn.append(figure.axes[0]))
    names = {f"s{k}": [1, 2, 3] for k in range(len(_SERIES))}
    plots.plot_lines(names, alt="Lines.", x_label="x", y_label="y")
    plots.plot_bars({name: {"a": 1} for name in names}, alt="Bars.", x_label="x", y_label="y")
    lines, bars = drawn
    assert len({(line.get_marker(), str(line._dash_pattern)) for line in lines.lines}) == len(names)
    assert len({bar.patches[0].get_hatch() for bar in bars.containers}) == len(names)
    assert all(axes.get_legend() and axes.get_xlabel() and axes.get_ylabel() for axes in drawn)


def test_roles_of_cells_are_told_apart_without_colour():
    """By frame, corners or hatch; or one is dark and the other light."""
    for (_, one), (_, other) in itertools.combinations(grids._ROLES.items(), 2):
        shape = [(role.line, role.dash, role.hatch, role.round) for role in (one, other)]
        assert shape[0] != shape[1] or contrast(one.edge, other.edge) > 3


@pytest.mark.parametrize("eyes", EYES)
def test_concepts_are_told_apart_or_named(eyes):
    """Gates stand in one figure; each has its letter and its word there (below)."""
    gates = [CONCEPTS[name] for name in ("forget gate", "input gate", "candidate", "output gate", "cell state")]
    assert all(apart(one, other, eyes) >= APART for one, other in itertools.combinations(gates, 2))
    assert apart(CONCEPTS["training"], CONCEPTS["validation"], eyes) >= 2 * APART


def test_every_gate_is_named_in_its_figure():
    drawn = ElementTree.fromstring(picture("lstm_cell").svg)
    words = " ".join("".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text"))
    assert all(word in words for word in ("forget", "input", "candidate", "output"))


@pytest.mark.parametrize("ink", [INK, FAINT_INK])
def test_words_stand_out_from_the_paper(ink):
    assert contrast(ink, PAPER) >= 4.5


# ---------------------------------------------------------------- pictures, sounds, figures


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_says_what_it_shows(name):
    drawn = picture(name)
    root = ElementTree.fromstring(drawn.svg)
    told = [root.findtext(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc")]
    assert root.get("role") == "img" and told[0] and told[1] == drawn.alt and len(drawn.alt.split()) > 8


@pytest.mark.parametrize("path", sorted((ROOT / "img").glob("*.svg")), ids=lambda path: path.name)
def test_every_stored_picture_has_a_name(path):
    root = ElementTree.parse(path).getroot()
    assert root.get("role") == "img" and (root.get("aria-label") or root.findtext("{http://www.w3.org/2000/svg}title"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pictures_of_pages_have_alternative_text(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    pictures = re.findall(r"!\[([^\]]*)\]\(", text)
    assert all(len(alt.split()) > 2 for alt in pictures)
    assert all(label.strip() for _, label in Media(text).found)


def test_a_player_names_its_score_and_its_sound():
    found = dict(Media(player(TUNE, caption="A tune")).found)
    assert found["img"].startswith("Score of Mine: 3 notes") and found["audio"] == "Sound of: A tune"
    unnamed = dict(Media(player(TUNE)).found)
    assert unnamed["audio"] == f"Sound of: {unnamed['img']}"


def test_a_page_of_players_has_a_language_a_title_and_a_main_part():
    text = page([TUNE], title="Tunes")
    assert '<html lang="en">' in text and "<title>Tunes</title>" in text
    assert re.search(r"<main>\s*<h1>Tunes</h1>.*</main>\s*</body>", text, re.DOTALL)


@name_of
def test_players_that_stand_together_have_captions(path):
    """Two scores in one output are told apart by words above them."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            cards = html_of(output).split('<div class="tunesmith-player"')[1:]
            names = [re.findall(r'class="tunesmith-(?:caption|title)"[^>]*>([^<]+)<', card) for card in cards]
            neighbours = itertools.pairwise(names)
            assert len(cards) < 2 or (all(names) and all(one != other for one, other in neighbours)), names


# ---------------------------------------------------------------- text


def in_order(levels):
    """One heading of the first level, at the top; below it no level is left out."""
    return levels[:1] == [1] and levels.count(1) == 1 and all(b - a < 2 for a, b in itertools.pairwise(levels))


@name_of
def test_headings_of_lessons_are_in_order(path):
    lesson = Lesson(nbformat.read(path, as_version=4), int(path.name[:2]))
    assert in_order([heading.level for heading in lesson.headings])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_headings_of_pages_are_in_order(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    assert in_order([len(marks) for marks in re.findall(r"^(#{1,6})\s", text, re.MULTILINE)])


@pytest.mark.parametrize("levels", [[], [2], [1, 3], [1, 2, 4], [1, 2, 1]])
def test_headings_out_of_order_are_noticed(levels):
    assert not in_order(levels) and in_order([1, 2, 3, 3, 2, 2, 3])


@pytest.mark.parametrize("path", [*LESSONS, *PAGES], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_say_where_they_lead(path):
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n\n".join(FENCE.sub("", cell.source) for cell in cells if cell.cell_type == "markdown")
    else:
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
    words = [word.strip().lower() for word in re.findall(r"(?<!!)\[([^\[\]]+)\]\(", text)]
    assert not {"here", "click here", "this", "link", "more", "read more"} & set(words)


def test_verdicts_are_signs_and_words(capsys):
    """✓, ✗ and ○ are shapes, not colours, and each line goes on in words."""
    from tunesmith.course.exercises import check

    check("0.1", lambda *_: None)
    line = capsys.readouterr().out
    assert re.match(r"[✓✗○] 0\.1 \w+", line) and "\x1b[" not in line
