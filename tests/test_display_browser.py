"""The player in a real browser: on a page, in JupyterLab (trusted and not, light and dark), in nbconvert's HTML.

Needs Chromium and playwright, which README's commands don't install: without them these tests are skipped.
"""

import re
import subprocess
import sys

import nbformat
import pytest

from browsers import environment
from tunesmith.display.engrave import timemap
from tunesmith.display.show import mimebundle, page
from tunesmith.display.sound import sound
from tunesmith.music.melody import Melody

pytestmark = pytest.mark.slow

FIRST = Melody.of(
    [(67, 1), (71, 0.5), (72, 0.5), (74, 1), (74, 4), (76, 1), (72, 0.5), (None, 0.5), (74, 2)],
    time_signature="3/4",
    key="G major",
    tempo=100,
    title="First",
)
SECOND = Melody.of(
    [(64, 0.5), (69, 1), (71, 0.5), (72, 0.75), (74, 0.25), (72, 0.5), (71, 1), (68, 0.5), (69, 1.5)],
    time_signature="6/8",
    upbeat=0.5,
    key="A minor",
    tempo=100,
    title="Second",
)
PIANO = Melody.of(
    [(55, 1), (60, 1), (64, 0.5), (59, 0.5), (57, 1), (None, 1), (62, 1), (48, 5), (67, 2)],
    time_signature="4/4",
    upbeat=1,
    key="G major",
    tempo=100,
    title="Piano",
)
# What the page says of its players: read there, compared here.
STATE = """() => [...document.querySelectorAll('.tunesmith-player')].map((card) => {
    const audio = card.querySelector('audio'), score = card.querySelector('svg'), image = card.querySelector('img');
    const lit = [...card.querySelectorAll('[data-note]')].filter((note) => note.style.fill);
    const box = (score || image).getBoundingClientRect();
    return {ready: audio.readyState, seconds: audio.duration, inline: !!score, drawn: box.width * box.height,
            natural: image ? image.naturalWidth : 0, lit: lit.map((note) => Number(note.dataset.note)),
            band: card.querySelectorAll('.tunesmith-cursor').length, right: card.getBoundingClientRect().right};
})"""


@pytest.fixture
def three(tab, tmp_path):
    """A page with three players, two of them of the same melody, opened."""
    path = tmp_path / "page.html"
    path.write_text(page([FIRST, SECOND, FIRST], captions=["a", "b", "a again"]), encoding="utf-8")
    tab.goto(path.as_uri())
    wait_for_sound(tab, 3)
    return tab


@pytest.fixture
def piano(tab, tmp_path):
    """A page with a grand staff and a piano roll between two plain players, opened."""
    plain = page([FIRST, SECOND])
    drawn = mimebundle(PIANO, grand_staff=True, piano_roll=True)["text/html"]
    second = plain.rindex('<div class="tunesmith-player"')
    path = tmp_path / "piano.html"
    path.write_text(plain[:second] + drawn + plain[second:], encoding="utf-8")
    tab.goto(path.as_uri())
    wait_for_sound(tab, 3)
    return tab


def wait_for_sound(tab, count):
    """Until `count` players have loaded their sound (4: all of it)."""
    tab.wait_for_function(
        f"() => {{const all = [...document.querySelectorAll('.tunesmith-player audio')];"
        f" return all.length === {count} && all.every((audio) => audio.readyState === 4)}}",
        timeout=60_000,
    )


def seek(tab, player, seconds):
    tab.evaluate(
        """([player, seconds]) => new Promise((done) => {
            const audio = document.querySelectorAll('.tunesmith-player audio')[player];
            audio.addEventListener('seeked', () => setTimeout(done, 50), {once: true});
            audio.currentTime = seconds;
        })""",
        [player, seconds],
    )


def test_three_players_on_a_page(three, tmp_path):
    state = three.evaluate(STATE)
    assert [player["inline"] for player in state] == [True] * 3
    assert all(player["ready"] == 4 and player["drawn"] > 10_000 for player in state)
    for player, melody in zip(state, [FIRST, SECOND, FIRST]):
        assert player["seconds"] == pytest.approx(sound(melody).seconds, abs=0.1)
    ids = three.evaluate("() => [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert ids and len(ids) == len(set(ids))
    hrefs = three.evaluate(
        "() => [...document.querySelectorAll('use')].map((use) => use.getAttribute('href').slice(1))"
    )
    assert hrefs and set(hrefs) <= set(ids)
    assert three.complaints == []
    three.screenshot(path=tmp_path / "page.png", full_page=True)


@pytest.mark.parametrize("player, melody", [(0, FIRST), (1, SECOND), (2, FIRST)])
def test_the_cursor_is_on_the_note_that_sounds(three, player, melody):
    times = timemap(melody)
    for note in (1, len(times) // 2, len(times) - 1):
        seek(three, player, sum(times[note]) / 2)
        state = three.evaluate(STATE)[player]
        assert (state["lit"], state["band"]) == ([note], 1)
    seek(three, player, 0)
    assert three.evaluate(STATE)[player]["band"] == 0


def test_the_cursor_is_away_in_a_rest(three):
    seek(three, 0, 8.25 * 0.6)
    assert three.evaluate(STATE)[0]["lit"] == [7]
    seek(three, 0, 8.75 * 0.6)
    assert (three.evaluate(STATE)[0]["lit"], three.evaluate(STATE)[0]["band"]) == ([], 0)


def test_the_band_lies_over_its_note(three):
    seek(three, 1, timemap(SECOND)[3][0] + 0.05)
    band, head = three.evaluate(
        """() => ['.tunesmith-cursor', '[data-note="3"] .notehead'].map((name) => {
            const box = document.querySelectorAll('.tunesmith-player')[1].querySelector(name).getBoundingClientRect();
            return [box.left, box.right, box.top, box.bottom];
        })"""
    )
    assert band[0] < head[0] < head[1] < band[1] and band[2] < head[2] < head[3] < band[3]


def test_a_click_on_a_note_goes_there(three):
    three.locator('.tunesmith-player >> nth=1 >> [data-note="5"] .notehead').click(force=True)
    now = three.evaluate("() => document.querySelectorAll('audio')[1].currentTime")
    assert now == pytest.approx(timemap(SECOND)[5][0], abs=0.01)


def test_playing_moves_the_cursor_and_stops_the_others(three):
    play = "(player) => {const a = document.querySelectorAll('audio')[player]; a.muted = true; return a.play()}"
    three.evaluate(play, 0)
    three.wait_for_function("() => document.querySelector('[data-note=\"1\"]').style.fill", timeout=20_000)
    three.evaluate(play, 2)
    assert three.evaluate("() => [...document.querySelectorAll('audio')].map((a) => a.paused)") == [True, True, False]


# Of the second player: the staff (0 above) of each lit note, the band's box and its staff's, the roll and its line.
PIANO_STATE = """() => {
    const card = document.querySelectorAll('.tunesmith-player')[1];
    const box = (element) => {
        const {left, right, top, bottom} = element.getBoundingClientRect();
        return {left, right, top, bottom};
    };
    const lit = [...card.querySelectorAll('[data-note]')].filter((note) => note.style.fill);
    const band = card.querySelector('.tunesmith-cursor');
    const lines = lit.map((note) => box([...note.closest('.staff').children].find((e) => e.tagName === 'path')));
    const roll = card.querySelector('.tunesmith-roll img'), line = card.querySelector('.tunesmith-roll-line');
    return {lit: lit.map((note) => Number(note.dataset.note)),
            staves: lit.map((note) => [...note.closest('.measure').querySelectorAll('.staff')].indexOf(
                note.closest('.staff'))),
            heads: lit.map((note) => box(note.querySelector('.notehead'))), lines,
            band: band && box(band), roll: box(roll), natural: roll.naturalWidth, alt: roll.alt,
            line: line.style.display === 'none' ? null : box(line)};
}"""


def test_the_cursor_follows_over_both_staves(piano):
    times = timemap(PIANO)
    heads = [55, 60, 64, 59, 57, 62, 48, 48, 67]  # the 48 goes on over a bar line
    assert len(times) == len(heads)
    for note, pitch in enumerate(heads):
        seek(piano, 1, sum(times[note]) / 2)
        state = piano.evaluate(PIANO_STATE)
        assert (state["lit"], state["staves"]) == ([note], [0 if pitch >= 60 else 1])
        (head,), band, (line,) = state["heads"], state["band"], state["lines"]
        assert band["left"] < head["left"] < head["right"] < band["right"]
        assert band["top"] < min(head["top"], line["top"]) and head["bottom"] < band["bottom"]
        assert band["bottom"] - band["top"] < 120  # around one staff, not two
    seek(piano, 1, 4.5 * 0.6)
    assert piano.evaluate(PIANO_STATE)["lit"] == []  # a rest
    assert piano.complaints == []


def test_a_click_on_either_staff_goes_there(piano):
    for note in (3, 5):
        piano.locator(f'.tunesmith-player >> nth=1 >> [data-note="{note}"] .notehead').click(force=True)
        now = piano.evaluate("() => document.querySelectorAll('audio')[1].currentTime")
        assert now == pytest.approx(timemap(PIANO)[note][0], abs=0.01)


def test_the_line_moves_over_the_roll(piano, tmp_path):
    state = piano.evaluate(PIANO_STATE)
    assert state["natural"] > 700 and state["alt"].startswith("Piano roll: 8 notes")
    assert state["line"] is None
    lefts = []
    for share in (0.25, 0.5, 0.75):
        seek(piano, 1, share * 13 * 0.6)
        state = piano.evaluate(PIANO_STATE)
        line, roll = state["line"], state["roll"]
        assert roll["top"] < line["top"] < line["bottom"] < roll["bottom"]
        lefts.append((line["left"] + line["right"]) / 2 - roll["left"])
    assert lefts[1] - lefts[0] == pytest.approx(lefts[2] - lefts[1], abs=1) and lefts[1] - lefts[0] > 100
    piano.screenshot(path=tmp_path / "piano.png", full_page=True)
    piano.set_viewport_size({"width": 400, "height": 800})
    narrow = piano.evaluate(PIANO_STATE)
    share = (narrow["line"]["left"] + 1 - narrow["roll"]["left"]) / (narrow["roll"]["right"] - narrow["roll"]["left"])
    assert share == pytest.approx(lefts[2] / (roll["right"] - roll["left"]), abs=0.01)
    assert piano.evaluate("() => document.documentElement.scrollWidth") <= 400
    piano.screenshot(path=tmp_path / "piano_narrow.png", full_page=True)
    seek(piano, 1, 0)
    assert piano.evaluate(PIANO_STATE)["line"] is None


def test_one_broken_player_stops_no_other(tab, tmp_path):
    path = tmp_path / "page.html"
    text = page([FIRST, SECOND, FIRST])
    path.write_text(re.sub(r'data-times="[^"]*"', 'data-times="broken"', text, count=1), encoding="utf-8")
    tab.goto(path.as_uri())
    wait_for_sound(tab, 3)
    state = tab.evaluate(STATE)
    assert [player["inline"] for player in state] == [False, True, True]
    assert state[0]["natural"] > 0


def test_a_narrow_screen(three, tmp_path):
    three.set_viewport_size({"width": 400, "height": 800})
    assert all(player["right"] <= 400 for player in three.evaluate(STATE))
    assert three.evaluate("() => document.documentElement.scrollWidth") <= 400
    three.screenshot(path=tmp_path / "narrow.png", full_page=True)


def test_the_keyboard_reaches_every_player(three):
    reached = set()
    for _ in range(40):
        three.keyboard.press("Tab")
        reached.add(three.evaluate("() => [...document.querySelectorAll('audio')].indexOf(document.activeElement)"))
    assert {0, 1, 2} <= reached


# --- notebooks ---------------------------------------------------------------------------------------------------

CELL = """\
from tunesmith.display.show import show
from tunesmith.music.melody import Melody
notes = [(67, 1), (71, 0.5), (72, 0.5), (74, 4)]
melody = Melody.of(notes, time_signature="3/4", key="G major", tempo=100, title="Mine")
captions = ["A human song", "A network's, after 90 seconds of training"]
show(melody, melody, captions=captions, title=True, grand_staff=True, piano_roll=True)
"""


def notebook():
    """A notebook as a fresh clone has it: with its outputs, and trusted by nobody. Each player shows all it can."""
    notes = [(67, 1), (71, 0.5), (72, 0.5), (74, 4)]
    melody = Melody.of(notes, time_signature="3/4", key="G major", tempo=100, title="Mine")
    captions = ["A human song", "A network's, after 90 seconds of training"]
    bundle = mimebundle(melody, melody, captions=captions, title=True, grand_staff=True, piano_roll=True)
    output = nbformat.v4.new_output("display_data", bundle)
    cells = [
        nbformat.v4.new_markdown_cell("# Listen\n\nTwo melodies."),
        nbformat.v4.new_code_cell(CELL, outputs=[output], execution_count=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    for place, cell in enumerate(made.cells):
        cell.id = f"cell-{place}"
    return made


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_jupyterlab_untrusted_then_run(lab, tab, tmp_path, theme):
    tab.goto(lab(theme, f"{theme.lower()}.ipynb", notebook()))
    tab.wait_for_selector(".jp-Notebook audio", timeout=60_000)
    wait_for_sound(tab, 2)
    untrusted = tab.evaluate(STATE)
    assert [player["inline"] for player in untrusted] == [False, False]
    assert all(player["natural"] > 0 and player["ready"] == 4 for player in untrusted)
    images = "() => [...document.querySelectorAll('.tunesmith-player img')].map((image) => image.naturalWidth)"
    assert len(tab.evaluate(images)) == 4 and all(tab.evaluate(images))  # a score and a roll in each
    tab.screenshot(path=tmp_path / "untrusted.png")

    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_text("Run All Cells", exact=True).click()
    tab.wait_for_selector(".tunesmith-player[data-ready] svg [data-note]", timeout=60_000)
    wait_for_sound(tab, 2)
    assert [player["inline"] for player in tab.evaluate(STATE)] == [True, True]
    seek(tab, 1, 0.8)
    state = tab.evaluate(STATE)
    assert [(player["lit"], player["band"]) for player in state] == [([], 0), ([1], 1)]
    lines = "() => [...document.querySelectorAll('.tunesmith-roll-line')].map((line) => line.style.display)"
    assert tab.evaluate(lines) == ["none", "block"]
    assert tab.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    tab.screenshot(path=tmp_path / "run.png")
    assert tab.evaluate("() => document.body.dataset.jpThemeLight") == ("true" if theme == "Light" else "false")


def test_nbconvert(tab, tmp_path):
    pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    nbformat.write(notebook(), tmp_path / "lesson.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "lesson.ipynb"]
    run = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    tab.goto((tmp_path / "lesson.html").as_uri())
    wait_for_sound(tab, 2)
    assert [player["inline"] for player in tab.evaluate(STATE)] == [True, True]
    tab.screenshot(path=tmp_path / "nbconvert.png", full_page=True)
