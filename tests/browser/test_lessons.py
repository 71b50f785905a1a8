"""Every lesson as a learner has it: opened in JupyterLab, not trusted, Run All, looked at, played, narrow and dark.

`python tasks.py test-browser` runs this; the screenshots that it keeps in dist/browser/ are for a person to look at.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
PICTURES = ROOT / "dist" / "browser"
RUN_LIMIT = 600_000  # ms; a first reading of the songs is part of it
LAPTOP, PHONE = {"width": 1200, "height": 900}, {"width": 400, "height": 800}

# What each player on the page says of itself. `times` are the seconds from which to which each note sounds.
PLAYERS = """() => [...document.querySelectorAll('.tunesmith-player')].map((card) => {
    const audio = card.querySelector('audio'), image = card.querySelector('img');
    const score = card.querySelector(':scope > svg');
    const box = (score || image).getBoundingClientRect();
    return {ready: audio.readyState, seconds: audio.duration, times: JSON.parse(card.dataset.times || 'null'),
            inline: !!score, heads: score ? score.querySelectorAll('[data-note] .notehead').length : 0,
            natural: image ? image.naturalWidth : 0, width: box.width, height: box.height, label: audio.ariaLabel,
            score: score ? score.getAttribute('aria-label') || score.getAttribute('role') : image.alt};
})"""
# Every picture of the outputs: whether it is there, what it says to those who don't see it, and its corner's colour.
IMAGES = """() => Promise.all([...document.querySelectorAll('.jp-OutputArea-output img')].map(async (image) => {
    await image.decode().catch(() => null);
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 8;
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0, image.naturalWidth, image.naturalHeight, 0, 0, 8, 8);
    return {natural: image.naturalWidth, alt: image.alt, corner: [...pen.getImageData(0, 0, 1, 1).data]};
}))"""
PROMPTS = """() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')].map(
    (cell) => ['.jp-InputPrompt', '.cm-content'].map((part) => cell.querySelector(part).textContent.trim()))"""
FINISHED = f"() => ({PROMPTS})().every(([prompt, source]) => !source || /\\d/.test(prompt))"


@dataclass
class Opened:
    """A lesson in a tab: what was seen before it ran, and the tab after it ran."""

    name: str
    tab: object
    stored: nbformat.NotebookNode
    untrusted: list[dict]
    untrusted_images: list[dict]
    requests: list[str]
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request, browser, lab):
    path = request.param
    stored = nbformat.read(path, as_version=4)
    tab = browser.new_page(viewport=LAPTOP)
    complaints, requests = [], []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda call: requests.append(call.url))
    address = lab("Light", path.name, stored)
    tab.goto(address)
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    wait_for_sound(tab, output_html(stored).count("<audio"))
    untrusted, images = tab.evaluate(PLAYERS), tab.evaluate(IMAGES)
    keep(tab, f"{path.stem[:2]}-untrusted", first_only=True)
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_text("Run All Cells", exact=True).click()
    tab.wait_for_function("() => document.querySelector('.jp-Notebook').textContent.includes('[*]')")
    tab.wait_for_function(FINISHED, timeout=RUN_LIMIT)
    wait_for_sound(tab, None)
    yield Opened(path.stem, tab, stored, untrusted, images, requests, complaints)
    tab.close()


def output_html(notebook):
    """All HTML of a notebook's stored outputs."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return "\n".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)


def wait_for_sound(tab, count):
    """Until all players, or `count` of them, have loaded their sound (4: all of it)."""
    tab.wait_for_function(
        """(count) => {
            const all = [...document.querySelectorAll('.tunesmith-player audio')];
            return (count === null || all.length === count) && all.every((audio) => audio.readyState === 4);
        }""",
        arg=count,
        timeout=120_000,
    )


def keep(tab, name, first_only=False):
    """Screenshots of the whole notebook, a screen of 4,000 pixels at a time, for a person to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    size = tab.viewport_size
    tab.set_viewport_size({**size, "height": 4000})
    tab.wait_for_timeout(500)
    panel = tab.query_selector(".jp-WindowedPanel-outer") or tab.query_selector(".jp-Notebook")
    panel.evaluate("(e) => e.scrollTo(0, 0)")
    for number in range(1, 2 if first_only else 30):
        tab.wait_for_timeout(250)
        tab.screenshot(path=PICTURES / f"{name}-{number:02d}.png")
        before = panel.evaluate("(e) => e.scrollTop")
        panel.evaluate("(e) => e.scrollBy(0, 3800)")
        if panel.evaluate("(e) => e.scrollTop") == before:
            break
    panel.evaluate("(e) => e.scrollTo(0, 0)")
    tab.set_viewport_size(size)


def command(tab, name, **arguments):
    """Run one of JupyterLab's commands."""
    tab.evaluate("([name, given]) => window.jupyterapp.commands.execute(name, given)", [name, arguments])


def test_not_trusted_it_shows_what_is_stored(lesson):
    """No script runs there: the scores are images, the sounds plain players, the pictures all drawn."""
    assert all(not player["inline"] and player["natural"] > 0 for player in lesson.untrusted)
    assert all(player["ready"] == 4 and player["width"] > 100 for player in lesson.untrusted)
    assert all(image["natural"] > 0 and image["alt"] for image in lesson.untrusted_images)
    assert len(lesson.untrusted_images) >= len(lesson.untrusted) > 0


def test_it_runs_to_its_end_without_an_error(lesson):
    tab = lesson.tab
    for kind in ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr"):
        found = tab.locator(f"[data-mime-type='{kind}']")
        assert found.count() == 0, found.first.inner_text()
    assert lesson.complaints == []
    code_cells = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in lesson.stored.cells)
    numbers = [int(match[0]) for prompt, _ in tab.evaluate(PROMPTS) if (match := re.search(r"\d+", prompt))]
    assert numbers == list(range(1, code_cells + 1))
    keep(tab, f"{lesson.name[:2]}-light")


def test_nothing_comes_from_another_host(lesson):
    others = [url for url in lesson.requests if not re.match(r"(http|ws)://127\.0\.0\.1|data:|blob:", url)]
    assert others == []


def test_every_score_is_drawn_and_every_player_is_ready_and_as_long_as_its_notes(lesson):
    players = lesson.tab.evaluate(PLAYERS)
    assert len(players) >= len(lesson.untrusted)
    for player in players:
        assert player["inline"] and player["heads"] == len(player["times"]) > 0, player
        assert player["width"] > 100 and player["height"] > 50, player
        assert player["ready"] == 4 and player["label"], player
        last = player["times"][-1][1]
        assert last - 0.1 <= player["seconds"] <= last + 6, player  # what rings on, or a rest at the end
    assert all(image["natural"] > 0 and image["alt"] for image in lesson.tab.evaluate(IMAGES))


def test_the_cursor_is_on_the_note_that_sounds(lesson):
    """At the first, a middle and the last note of every player, one note is lit: that one.

    Notes of less than 40 ms are passed over (lesson 04 shows some): the cursor goes 10 ms ahead of the sound.
    """
    for place, player in enumerate(lesson.tab.evaluate(PLAYERS)):
        times = player["times"]
        heard = [note for note, (begin, end) in enumerate(times) if end - begin >= 0.04]
        for note in sorted({heard[0], heard[len(heard) // 2], heard[-1]}):
            lit, bands = lesson.tab.evaluate(
                """([place, seconds]) => new Promise((done) => {
                    const card = document.querySelectorAll('.tunesmith-player')[place];
                    const audio = card.querySelector('audio');
                    audio.addEventListener('seeked', () => setTimeout(() => done([
                        [...card.querySelectorAll('[data-note]')].filter((n) => n.style.fill)
                            .map((n) => Number(n.dataset.note)),
                        card.querySelectorAll('.tunesmith-cursor').length]), 40), {once: true});
                    audio.currentTime = seconds;
                })""",
                [place, max(sum(times[note]) / 2, 0.03)],
            )
            assert (lit, bands) == ([note], 1), f"player {place}, note {note}"


def test_a_player_is_reached_and_played_by_the_keyboard_alone(lesson):
    tab = lesson.tab
    first = tab.locator(".tunesmith-player audio").first
    first.scroll_into_view_if_needed()
    cell = tab.locator(".jp-CodeCell:has(.tunesmith-player)").first
    cell.locator(".jp-InputPrompt").click()
    tab.evaluate("() => {for (const a of document.querySelectorAll('audio')) {a.muted = true; a.currentTime = 0}}")
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("() => document.activeElement.tagName") == "AUDIO":
            break
    state = "() => [document.activeElement.tagName, document.activeElement.paused]"
    assert tab.evaluate(state) == ["AUDIO", True]
    tab.keyboard.press("Space")
    tab.wait_for_function("() => document.activeElement.currentTime > 0.2", timeout=20_000)
    assert tab.evaluate(state) == ["AUDIO", False]
    tab.keyboard.press("Space")
    tab.wait_for_function("() => document.activeElement.paused", timeout=20_000)


def test_on_a_dark_page_scores_and_pictures_keep_a_light_ground(lesson):
    tab = lesson.tab
    command(tab, "apputils:change-theme", theme="JupyterLab Dark")
    try:
        tab.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'", timeout=30_000)
        grounds = tab.evaluate(
            "() => [...document.querySelectorAll('.tunesmith-player')].map((e) => getComputedStyle(e).backgroundColor)"
        )
        assert set(grounds) <= {"rgb(255, 255, 255)"}
        for image in tab.evaluate(IMAGES):
            *colour, opacity = image["corner"]
            assert opacity > 220 and min(colour) > 200, image  # a diagram's ground has round corners
        keep(tab, f"{lesson.name[:2]}-dark")
    finally:
        command(tab, "apputils:change-theme", theme="JupyterLab Light")


def test_on_a_screen_of_400_pixels_nothing_is_cut_off(lesson):
    tab = lesson.tab
    command(tab, "application:toggle-left-area")
    tab.set_viewport_size(PHONE)
    try:
        tab.wait_for_timeout(1000)
        outside = tab.evaluate(
            """() => [...document.querySelectorAll('.tunesmith-player, .tunesmith-player audio, .jp-OutputArea img')]
                .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().right,
                             e.closest('.jp-OutputArea-child, .jp-OutputArea').getBoundingClientRect().right])
                .filter(([, right, limit]) => right > limit + 1)"""
        )
        assert outside == []
        widths = tab.evaluate("() => [...document.querySelectorAll('audio')].map((audio) => audio.clientWidth)")
        assert min(widths) > 150
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 400
        keep(tab, f"{lesson.name[:2]}-phone")
    finally:
        tab.set_viewport_size(LAPTOP)
        command(tab, "application:toggle-left-area")
