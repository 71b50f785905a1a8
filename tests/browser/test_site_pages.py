"""Every page of the site in a real browser: whole, on narrow screens, in light and dark, its links, what axe says.

`python tasks.py test-browser tests/browser/test_site_pages.py` runs this alone.
axe-core (https://github.com/dequelabs/axe-core, MPL 2.0) comes with axe-playwright-python and is used here only.
"""

import html.parser
import itertools
import re
from urllib.parse import unquote, urldefrag

import pytest

from sites import LAPTOP, LESSON, PHONE, ROOT, keep, opened

GRAVE = {"serious", "critical"}
COUNTS = """() => Object.fromEntries(Object.entries({
    unnamed: 'img:not([alt]), img[alt=""]', still: '.tunesmith-player > img', scores: '.tunesmith-player svg',
    formulas: '.math', drawn: '.math mjx-container', wrong: 'mjx-merror',
}).map(([name, part]) => [name, document.querySelectorAll(part).length]))"""
MISSING = "() => [...document.images].filter((image) => !image.naturalWidth).map((image) => image.alt)"
HEADINGS = "() => [...document.querySelectorAll('main :is(h1,h2,h3,h4,h5,h6)')].map((h) => Number(h.tagName[1]))"
RAW = r"""() => {
    const found = [], walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const part = walk.currentNode.parentElement, text = walk.currentNode.data;
        if (part.closest('pre, script, noscript, style, svg, .math')) continue;
        if ((part.closest('code') ? /`/ : /`|\]\(|\$[^$]+\$|<\/?[a-z]+>/).test(text)) found.push(text.trim());
    }
    return found;
}"""
CUT = """() => [...document.querySelectorAll('main :is(code.literal, img, h1, h2, h3, summary)')].filter(
    (part) => part.getBoundingClientRect().right > innerWidth && !part.closest('table, pre')
).map((part) => part.textContent || part.alt)"""
DARK = """() => document.documentElement.dataset.theme === 'dark'
    && document.getAnimations().every((change) => change.playState !== 'running')"""


@pytest.fixture(scope="module")
def said(browser, address, pages):
    """What there is to complain of: each page is opened once and looked at in four ways."""
    axe_core = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    said = {"whole": [], "narrow": [], "light": [], "dark": []}
    for name in pages:
        tab = opened(browser, name, address)
        keep(tab, name)
        found = {"whole": [*whole(tab, name), *tab.complaints], "light": axe(axe_core, tab, name)}
        tab.set_viewport_size(PHONE)
        keep(tab, f"{name.removesuffix('.html')}-400")
        found["narrow"] = narrow(tab)
        tab.emulate_media(color_scheme="dark")
        tab.wait_for_function(DARK)  # as the reader's system turns dark
        keep(tab, f"{name.removesuffix('.html')}-400-dark")
        tab.set_viewport_size(LAPTOP)
        found["dark"] = axe(axe_core, tab, name, runOnly=["color-contrast"])
        tab.context.close()
        for way, complaints in found.items():
            said[way] += [f"{name}: {text}" for text in complaints]
    return said


def whole(tab, name):
    """Every picture, score and formula is there; no raw Markdown is left; headings are in order."""
    count = tab.evaluate(COUNTS)
    complaints = [f"a picture is missing: {alt}" for alt in tab.evaluate(MISSING)]
    if count["unnamed"] or count["still"] or count["wrong"] or count["formulas"] != count["drawn"]:
        complaints.append(f"pictures, scores or formulas are not as they should be: {count}")
    if name.startswith("notebooks/") and not count["scores"]:
        complaints.append("a lesson without a score")
    complaints += [f"Markdown or HTML that nobody turned into words: {text}" for text in tab.evaluate(RAW)]
    levels = tab.evaluate(HEADINGS)
    if levels[:1] != [1] or levels.count(1) != 1 or any(b - a > 1 for a, b in itertools.pairwise(levels)):
        complaints.append(f"headings are out of order: {levels}")
    return complaints


def narrow(tab):
    """The page does not scroll sideways, and nothing but code and tables, which scroll by themselves, is cut."""
    width = tab.evaluate("() => document.documentElement.scrollWidth")
    cut = [f"cut at the screen's edge: {text}" for text in tab.evaluate(CUT)]
    return [f"{width} pixels wide"] * (width > PHONE["width"]) + cut


def axe(axe_core, tab, name, **options):
    """What axe finds of its serious and critical classes.

    Left out are the insides of scores, one image each, with a name. Code and formulas, thousands of parts that look
    alike in every lesson, are looked at in one of them.
    """
    parts = [".tunesmith-player svg"]
    if name.startswith("notebooks/") and name != LESSON:
        parts += [".highlight", "mjx-container"]
    found = axe_core.run(
        tab,
        context={"exclude": [[part] for part in parts]},
        options={"resultTypes": ["violations"], "preload": False, **options},
    )
    grave = [violation for violation in found.response["violations"] if violation["impact"] in GRAVE]
    return [f"{violation['id']}: {violation['nodes'][0]['html'][:200]}" for violation in grave]


def test_every_page_is_whole(said, pages):
    """No error, no word to another server, nothing missing."""
    assert said["whole"] == []
    lessons = {path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert {name[10:-5] for name in pages if name.startswith("notebooks/")} == lessons


def test_every_page_fits_a_narrow_screen(said):
    assert said["narrow"] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave(said, theme):
    """In the dark only colours differ, so only they are looked at again."""
    assert said[theme] == []


class Links(html.parser.HTMLParser):
    """The ids and the internal links of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids |= {values[key] for key in ("id", "name") if values.get(key)}
        for key in ("href", "src"):
            if values.get(key) and not re.match(r"[a-z]+:|//", values[key]):
                self.links.append(values[key])


def test_every_link_leads_somewhere(site, pages):
    read = {name: Links((site / name).read_text(encoding="utf-8")) for name in pages}
    broken = []
    for name, page in read.items():
        for link in page.links:
            path, place = map(unquote, urldefrag(link))
            target = ((site / name).parent / path.partition("?")[0]).resolve() if path else site / name
            inside = target.relative_to(site.resolve()).as_posix() if path else name
            if not target.is_file():
                broken.append(f"{name}: {link}")
            elif place and inside in read and place not in read[inside].ids:
                broken.append(f"{name}: {link} (no such place)")
    assert broken == []
    assert sum(len(page.links) for page in read.values()) > 500
