"""The player's HTML, without a browser: the two forms that survive everywhere, and its size."""

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from tunesmith.display.engrave import WIDTH, svg, timemap
from tunesmith.display.player import player
from tunesmith.display.sound import mp3
from tunesmith.music.melody import Melody

TUNE = Melody.of([(67, 1), (71, 0.5), (72, 0.5), (74, 1), (74, 3)], time_signature="3/4", key="G major", title="T")
LONG = Melody.of(
    [(67, 1), (71, 0.5), (72, 0.5), (74, 1), (74, 1), (76, 1), (72, 0.5), (76, 0.5), (74, 2)] * 8,
    time_signature="4/4",
    key="G major",
)

DEFAULT_CARD = "0fceaff062a11d5c09a6706ee4045748214a4934f781ac29fd86a5ca3749d175"


class Tags(HTMLParser):
    """Every opening tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def one(self, name):
        (attributes,) = [attributes for tag, attributes in self.tags if tag == name]
        return attributes


def test_picture_and_sound_are_inside():
    tags = Tags(player(TUNE))
    image, audio = tags.one("img"), tags.one("audio")
    kind, picture = image["src"].split(",")
    assert kind == "data:image/svg+xml;base64" and base64.b64decode(picture).decode() == svg(TUNE)
    kind, sound = audio["src"].split(",")
    assert kind == "data:audio/mpeg;base64" and base64.b64decode(sound) == mp3(TUNE)
    assert "controls" in audio and audio["aria-label"]
    assert image["alt"] == "Score of T: 5 notes from G4 to D5, 2 bars of 3/4, G major."


def test_times_stand_beside_the_heads():
    tags = Tags(player(TUNE))
    card = next(attributes for _, attributes in tags.tags if attributes.get("class") == "tunesmith-player")
    assert [tuple(pair) for pair in json.loads(card["data-times"])] == list(timemap(TUNE))


def test_it_has_no_ids_and_fetches_nothing():
    text = player(TUNE)
    tags = Tags(text).tags
    assert not any("id" in attributes for _, attributes in tags)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert not any(tag in ("style", "link", "iframe") for tag, _ in tags)


def test_titles_and_captions_are_escaped():
    text = player(TUNE.replace(title="<script>x</script>"), title="<i>", caption='"><b>', alt='"&<')
    tags = Tags(text)
    assert [tag for tag, _ in tags.tags].count("script") == 1
    assert not any(tag in ("i", "b") for tag, _ in tags.tags)
    assert tags.one("img")["alt"] == '"&<'


def test_sixteen_bars_fit_the_budget():
    assert len(player(LONG).encode()) <= 220_000


def test_a_long_tune_says_that_its_sound_is_cut():
    assert "The sound ends after 60 seconds" in player(Melody.of([(60, 4)] * 40))
    assert "The sound ends" not in player(TUNE)


def test_on_two_staves():
    tags = Tags(player(TUNE, grand_staff=True))
    image = tags.one("img")
    assert base64.b64decode(image["src"].split(",")[1]).decode() == svg(TUNE, grand_staff=True)
    assert image["alt"] == "Score of T on two staves: 5 notes from G4 to D5, 2 bars of 3/4, G major."
    assert len(player(LONG, grand_staff=True).encode()) <= 220_000


def test_a_piano_roll_below_the_score():
    plain, text = player(TUNE), player(TUNE, piano_roll=True)
    score, roll = [attributes for tag, attributes in Tags(text).tags if tag == "img"]
    assert score == Tags(plain).one("img")  # the score is the first image: the script looks for that
    assert roll["alt"] == "Piano roll: 5 notes from G4 to D5 in 6 quarter notes."
    picture = ET.fromstring(base64.b64decode(roll["src"].split(",")[1]))
    assert float(picture.get("width").removesuffix("pt")) * 96 / 72 == WIDTH
    (frame,) = [attributes for _, attributes in Tags(text).tags if attributes.get("class") == "tunesmith-roll"]
    places = json.loads(frame["data-times"])
    assert places["seconds"] == 3.0  # 6 quarters at 120 a minute
    assert 0 < places["left"] < 0.2 < 0.9 < places["right"] < 1 and 0 < places["top"] < places["bottom"] < 1
    assert len(player(LONG, piano_roll=True)) - len(player(LONG)) <= 70_000


def test_the_roll_is_asked_for():
    assert "tunesmith-roll" not in player(TUNE) + player(TUNE, grand_staff=True)
    rests = Melody.of([(None, 4)])
    assert player(rests, piano_roll=True) == player(rests)


def test_the_default_card():
    """What a notebook stores of a player, but for the bytes of picture and sound, is not to change unnoticed."""
    text = re.sub(r"base64,[^\"]*", "base64,", player(TUNE, caption="A caption", title="A title"))
    text = re.sub(r'\n<div class="tunesmith-remark".*</div>', "", text)  # where the piano is missing
    assert hashlib.sha256(text.encode()).hexdigest() == DEFAULT_CARD


def test_no_notes():
    with pytest.raises(ValueError, match="no notes"):
        player(Melody.of([]))
