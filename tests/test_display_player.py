"""The player's HTML, without a browser: the two forms that survive everywhere, and its size."""

import base64
import json
import re
from html.parser import HTMLParser

import pytest

from tunesmith.display.engrave import svg, timemap
from tunesmith.display.player import player
from tunesmith.display.sound import mp3
from tunesmith.music.melody import Melody

TUNE = Melody.of([(67, 1), (71, 0.5), (72, 0.5), (74, 1), (74, 3)], time_signature="3/4", key="G major", title="T")
LONG = Melody.of(
    [(67, 1), (71, 0.5), (72, 0.5), (74, 1), (74, 1), (76, 1), (72, 0.5), (76, 0.5), (74, 2)] * 8,
    time_signature="4/4",
    key="G major",
)


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


def test_no_notes():
    with pytest.raises(ValueError, match="no notes"):
        player(Melody.of([]))
