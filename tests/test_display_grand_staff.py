"""A melody on two staves: the picture decoded again, staff by staff."""

import itertools
import re
import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
import verovio
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.display.engrave import describe, engrave, printable_kern, svg, timemap
from tunesmith.display.symbols import read_symbols
from tunesmith.music.melody import Melody

SVG = "{http://www.w3.org/2000/svg}"
UPBEAT = Melody.of(
    [(55, 1), (60, 3), (60, 1), (64, 0.5), (59, 0.5), (57, 0.5), (55, 0.5), (None, 1), (62, 1), (48, 6), (67, 3)],
    time_signature="4/4",
    upbeat=1,
    key="G major",
)
JIG = Melody.of(
    [(57, 0.5), (60, 0.5), (62, 0.5), (64, 0.5), (62, 0.5), (60, 0.5), (57, 0.5), (55, 1.5), (57, 1.5), (62, 2.5)],
    time_signature="6/8",
    upbeat=0.5,
    key="A minor",
)


def staves(picture):
    """For each of the two staves its systems' groups, the upper staff first."""
    measures = [group for group in ET.fromstring(picture).iter(f"{SVG}g") if group.get("class") == "measure"]
    each = [[child for child in measure if child.get("class") == "staff"] for measure in measures]
    assert {len(pair) for pair in each} == {2}
    return [list(column) for column in zip(*each)]


def numbers(staff):
    """The numbers of the notes in a staff's bars."""
    return [int(g.get("data-note")) for bar in staff for g in bar.iter(f"{SVG}g") if g.get("class") == "note"]


def count(staff, name):
    """How many things of a class each bar of a staff draws."""
    return [sum(g.get("class", "").split()[:1] == [name] for g in bar.iter(f"{SVG}g")) for bar in staff]


def heads_of(melody):
    """The pitch of each head that is printed: a tied note has several."""
    return [symbol.pitch for symbol in read_symbols(printable_kern(melody)) if symbol.pitch is not None]


@pytest.mark.parametrize(
    "melody",
    [
        UPBEAT,
        JIG,
        UPBEAT.transpose(12),
        UPBEAT.transpose(-19),
        UPBEAT.replace(time_signature=None, upbeat=0),
        Melody.of([(60, "1/3"), (59, "1/3"), (60, "1/3"), (62, "2/3"), (48, "1/3"), (50, "5/4"), (64, "3/4")] * 3),
        Melody.of([(59, "1/3"), (61, "1/3"), (60, "1/3"), (48, 1)], time_signature="2/4", key="Db major"),
    ],
)
def test_every_note_stands_once_in_its_own_staff(melody):
    picture = svg(melody, grand_staff=True)
    treble, bass = map(numbers, staves(picture))
    heads = heads_of(melody)
    assert sorted(treble) == [number for number, pitch in enumerate(heads) if pitch >= 60]
    assert sorted(bass) == [number for number, pitch in enumerate(heads) if pitch < 60]
    assert picture.count('class="grpSym"') == picture.count('class="system"')  # the brace


@pytest.mark.parametrize("melody", [UPBEAT, JIG, UPBEAT.replace(time_signature=None, upbeat=0)])
def test_the_times_are_those_of_one_staff(melody):
    assert engrave(melody, grand_staff=True).times == timemap(melody)


@pytest.mark.parametrize("upbeat", [0, 0.5])  # with 1/2, the triplets lie across beats
def test_verovio_hears_each_note_when_we_say(upbeat):
    melody = Melody.of(
        [(62, 0.5), (50, 1), (None, 0.5), (60, "1/3"), (59, "1/3"), (62, "1/3"), (48, 5), (64, 0.25), (52, 0.75)],
        time_signature="3/4",
        upbeat=upbeat,
    )
    kern = printable_kern(melody, grand_staff=True)
    starts = {f"note-L{s.line}F{s.field}": float(s.onset) for s in read_symbols(kern) if s.pitch is not None}
    toolkit = verovio.toolkit()
    assert toolkit.loadData(kern)
    heard = {name: event["tstamp"] / 1000 for event in toolkit.renderToTimemap() for name in event.get("on", [])}
    assert heard == {name: pytest.approx(starts[name] / 2, abs=0.002) for name in heard}  # at 120 a minute
    assert 8 <= len(heard) <= len(starts)


def test_heads_stand_from_left_to_right_over_both_staves():
    picture = svg(UPBEAT, grand_staff=True)
    places = {}
    for group in ET.fromstring(picture).iter(f"{SVG}g"):
        if group.get("class") == "note":
            use = group.find(f"{SVG}g[@class='notehead']/{SVG}use")
            places[int(group.get("data-note"))] = int(re.search(r"-?\d+", use.get("transform"))[0])
    ordered = [places[number] for number in range(len(places))]
    assert ordered == sorted(ordered) and len(ordered) == len(timemap(UPBEAT))


def test_clefs_and_signature():
    treble, bass = staves(svg(UPBEAT, grand_staff=True))
    for staff, clef in ((treble, "E050"), (bass, "E062")):
        text = ET.tostring(staff[0], encoding="unicode")
        assert clef in text and count(staff[:1], "keyAccid") == [1]


def test_a_silent_bar_has_one_rest_and_the_upbeat_its_own():
    treble, bass = staves(svg(UPBEAT, grand_staff=True))
    assert count(bass, "mRest") == [0, 1, 0, 0, 0, 0]
    assert count(treble, "mRest") == [0, 0, 0, 1, 0, 0]
    assert count(treble, "rest")[0] == 1 and count(bass, "rest")[0] == 0  # beside the upbeat
    assert count(treble, "rest")[2] + count(bass, "rest")[2] == 1  # the melody's own, once
    assert count(bass, "rest")[-1] >= 1  # the last bar is not a full one


@pytest.mark.parametrize("octaves, silent", [(12, 1), (-24, 0)])
def test_a_staff_that_is_silent_throughout(octaves, silent):
    melody = Melody.of([(62, 1), (67, 2), (71, 1), (72, 3), (74, 2)], time_signature="3/4", upbeat=1)
    drawn = staves(svg(melody.transpose(octaves), grand_staff=True))
    assert numbers(drawn[silent]) == []
    assert count(drawn[silent], "mRest") == [0, 1, 1, 0]
    assert count(drawn[silent], "rest") == [1, 0, 0, 1]


def test_the_rests_of_an_incomplete_bar_follow_the_metre():
    assert cells(JIG, 0)[-2:] == ["4.r", "4r"]  # 5/8 as 3 + 2


def cells(melody, staff):
    """What a spine (0 the bass, 1 the treble) has, without the frame and what goes on."""
    lines = printable_kern(melody, grand_staff=True).splitlines()[1:]
    return [cell for line in lines if (cell := line.split("\t")[staff])[0] not in "*=."]


def test_the_rests_of_a_long_upbeat_end_with_the_longer():
    melody = Melody.of([(62, 2.5), (64, 4)], time_signature="4/4", upbeat=2.5)
    assert cells(melody, 0) == ["8r", "2r", "1r"]


def test_a_silent_bar_that_no_single_value_fills_has_one_rest():
    treble, bass = staves(svg(Melody.of([(67, 5), (50, 5)], time_signature="5/4"), grand_staff=True))
    assert (count(treble, "mRest"), count(bass, "mRest")) == ([0, 1], [1, 0])


@pytest.mark.parametrize(
    "pitches, bass, treble",
    [
        ((50, None, 62), ["4D", "4r", "4ryy"], ["4ryy", "4ryy", "4d"]),
        ((62, None, 50), ["4ryy", "4ryy", "4D"], ["4d", "4r", "4ryy"]),
        ((None, None, 50), ["4r", "4r", "4D"], ["4%3r"]),
        ((None, None, None), ["4%3r"], ["4%3r"]),
    ],
)
def test_a_rest_stands_where_the_melody_was(pitches, bass, treble):
    melody = Melody.of([(pitch, 1) for pitch in pitches], time_signature="3/4")
    assert (cells(melody, 0), cells(melody, 1)) == (bass, treble)


def test_a_tie_joins_two_heads_of_one_staff():
    picture = svg(Melody.of([(67, 5), (50, 3)], time_signature="4/4"), grand_staff=True)
    assert picture.count('class="tie"') == 1
    assert list(map(numbers, staves(picture))) == [[0, 1], [2]]


@pytest.mark.parametrize(
    "pitches, beams",
    [
        ((60, 62, 64, 65), [2, 0]),
        ((60, 62, 50, 52), [1, 1]),
        ((60, 50, 64, 52), [0, 0]),
    ],
)
def test_a_beam_does_not_run_over_a_gap(pitches, beams):
    melody = Melody.of([(pitch, 0.5) for pitch in pitches], time_signature="2/4")
    assert [sum(count(staff, "beam")) for staff in staves(svg(melody, grand_staff=True))] == beams
    sixteenths = Melody.of([(pitch, 0.25) for pitch in (60, 50, 64, 65)], time_signature="1/4")
    assert [sum(count(staff, "beam")) for staff in staves(svg(sixteenths, grand_staff=True))] == [1, 0]


def test_a_tuplet_in_two_staves_shows_its_rests():
    shared = Melody.of([(60, "1/3"), (59, "1/3"), (60, "1/3"), (62, 1)], time_signature="2/4")
    alone = Melody.of([(60, "1/3"), (62, "1/3"), (60, "1/3"), (50, 1)], time_signature="2/4")
    assert [count(staff, "rest") for staff in staves(svg(shared, grand_staff=True))] == [[1], [2]]
    assert [sum(count(staff, "tuplet")) for staff in staves(svg(shared, grand_staff=True))] == [1, 1]
    assert [sum(count(staff, "tuplet")) for staff in staves(svg(alone, grand_staff=True))] == [1, 0]


def test_without_bar_lines_both_staves_are_cut_at_the_same_places():
    melody = Melody.of([(66, 1), (54, 0.5), (56, 0.5), (70, 2)] * 12, key="G major")
    picture = svg(melody, grand_staff=True)
    assert picture.count('class="system"') > 1 and 'class="mRest"' not in picture
    lines = printable_kern(melody, grand_staff=True).splitlines()
    assert "=-\t=-" in lines and "4f#X\t" not in lines


def test_it_says_that_there_are_two_staves():
    assert describe(JIG, grand_staff=True).startswith("Score on two staves: 10 notes from G3 to E4")
    assert (
        ET.fromstring(svg(JIG.replace(title="Jig"), grand_staff=True))
        .get("aria-label")
        .startswith("Score of Jig on two staves: ")
    )


DURATIONS = ["1/4", "1/3", "1/2", "2/3", "3/4", "1", "5/4", "3/2", "3"]
NOTES = st.lists(
    st.tuples(st.sampled_from([None, 48, 59, 60, 61, 72]), st.sampled_from(DURATIONS).map(Fraction)), min_size=1
)


@settings(deadline=None, max_examples=80)
@given(NOTES, st.sampled_from([(None, 0), ("4/4", 0), ("3/4", 1), ("6/8", "5/2"), ("5/8", "1/2"), ("2/2", "1/3")]))
def test_both_spines_keep_time(notes, frame):
    """Each spine lasts as long as the melody, bar by bar, and the two together have its notes at their times."""
    melody = Melody.of(notes, time_signature=frame[0], upbeat=frame[1])
    lines = printable_kern(melody, grand_staff=True).splitlines()
    assert {line.count("\t") for line in lines[1:]} == {1}
    starts = []
    now = Fraction(0)
    for is_music, group in itertools.groupby(lines, key=lambda line: line[0] not in "*!="):
        if is_music:
            symbols = read_symbols("\n".join(group))
            lengths = [sum(s.duration for s in symbols if s.field == field) for field in (1, 2)]
            assert lengths[0] == lengths[1]
            starts += [(now + s.onset, s.pitch) for s in symbols if s.pitch is not None]
            now += lengths[0]
    assert now == melody.duration
    one = [(s.onset, s.pitch) for s in read_symbols(printable_kern(melody)) if s.pitch is not None]
    assert sorted(starts, key=lambda pair: pair[0]) == one


@settings(deadline=None, max_examples=20)
@given(NOTES, st.sampled_from([(None, 0), ("4/4", 0), ("3/4", 1), ("6/8", "5/2"), ("5/8", "1/2")]))
def test_no_note_is_lost(notes, frame):
    melody = Melody.of(notes, time_signature=frame[0], upbeat=frame[1], key="D major")
    drawn = engrave(melody, grand_staff=True)
    assert drawn.svg.count("data-note=") == len(drawn.times) == len(timemap(melody))
