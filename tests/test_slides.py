"""Lessons as slides: the types by rule, the page that is made of them, and that page in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tunesmith.course import notebooks as tool
from tunesmith.course.slide_types import TYPES, slide_types
from tunesmith.publish import slides

LESSONS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
LONG = "A sentence about what was seen. " * 30


def text(source: str) -> dict:
    return new_markdown_cell(source)


def code(source: str, *tags: str) -> dict:
    return new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


def lesson() -> list[dict]:
    return [
        text("# A lesson\n\nOne sentence."),
        text("## Set-up"),
        code("import tunesmith as ts", "setup"),
        text("## Hear it first\n\nTwo tunes."),
        code("tunes = 2", "hook"),
        code("ts.show(tune)", "hook"),
        text("## 1 · A thing  (8 min)\n\nShort. **Before you run the next cell:** what will it say?"),
        code("print(1)"),
        text("One. That was easy."),
        code("ts.show(tune)"),
        text(LONG),
        text("### Exercise 1.1 · Count  (3 min, ●○○)\n\nHow many?"),
        code("def count():\n    ...", "predict"),
        code('ts.check("1.1", count)'),
        text(
            "<details><summary>Hint</summary>\n\nTwo.\n</details>\n\n<details><summary>Solution</summary>\n\n3\n</details>"
        ),
        text("## Recap\n\n- all of it"),
        code("ts.progress(1)"),
        text("Four questions."),
    ]


def test_the_rule():
    assert slide_types(lesson()) == [
        "slide",
        "skip",
        "skip",
        "slide",
        "-",
        "-",
        "slide",
        "fragment",  # the answer to a question comes when asked for
        "fragment",
        "subslide",  # then the slide is full
        "subslide",  # too long to stand below a score
        "subslide",
        "-",
        "skip",
        "skip",
        "slide",
        "skip",
        "subslide",
    ]


def test_a_few_words_stand_below_what_they_are_about():
    assert slide_types([text("## A  (3 min)\n\n" + LONG), code("print(1)"), text("It says 1.")])[1:] == [
        "subslide",
        "fragment",
    ]
    assert slide_types([text("### B"), code("ts.show(x)"), text("w " * 200)]) == ["subslide", "-", "subslide"]
    assert slide_types([text("### B"), code("print(x)"), text("w " * 200)]) == ["subslide", "-", "fragment"]
    assert slide_types([text("```\n# no heading\n```")]) == ["subslide"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_the_types_that_the_rule_gives(path: Path):
    cells = tool.read_json(path)["cells"]
    stored = [cell["metadata"].get("slideshow", {}).get("slide_type") for cell in cells]
    assert stored == slide_types(cells), "run python tasks.py notebooks on it"
    assert set(stored) <= set(TYPES) and stored[0] == "slide"
    parts = [cell["source"] for cell, kind in zip(cells, stored) if kind == "slide"]
    assert all(re.search(r"^##? ", part, re.MULTILINE) for part in parts)
    assert not any("<summary>Solution" in cell["source"] for cell, kind in zip(cells, stored) if kind not in ("skip",))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_solution_and_no_check_is_shown(path: Path):
    shown = slides.for_slides(tool.read(path))
    everything = "\n".join(cell.source for cell in shown.cells)
    assert "<summary>Solution" not in everything and "<summary>Hint" not in everything
    assert "ts.check(" not in everything.replace("`ts.check`", "") and "ts.progress(" not in everything
    exercises = [cell for cell in shown.cells if "### Exercise" in cell.source]
    assert exercises and all(cell.source.startswith("### Exercise") for cell in exercises), "text above it is apart"
    nbformat.validate(shown)


def typed(cells: list[dict]) -> nbformat.NotebookNode:
    for cell, kind in zip(cells, slide_types(cells)):
        cell.metadata["slideshow"] = {"slide_type": kind}
    return new_notebook(cells=cells)


def test_text_above_a_heading_stays_with_what_it_is_about():
    shown = slides.for_slides(typed([text("# T"), code("print(1)"), text("It says 1.\n\n### Next\n\nMore.")]))
    assert [(cell.source.strip(), cell.metadata.slideshow.slide_type) for cell in shown.cells[2:]] == [
        ("It says 1.", "fragment"),
        ("### Next\n\nMore.", "subslide"),
    ]


def test_a_notebook_without_types_says_what_to_do():
    with pytest.raises(tool.LessonError, match=r"cell 1 has no slide type: run `python tasks\.py notebooks"):
        slides.for_slides(new_notebook(cells=[text("# T")]))
    wrong = typed([text("# T")])
    wrong.cells[0].metadata.slideshow.slide_type = "poster"
    with pytest.raises(tool.LessonError, match="cell 1"):
        slides.for_slides(wrong)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lesson 03 as slides, as the task writes it."""
    folder = tmp_path_factory.mktemp("slides")
    source = ["--folder", str(LESSONS[0].parent), "--to", str(folder), "--no-browser"]
    assert slides.main(["03", *source]) == 0
    return next(folder.glob("03_*.html"))


def test_the_page_is_one_file_that_needs_nothing_else(page: Path):
    html = page.read_text(encoding="utf-8")
    scripts = re.findall(r"<script\b([^>]*)>.*?</script>", html, flags=re.DOTALL)
    assert scripts and not any("src" in attributes for attributes in scripts)
    html = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"<(img|audio|iframe|source)[^>]+src=[\"'](?!data:)", html)
    assert not re.search(r"<link\b(?![^>]+href=[\"']data:)", html)
    assert not re.search(r"@import|url\((?![\"']?(data:|#))", html)
    assert "MathJax" not in re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    assert "<math" in html and "merror" not in html
    assert len(page.read_bytes()) < 6_000_000


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_formula_becomes_mathml(path: Path):
    from latex2mathml.converter import convert

    prose = "\n\n".join(cell.source for cell in tool.read(path).cells if cell.cell_type == "markdown")
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", prose, flags=re.DOTALL)
    for formula in re.findall(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+?)\$", prose, re.DOTALL):
        mathml = convert(next(filter(None, formula)))
        assert mathml.startswith("<math") and "\\" not in mathml, formula


def test_an_unknown_lesson_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture):
    assert slides.main(["77", "--folder", str(LESSONS[0].parent), "--to", str(tmp_path), "--no-browser"]) == 1
    assert capsys.readouterr().err.startswith("slides: there is no lesson 77")


# ---------------------------------------------------------------- in a real browser

SLIDE = "Reveal.getIndices(Reveal.getSlides()[{0}])"
GO = "(() => {{ const at = " + SLIDE + "; Reveal.slide(at.h, at.v, 99); }})()"


@pytest.fixture
def opened(tab, page: Path):
    tab.requests = []
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.goto(page.as_uri())
    tab.wait_for_function("window.Reveal && Reveal.isReady()")
    return tab


@pytest.mark.slow
def test_every_slide_fits_or_scrolls(opened):
    for n in range(opened.evaluate("Reveal.getTotalSlides()")):
        opened.evaluate(GO.format(n))
        slide = opened.evaluate(
            """(() => { const s = Reveal.getCurrentSlide(), box = s.getBoundingClientRect();
            return {wide: s.scrollWidth - s.clientWidth, high: s.scrollHeight - s.clientHeight,
                    scrolls: getComputedStyle(s).overflowY, reached: s.tabIndex, box: [box.left, box.right],
                    text: s.innerText.trim(), media: s.querySelectorAll('img, svg, audio').length,
                    size: parseFloat(getComputedStyle(s).fontSize)}; })()"""
        )
        assert slide["text"] or slide["media"], f"slide {n} is empty"
        assert slide["wide"] <= 1 and slide["box"] == [0, 1280], f"slide {n} is too wide"
        assert slide["size"] >= 15
        assert slide["high"] <= 1 or (slide["scrolls"] == "auto" and slide["reached"] == 0), f"slide {n} is cut off"
    assert not opened.complaints
    assert all(url.startswith(("file:", "data:", "blob:")) for url in opened.requests)


@pytest.mark.slow
def test_a_score_plays_on_a_slide_and_its_cursor_runs(opened):
    place = opened.evaluate("Reveal.getSlides().findIndex((slide) => slide.querySelector('audio'))")
    opened.evaluate(GO.format(place))
    opened.evaluate(
        """(async () => { const sound = Reveal.getCurrentSlide().querySelector('audio');
        sound.muted = true; await sound.play(); sound.currentTime = 3; })()"""
    )
    opened.wait_for_function(
        """() => { const card = Reveal.getCurrentSlide().querySelector('.tunesmith-player');
        return card.querySelector('.tunesmith-cursor') ||
               [...card.querySelectorAll('[data-note]')].some((note) => note.style.fill); }"""
    )
    drawn = opened.evaluate(
        """(() => { const card = Reveal.getCurrentSlide().querySelector('.tunesmith-player');
        const cursor = card.querySelector('.tunesmith-cursor');
        if (!cursor) return true;
        const box = cursor.getBoundingClientRect(), score = card.querySelector('img, svg').getBoundingClientRect();
        return box.width > 0 && box.left >= score.left - 2 && box.right <= score.right + 2 && box.top >= score.top - 5;
        })()"""
    )
    assert drawn, "the cursor stands outside the score"
    opened.evaluate("Reveal.next()")
    opened.wait_for_function("[...document.querySelectorAll('audio')].every((sound) => sound.paused)")


@pytest.mark.slow
def test_keys_go_on_but_those_for_a_player_stay_there(opened):
    place = opened.evaluate("Reveal.getSlides().findIndex((slide) => slide.querySelector('audio'))")
    opened.evaluate(GO.format(place))
    opened.evaluate("Reveal.getCurrentSlide().querySelector('audio').focus()")
    before = opened.evaluate("JSON.stringify(Reveal.getIndices())")
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate("JSON.stringify(Reveal.getIndices())") == before
    opened.evaluate("document.activeElement.blur()")
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate("JSON.stringify(Reveal.getIndices())") != before
