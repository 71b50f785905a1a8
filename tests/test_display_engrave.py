"""The picture of a score: decoded again, head by head."""

import itertools
import json
import re
import xml.etree.ElementTree as ET

import pytest
import verovio

from tunesmith.display.engrave import describe, engrave, printable_kern, svg, timemap
from tunesmith.display.symbols import beat_starts
from tunesmith.music.melody import Melody

SVG = "{http://www.w3.org/2000/svg}"
SCALE = Melody.of([(pitch, 1) for pitch in (60, 62, 64, 65, 67, 69, 71, 72)], time_signature="4/4", key="C major")


def heads(picture):
    """Place (x, y) of every note head, in the order of their numbers."""
    notes = {}
    for group in ET.fromstring(picture).iter(f"{SVG}g"):
        if group.get("class") == "note":
            use = group.find(f"{SVG}g[@class='notehead']/{SVG}use")
            notes[int(group.get("data-note"))] = tuple(map(int, re.findall(r"-?\d+", use.get("transform"))[:2]))
    return [notes[number] for number in range(len(notes))]


def count(picture, name):
    return sum(group.get("class", "").split()[:1] == [name] for group in ET.fromstring(picture).iter(f"{SVG}g"))


def test_each_note_has_a_head_at_its_own_height():
    places = heads(svg(SCALE))
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    steps = [here - there for (_, here), (_, there) in itertools.pairwise(places)]
    assert steps == [90] * 7  # half the distance between two staff lines, upwards


def test_a_note_across_a_bar_line_has_two_heads_and_a_tie():
    melody = Melody.of([(67, 3), (69, 3), (71, 2)], time_signature="4/4", key="G major")
    picture = svg(melody)
    assert len(heads(picture)) == 4
    assert count(picture, "tie") == 1
    assert timemap(melody) == ((0.0, 1.5), (1.5, 2.0), (2.0, 3.0), (3.0, 4.0))


def test_a_duration_without_a_sign_of_its_own_is_tied_too():
    picture = svg(Melody.of([(67, "5/4"), (69, "3/4")], time_signature="2/4"))
    assert (len(heads(picture)), count(picture, "tie")) == (3, 1)


def test_an_upbeat_is_a_short_first_bar():
    melody = Melody.of([(62, 1)] + [(67, 1)] * 4, time_signature="4/4", upbeat=1)
    picture = svg(melody)
    assert count(picture, "measure") == 2
    assert printable_kern(melody).splitlines()[3:5] == ["4d", "=1"]


def test_low_melodies_stand_in_the_bass_clef():
    assert "E062" in svg(SCALE.transpose(-24)) and "E050" not in svg(SCALE.transpose(-24))
    assert "E050" in svg(SCALE)


@pytest.mark.parametrize(
    "key, pitch, signs, accidentals",
    [
        ("G major", 66, 1, 0),
        ("G major", 65, 1, 1),
        ("F major", 70, 1, 0),
        ("A minor", 68, 0, 1),
        ("C minor", 63, 3, 0),
        (None, 60, 0, 0),
    ],
)
def test_signature_and_accidentals(key, pitch, signs, accidentals):
    picture = svg(Melody.of([(pitch, 4)], time_signature="4/4", key=key))
    drawn = [group for group in ET.fromstring(picture).iter(f"{SVG}g") if group.get("class") in ("keySig", "accid")]
    uses = {
        name: sum(len(g.findall(f".//{SVG}use")) for g in drawn if g.get("class") == name)
        for name in ("keySig", "accid")
    }
    assert uses == {"keySig": signs, "accid": accidentals}


def test_without_bar_lines_the_line_is_cut_and_every_altered_note_signed():
    melody = Melody.of([(66, 1), (65, 1), (66, 2), (70, 2)] * 8)
    picture = svg(melody)
    assert count(picture, "system") > 1
    accidentals = [
        g for g in ET.fromstring(picture).iter(f"{SVG}g") if g.get("class", "").startswith("accid") and len(g)
    ]
    assert len(accidentals) == 32  # three altered notes and, after the F sharp, a natural
    assert 'class="mNum"' not in picture


@pytest.mark.parametrize(
    "time_signature, starts",
    [
        ("4/4", [0, 1, 2, 3]),
        ("3/4", [0, 1, 2]),
        ("2/2", [0, 1, 2, 3]),
        ("6/8", [0, 1.5]),
        ("3/8", [0]),
        ("5/8", [0, 1.5]),
        ("7/8", [0, 1.5, 2.5]),
        ("4/8", [0, 1]),
        ("1/8", [0]),
        ("3/2", [0, 1, 2, 3, 4, 5]),
        ("12/16", [0, 0.75, 1.5, 2.25]),
    ],
)
def test_where_the_groups_of_a_bar_begin(time_signature, starts):
    assert beat_starts(time_signature) == starts


@pytest.mark.parametrize(
    "time_signature, upbeat, durations, beams",
    [
        ("4/4", 0, [0.5] * 8, 4),
        ("6/8", 0, [0.5] * 6, 2),
        ("6/8", 0.5, [0.5] * 7, 2),
        ("7/8", 0, [0.5] * 7, 3),
        ("2/4", 0, [0.75, 0.25, 0.5, 0.5], 2),
        ("2/4", 0, ["1/3", "1/3", "1/3", "2/3", "1/3"], 1),
        ("2/4", 0, [0.5, 1, 0.5], 0),
        (None, 0, [0.5, 0.5, 1], 1),
    ],
)
def test_beams(time_signature, upbeat, durations, beams):
    melody = Melody.of([(67, duration) for duration in durations], time_signature=time_signature, upbeat=upbeat)
    assert count(svg(melody), "beam") == beams


@pytest.mark.parametrize("upbeat", [0, 0.5, 1])  # with 1/2, the triplet lies across a beat
def test_times_agree_with_verovios(upbeat):
    melody = Melody.of(
        [(62, 0.5), (67, 1), (None, 0.5), (69, "1/3"), (71, "1/3"), (72, "1/3"), (74, 5), (71, 1)],
        time_signature="3/4",
        upbeat=upbeat,
        tempo=90,
    )
    toolkit = verovio.toolkit()
    assert toolkit.loadData(printable_kern(melody.replace(tempo=None)).replace("*M3/4", "*M3/4\n*MM90"))
    theirs = [event["tstamp"] / 1000 for event in toolkit.renderToTimemap() if event.get("on")]
    ours = {round(start, 2) for start, _ in timemap(melody)}
    struck = {
        round(float(onset) * 60 / 90, 2) for onset, note in zip(melody.onsets, melody.notes) if note.pitch is not None
    }
    assert struck <= {round(start, 2) for start in theirs} <= ours


def test_the_picture_stands_on_its_own():
    picture = svg(SCALE.replace(title='Tom & "Jerry" <3'))
    root = ET.fromstring(picture)
    assert root.get("role") == "img"
    assert root.get("aria-label").startswith('Score of Tom & "Jerry" <3: 8 notes from C4 to C5')
    assert root.find(f"{SVG}rect").get("style") == "fill:#fff;stroke:none"
    ids = re.findall(r' id="([^"]*)"', picture)
    assert len(ids) == len(set(ids)) and all(name.endswith("tunesmith-score") for name in ids)
    assert "http" not in picture.replace("http://www.w3.org/", "")


def test_the_kern_that_is_printed_by_default():
    melody = Melody.of([(59, 1), (60, 1.5), (62, 0.5), (64, 0.5), (55, 0.5), (None, 1), (67, 4)], time_signature="4/4")
    lines = ["**kern", "*clefG2", "*M4/4", "=1-", "4B", "4.c", "8d", "8eL", "8GJ", "=2", "4r", "[2.g", "=3", "4g]"]
    assert printable_kern(melody).split() == [*lines, "==", "*-"]


def test_description():
    assert describe(SCALE) == "Score: 8 notes from C4 to C5, 2 bars of 4/4, C major."
    assert describe(Melody.of([(66, 1)])) == "Score: 1 note from F#4 to F#4, no bar lines."
    assert describe(Melody.of([(None, 1)])) == "Score: 0 notes, no bar lines."


@pytest.mark.parametrize("pitches", [[0, 127], [None], [21, None, 108]])
def test_extremes_can_be_drawn(pitches):
    drawn = engrave(Melody.of([(pitch, "1/12") for pitch in pitches] + [(None, 40)], time_signature="6/8"))
    assert len(heads(drawn.svg)) == len(drawn.times) == sum(pitch is not None for pitch in pitches)
    json.dumps(drawn.times)


def test_bad_input():
    with pytest.raises(ValueError, match="nothing to show: the melody has no notes"):
        svg(Melody.of([]))
    with pytest.raises(ValueError, match="use 200 or more"):
        svg(SCALE, width=20)


def test_a_short_tune_is_a_small_picture_and_a_long_one_fills_the_width():
    def width(melody):
        return int(ET.fromstring(svg(melody)).get("width"))

    assert width(Melody.of([(60, 1)])) < 200
    assert width(Melody.of([(60, 1)] * 64, time_signature="4/4")) == 760
    assert count(svg(Melody.of([(60, 1)] * 64, time_signature="4/4")), "system") > 2
