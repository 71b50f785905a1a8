"""What a reader does with the site, in a real browser: listen, search, turn the light off, unfold, print, use keys.

`python tasks.py test-browser tests/browser/test_site_reader.py` runs this alone.
"""

import re

import pytest

from sites import LESSON, PICTURES

LIT = "() => [...document.querySelectorAll('[data-note]')].filter((note) => note.style.fill).length"


def test_the_cursor_moves_while_the_tune_plays(visit):
    tab = visit("index.html")
    tab.evaluate("() => {const audio = document.querySelector('audio'); audio.muted = true; return audio.play()}")
    for note in (1, 3):
        tab.wait_for_function(f"() => document.querySelector('[data-note=\"{note}\"]').style.fill", timeout=20_000)
        assert tab.evaluate(LIT) == 1 and tab.locator(".tunesmith-cursor").count() == 1


@pytest.mark.parametrize("served", [True, False], ids=["served", "as files"])
def test_search_finds_a_word(visit, site, address, served):
    tab = visit("search.html?q=forget+gate", base=address if served else f"{site.resolve().as_uri()}/")
    tab.wait_for_selector("#search-results li a", timeout=60_000)
    found = tab.evaluate("() => [...document.querySelectorAll('#search-results li a')].map((a) => a.href)")
    assert any(LESSON in link for link in found)
    assert tab.complaints == []


def test_dark_and_light_by_a_button(visit, address):
    tab = visit(LESSON)
    ground = "() => getComputedStyle(document.body).backgroundColor"
    theme = "() => document.documentElement.dataset.theme"
    light = tab.evaluate(ground)
    tab.locator(".theme-switch-button:visible, .theme-switch-container button:visible").first.click()
    tab.get_by_text("Dark", exact=True).first.click()
    assert tab.evaluate(theme) == "dark" and tab.evaluate(ground) != light
    papers = tab.evaluate(
        "() => [...document.querySelectorAll('.tunesmith-player, .cell_output img')].map((e) => "
        "[getComputedStyle(e).backgroundColor, getComputedStyle(e).filter])"
    )
    assert papers and {tuple(pair) for pair in papers} == {("rgb(255, 255, 255)", "none")}
    tab.goto(address + "lessons.html")
    assert tab.evaluate(theme) == "dark", "the choice stays on the next page"


def test_previous_and_next(visit):
    tab = visit(LESSON)
    ways = {way: tab.locator(f"a.{way}-{'next' if way == 'right' else 'prev'}").first for way in ("left", "right")}
    assert "01_" in ways["left"].get_attribute("href") and "03_" in ways["right"].get_attribute("href")


def test_hints_and_solutions_are_folded(visit):
    tab = visit(LESSON)
    assert tab.locator(".bd-article details").count() > 8 and tab.locator(".bd-article details[open]").count() == 0
    solution = tab.locator(".bd-article details").filter(has=tab.get_by_text("Solution", exact=True)).first
    code = solution.locator("pre").first
    assert not code.is_visible()
    solution.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert code.is_visible() and "def " in code.inner_text()


def test_the_sliders_have_a_picture_in_their_place(visit):
    assert "need ipywidgets and a running notebook" in visit(LESSON).inner_text("main")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_print(visit, dark):
    """On paper: the article alone, black on white, scores without their buttons."""
    tab = visit(LESSON, dark=dark)
    tab.emulate_media(media="print")
    for part in (".bd-header", ".bd-sidebar-primary", ".bd-sidebar-secondary", ".prev-next-footer", "audio", "footer"):
        assert tab.locator(part).count() and not tab.locator(part).first.is_visible(), part
    assert tab.locator("h1").is_visible() and tab.locator(".tunesmith-player svg").first.is_visible()
    colors = tab.evaluate(
        "() => ['article p', 'article h2', '.highlight .nf', '.highlight pre', 'summary'].map((part) => "
        "getComputedStyle(document.querySelector(part)).color)"
    )
    for color in colors:
        assert max(map(int, re.findall(r"\d+", color)[:3])) < 160, f"{color} is too pale for paper"
    assert tab.evaluate("() => getComputedStyle(document.body).backgroundColor") in ("rgb(255, 255, 255)",)
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.pdf(path=PICTURES / f"site-print-{'dark' if dark else 'light'}.pdf")


def test_the_keyboard_reaches_menu_article_and_players(visit):
    tab = visit("index.html")
    tab.keyboard.press("Tab")
    assert "Skip to" in tab.evaluate("() => document.activeElement.textContent")
    reached = set()
    for _ in range(40):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("() => document.activeElement.tagName"))
    assert {"A", "BUTTON", "AUDIO"} <= reached
    tab.locator("audio").focus()
    tab.keyboard.press("Space")
    tab.wait_for_function("() => !document.querySelector('audio').paused", timeout=10_000)
