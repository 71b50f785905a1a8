"""One player: a score, its sound, and a cursor that follows the notes, as HTML that needs nothing else.

Two forms in one. ``<img>`` and ``<audio>`` with their data inside are what JupyterLab leaves of a
notebook that is not trusted; where scripts may run, the script turns the image into inline SVG and
moves the cursor. Used by `show` in every lesson.
"""

from __future__ import annotations

import base64
import html
import json

from tunesmith.display.engrave import ROOT_ID, WIDTH, describe, engrave
from tunesmith.display.plots import roll
from tunesmith.display.sound import sound
from tunesmith.display.style import BLUE, FAINT_INK, HAIRLINE, INK, PAPER, SKY, VERMILLION
from tunesmith.music.melody import Melody
from tunesmith.music.midi import DEFAULT_TEMPO

# Styles stand in the tags: of a notebook that is not trusted, JupyterLab drops <style> but keeps these.
_CARD = (
    f"box-sizing:border-box;max-width:{WIDTH + 34}px;margin:8px 0;padding:14px 16px;background:{PAPER};color:{INK};"
    f"border:1px solid {HAIRLINE};border-radius:8px;color-scheme:light;font-family:system-ui,sans-serif"
)
_TITLE = f"font-size:16px;line-height:1.4;font-weight:600;color:{INK};margin:0 0 2px 0"
_CAPTION = f"font-size:14px;line-height:1.4;color:{INK};margin:0 0 6px 0"
_REMARK = f"font-size:12px;line-height:1.4;color:{FAINT_INK};margin:6px 0 0 0"
_SCORE = "display:block;max-width:100%;height:auto;margin:4px 0 10px 0"
_ROLL = f"position:relative;max-width:{WIDTH}px;margin:0 0 10px 0"
_AUDIO = "display:block;box-sizing:border-box;width:100%;height:36px"

# Each player starts every player that is not ready yet, each in its own try: one that fails stops no other.
# Note heads carry `data-note`, and the picture's one id is made another in each copy on the page.
_SCRIPT = """
(() => {
const start = (card) => {
  const audio = card.querySelector('audio'), image = card.querySelector('img');
  const times = JSON.parse(card.dataset.times);
  const bytes = Uint8Array.from(atob(image.src.split(',')[1]), (c) => c.charCodeAt(0));
  window.tunesmithCount = (window.tunesmithCount || 0) + 1;
  const text = new TextDecoder().decode(bytes).replaceAll('ROOT_ID', 'ROOT_ID-' + window.tunesmithCount);
  const score = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  score.style.cssText = image.style.cssText + ';cursor:pointer';
  score.querySelector('title').remove();
  image.replaceWith(score);
  const notes = times.map((_, i) => score.querySelector('[data-note="' + i + '"]'));
  const band = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  band.setAttribute('class', 'tunesmith-cursor');
  band.setAttribute('rx', 60);
  band.style.cssText = 'fill:BAND;fill-opacity:.4;stroke:none';
  let shown = -1;
  const mark = (i) => {
    if (i === shown) return;
    if (shown >= 0) notes[shown].style.fill = notes[shown].style.color = '';
    shown = i;
    if (i < 0) return band.remove();
    notes[i].style.fill = notes[i].style.color = 'NOTE';
    const head = notes[i].querySelector('.notehead').getBBox();
    const lines = [...notes[i].closest('.staff').children].filter((e) => e.tagName === 'path').map((e) => e.getBBox());
    const top = Math.min(lines[0].y, head.y) - 150;
    const bottom = Math.max(lines[lines.length - 1].y, head.y + head.height) + 150;
    const box = {x: head.x - 110, y: top, width: head.width + 220, height: bottom - top};
    for (const side in box) band.setAttribute(side, box[side]);
    score.querySelector('.page-margin').prepend(band);
  };
  const follow = () => {
    const now = audio.currentTime + 0.01;
    mark(audio.ended || (audio.paused && now < 0.02) ? -1 : times.findIndex((t) => t[0] <= now && now < t[1]));
    if (!audio.paused && !audio.ended) requestAnimationFrame(follow);
  };
  for (const name of ['play', 'pause', 'seeked', 'ended']) audio.addEventListener(name, follow);
  audio.addEventListener('play', () => {
    for (const other of document.querySelectorAll('.tunesmith-player audio')) if (other !== audio) other.pause();
  });
  score.addEventListener('click', (event) => {
    const far = notes.map((note) => {
      const box = note.querySelector('.notehead').getBoundingClientRect();
      return Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
    });
    const nearest = far.indexOf(Math.min(...far));
    if (far[nearest] < 40) audio.currentTime = times[nearest][0];
  });
};
for (const card of document.querySelectorAll('.tunesmith-player:not([data-ready])')) {
  card.dataset.ready = '';
  try { start(card); } catch (error) { console.warn('tunesmith: the score stays a picture', error); }
}
})();
"""
_SCRIPT = _SCRIPT.replace("ROOT_ID", ROOT_ID).replace("BAND", SKY).replace("NOTE", BLUE).strip()


# A piano roll has a script of its own, run after the score's: a player without a roll does not carry it.
_ROLL_SCRIPT = """
(() => {
const start = (roll) => {
  const audio = roll.closest('.tunesmith-player').querySelector('audio');
  const {seconds, left, right, top, bottom} = JSON.parse(roll.dataset.times);
  const line = document.createElement('div');
  line.className = 'tunesmith-roll-line';
  line.style.cssText = 'position:absolute;width:2px;margin-left:-1px;background:LINE;pointer-events:none;display:none';
  line.style.top = 100 * top + '%';
  line.style.height = 100 * (bottom - top) + '%';
  roll.append(line);
  const follow = () => {
    const now = audio.currentTime;
    const away = audio.ended || now > seconds || (audio.paused && now < 0.01);
    line.style.display = away ? 'none' : 'block';
    line.style.left = 100 * (left + (right - left) * now / seconds) + '%';
    if (!audio.paused && !audio.ended) requestAnimationFrame(follow);
  };
  for (const name of ['play', 'pause', 'seeked', 'ended']) audio.addEventListener(name, follow);
};
for (const roll of document.querySelectorAll('.tunesmith-roll:not([data-ready])')) {
  roll.dataset.ready = '';
  try { start(roll); } catch (error) { console.warn('tunesmith: the piano roll stays a picture', error); }
}
})();
"""
_ROLL_SCRIPT = _ROLL_SCRIPT.replace("LINE", VERMILLION).strip()


def player(
    melody: Melody,
    *,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
    grand_staff: bool = False,
    piano_roll: bool = False,
) -> str:
    """One melody as an HTML card: title, caption, score, sound. The same melody gives the same bytes.

    title, caption: plain text above the score, none by default. alt: what a screen reader says of
    the score; by default `describe(melody)`. grand_staff: on two staves, as for the piano. piano_roll:
    also the notes as bars, below the score; a melody of rests alone has none.
    Raises ValueError for a melody without notes.
    """
    alt = describe(melody, grand_staff=grand_staff) if alt is None else alt
    engraving = engrave(melody, alt=alt, grand_staff=grand_staff)
    picture = _base64(engraving.svg.encode())
    music = sound(melody)
    times = json.dumps(engraving.times, separators=(",", ":"))
    has_roll = piano_roll and bool(melody.pitches)
    parts = [
        f'<div class="tunesmith-player" data-times="{times}" style="{_CARD}">',
        _line("title", _TITLE, title),
        _line("caption", _CAPTION, caption),
        f'<img alt="{html.escape(alt)}" style="{_SCORE}" src="data:image/svg+xml;base64,{picture}">',
        _roll(melody) if has_roll else "",
        f'<audio controls preload="metadata" aria-label="{html.escape("Sound of: " + (caption or title or alt))}"'
        f' style="{_AUDIO}" src="data:audio/mpeg;base64,{_base64(music.mp3)}"></audio>',
        *(_line("remark", _REMARK, remark) for remark in music.remarks),
        f"<script>{_SCRIPT}</script>",
        f"<script>{_ROLL_SCRIPT}</script>" if has_roll else "",
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


def _roll(melody: Melody) -> str:
    """The piano roll and, for the line that moves over it, where it stands when."""
    drawn = roll(melody, WIDTH)
    seconds = round(float(melody.duration) * 60 / (melody.tempo or DEFAULT_TEMPO), 3)
    places = {"seconds": seconds, "left": drawn.left, "right": drawn.right, "top": drawn.top, "bottom": drawn.bottom}
    times = html.escape(json.dumps(places, separators=(",", ":")))
    return f'<div class="tunesmith-roll" data-times="{times}" style="{_ROLL}">{drawn.html}</div>'


def _line(name: str, style: str, text: str) -> str:
    return f'<div class="tunesmith-{name}" style="{style}">{html.escape(text)}</div>' if text else ""


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
