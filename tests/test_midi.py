"""MIDI files read: which voice, one line of it, the grid, bars and upbeats, there and back, and bad input."""

from __future__ import annotations

import io
import struct
import time
import warnings
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import mido
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import converter

from melodies import TWELFTH, melodies, one_clear_line, rests_joined, sounds
from tunesmith.music.draft import Parsed, SongError
from tunesmith.music.kern import kern_text, parse_kern
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody, Note, bar_length
from tunesmith.music.midi import DEFAULT_TEMPO, midi_bytes, parse_midi

SONGS = sorted((Path(__file__).resolve().parent.parent / "data" / "songs").glob("*.krn"))
TUNE = [(60, 0, 1), (62, 1, 2), (64, 2, 3), (65, 3, 4), (67, 4, 6)]  # pitch, start, end
METRE, KEY = "3/4", "C"


def signature(text, at=0):
    beats, unit = map(int, text.split("/"))
    return (at, mido.MetaMessage("time_signature", numerator=beats, denominator=unit))


def voice(notes, channel=1):
    """Events of notes (pitch, start, end), in quarters."""
    return [
        event
        for pitch, start, end in notes
        for event in (
            (start, mido.Message("note_on", note=pitch, velocity=64, channel=channel - 1)),
            (end, mido.Message("note_off", note=pitch, channel=channel - 1)),
        )
    ]


def track(*events, name=""):
    return ([(0, mido.MetaMessage("track_name", name=name))] if name else []) + [e for group in events for e in group]


def midi(*tracks, kind=1, ticks=480):
    """A file of tracks of events (time in quarters, message); ends come before starts at the same time."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for events in tracks:
        now, row = 0, mido.MidiTrack()
        for at, message in sorted(events, key=lambda event: (round(event[0] * ticks), event[1].type == "note_on")):
            row.append(message.copy(time=round(at * ticks) - now))
            now = round(at * ticks)
        file.tracks.append(row)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


HEAD = [signature(METRE), (0, mido.MetaMessage("key_signature", key=KEY))]


def one(notes, *more, **options):
    """What is read of a single voice in 3/4, C major."""
    return parse_midi(midi(HEAD + voice(notes) + list(more), kind=0), "tune.mid", **options)


def heard(parsed):
    """Pitch, onset, duration."""
    return [(pitch, float(at), float(length)) for pitch, at, length in sounds(parsed.melody)]


# --- there and back -----------------------------------------------------------------------------


def what_midi_keeps(melody: Melody) -> Melody:
    """The melody without what a MIDI file cannot hold."""
    notes = list(rests_joined(melody).notes)
    if notes[-1].pitch is None:  # it ends with the last note
        notes.pop()
    upbeat = melody.upbeat
    if (upbeat * 16).denominator != 1:  # no whole number of 64th notes: no time signature says it
        upbeat = Fraction(0)
    if melody.time_signature and notes[0].pitch is None:  # silent bars at the start
        silence = notes.pop(0).duration
        if silence >= upbeat:
            silence, upbeat = (silence - upbeat) % bar_length(melody.time_signature), Fraction(0)
        if silence:
            notes.insert(0, Note(None, silence))
    key = melody.key
    if key.mode not in ("major", "minor"):  # the signature stays
        (key,) = (
            k
            for k in map(Key, ["C", "G", "D", "A", "E", "B", "F#", "C#", "F", "Bb", "Eb", "Ab", "Db", "Gb", "Cb"])
            if k.signature == key.signature
        )
    # A file without a tempo is played at MIDI's own, so that one is written.
    return melody.replace(notes=tuple(notes), upbeat=upbeat, key=key, tempo=melody.tempo or DEFAULT_TEMPO)


@given(melodies() | melodies(step=TWELFTH) | melodies(step=Fraction(1, 24)))
def test_a_melody_there_and_back(melody):
    parsed = parse_midi(midi_bytes(melody))
    kept = what_midi_keeps(melody)
    assert parsed.melody == kept
    assert parsed.written == parse_kern(kern_text(kept)).written
    assert all(remark.startswith("silent bars at the start dropped: ") for remark in parsed.remarks)


@pytest.mark.parametrize("path", SONGS, ids=lambda path: path.stem)
def test_our_songs_there_and_back(path):
    song = parse_kern(path.read_text(encoding="utf-8")).melody
    parsed = parse_midi(midi_bytes(song), path.name)
    assert parsed.melody == what_midi_keeps(song)
    assert parsed.written == parse_kern(kern_text(song)).written
    assert parsed.remarks == ()
    assert (parsed.melody.title, parsed.melody.source) == (song.title, path.name)


@given(melodies() | melodies(step=TWELFTH))
def test_ties_and_rests_are_whole_again(melody):
    """Neither bar lines nor printable values leave a trace in the notes."""
    notes = parse_midi(midi_bytes(melody)).melody.notes
    assert not any(a.pitch is None and b.pitch is None for a, b in pairwise(notes))


@pytest.mark.parametrize(
    "metre, upbeat, written",
    [("3/4", 1, "1/4"), ("6/8", "1/2", "1/8"), ("4/4", 2, "2/4"), ("4/4", "5/4", "5/16"), ("2/2", "1/16", "1/64")],
)
def test_an_upbeat_is_a_short_bar(metre, upbeat, written):
    melody = Melody.of([(60, upbeat), (62, 8)], time_signature=metre, upbeat=upbeat, key="C major")
    (row,) = mido.MidiFile(file=io.BytesIO(midi_bytes(melody))).tracks
    found, now = [], 0
    for message in row:
        now += message.time
        if message.type == "time_signature":
            found.append((Fraction(now, 480), f"{message.numerator}/{message.denominator}"))
    assert found == [(0, written), (melody.upbeat, metre)]
    assert parse_midi(midi_bytes(melody)).melody.upbeat == melody.upbeat


def test_an_upbeat_that_no_time_signature_says_is_lost():
    melody = Melody.of([(60, "1/3"), (62, 3)], time_signature="3/4", upbeat="1/3", key="C major", tempo=100)
    assert parse_midi(midi_bytes(melody)).melody == melody.replace(upbeat=0)


@pytest.mark.parametrize("key", ["A minor", "F# minor", "Ab minor", "C minor", "Cb major", "G major"])
def test_major_and_minor_keys_are_kept(key):
    melody = Melody.of([(60, 1)], key=key)
    assert parse_midi(midi_bytes(melody)).melody.key == Key.parse(key)


def test_of_other_modes_the_signature_is_kept():
    assert parse_midi(midi_bytes(Melody.of([(62, 1)], key="D dorian"))).melody.key == Key("C")


# --- which voice --------------------------------------------------------------------------------


def chords(low, channel=1):
    return voice([(low, 0, 3), (low + 4, 0, 3), (low, 3, 6), (low + 7, 3, 6)], channel)


def test_the_highest_voice_is_the_melody_and_the_choice_is_said():
    parsed = parse_midi(midi(HEAD, chords(48), track(voice(TUNE, 3), name="Flute"), voice([(76, 0, 6)], 10)))
    assert parsed.melody.pitches == (60, 62, 64, 65, 67)
    assert parsed.remarks == (
        'melody taken from track 3 "Flute", channel 3, of 2 voices: it lies highest (choose with track= and channel=)',
    )


def test_the_mean_pitch_is_weighted_by_duration():
    high_once = [(90, 0, Fraction(1, 4)), (50, 1, 6)]
    assert parse_midi(midi(HEAD, voice(high_once), voice(TUNE, 2))).melody.pitches == (60, 62, 64, 65, 67)


def test_a_voice_that_hardly_sounds_is_not_the_melody():
    bell = [(100, 0, 1)]
    assert parse_midi(midi(HEAD, voice(bell), voice(TUNE, 2))).melody.pitches[0] == 60
    assert parse_midi(midi(HEAD, voice([(100, 0, 2)]), voice(TUNE, 2))).melody.pitches == (100,)


def test_time_sounding_counts_a_chord_once():
    """Three notes at once are no three times the time: the melody still sounds for a third of it."""
    thick = [(pitch, 0, 6) for pitch in (36, 40, 43, 48)]
    assert parse_midi(midi(HEAD, voice(thick), voice([(72, 0, 2)], 2))).melody.pitches == (72,)


@pytest.mark.parametrize(
    "name", ["Melody", "MELODIE", "Lead Synth", "Vocals", "vocal", "Voice 1", "Solo Violin", "Soprano", "Vox"]
)
def test_a_name_says_where_the_melody_is(name):
    parsed = parse_midi(midi(HEAD, chords(84), track(voice(TUNE, 2), name=name)))
    assert parsed.melody.pitches == (60, 62, 64, 65, 67)
    assert f'track 3 "{name}", channel 2, of 2 voices: its name says so' in parsed.remarks[0]


@pytest.mark.parametrize("name", ["Misleading", "Pleading strings", "Solomon", "Strings"])
def test_other_names_say_nothing(name):
    assert parse_midi(midi(HEAD, chords(84), track(voice(TUNE, 2), name=name))).melody.pitches[0] > 80


def test_the_surest_name_wins():
    parsed = parse_midi(midi(track(chords(84), name="Backing vocals"), track(voice(TUNE, 2), name="Lead vocals")))
    assert parsed.melody.pitches == (60, 62, 64, 65, 67)


def test_voices_of_one_track_are_its_channels():
    both = midi(HEAD + chords(48, 1) + voice(TUNE, 2), kind=0)
    parsed = parse_midi(both)
    assert parsed.melody.pitches == (60, 62, 64, 65, 67)
    assert parsed.remarks[0].startswith("melody taken from track 1, channel 2, of 2 voices")
    assert parse_midi(both, channel=1).melody.pitches == (52, 55)
    assert parse_midi(both, channel=1).remarks == ("chords cut down to one note: 2",)
    assert parse_midi(both, track=1).remarks == parsed.remarks


def test_a_track_can_be_chosen():
    file = midi(HEAD, chords(48), voice(TUNE, 2))
    assert parse_midi(file, track=2).melody.pitches == (52, 55)
    assert parse_midi(file, track=3, channel=2).melody.pitches == (60, 62, 64, 65, 67)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"track": 1}, "no notes in track 1; there are some in track 2, channel 1; track 3, channel 2"),
        ({"track": 9}, "no notes in track 9;"),
        ({"channel": 7}, "no notes in channel 7;"),
        ({"track": 2, "channel": 2}, "no notes in track 2 and channel 2;"),
        ({"channel": 10}, "no notes in channel 10;"),
    ],
)
def test_a_voice_that_is_not_there(options, words):
    with pytest.raises(SongError) as error:
        parse_midi(midi(HEAD, chords(48), voice(TUNE, 2) + voice([(40, 0, 1)], 10)), "tune.mid", **options)
    one_clear_line(error.value, "tune.mid", words)
    assert error.value.cause == "voices"


def test_an_error_with_many_long_names_is_short():
    rows = [track(voice(TUNE), name="A very long name " * 20) for _ in range(50)]
    with pytest.raises(SongError) as error:
        parse_midi(midi(*rows), track=99)
    one_clear_line(error.value, "and 46 more")


def test_drums_are_no_melody():
    parsed = parse_midi(midi(HEAD, voice(TUNE), voice([(100, i, i + 1) for i in range(6)], 10)))
    assert parsed.melody.pitches == (60, 62, 64, 65, 67)
    assert parsed.remarks == ()


def test_of_separate_patterns_the_first_with_notes():
    file = midi(track(name="empty"), track(HEAD, voice(TUNE), name="A"), track(voice([(72, 0, 2)]), name="B"), kind=2)
    parsed = parse_midi(file)
    assert (parsed.melody.pitches, parsed.melody.title) == ((60, 62, 64, 65, 67), "A")
    assert parsed.remarks == ("MIDI type 2, 2 separate patterns: only the first is read (choose with track=)",)
    other = parse_midi(file, track=3)
    assert (other.melody.pitches, other.melody.title, other.melody.time_signature) == ((72,), "B", None)
    with pytest.raises(SongError, match="no notes in track 1; there are some in track 2"):
        parse_midi(file, track=1)


# --- one line -----------------------------------------------------------------------------------


def test_of_a_chord_the_highest_note():
    parsed = one([(60, 0, 1), (64, 0, 1), (67, 0, 1), (65, 1, 3), (53, 1, 3)])
    assert heard(parsed) == [(67, 0, 1), (65, 1, 2)]
    assert parsed.remarks == ("chords cut down to one note: 2",)


def test_a_higher_note_ends_the_one_before():
    parsed = one([(60, 0, 3), (67, 1, 3)])
    assert heard(parsed) == [(60, 0, 1), (67, 1, 2)]
    assert parsed.remarks == ("overlapping notes cut: 1",)


def test_legato_is_cut():
    parsed = one([(67, 0, 1.25), (60, 1, 3)])
    assert heard(parsed) == [(67, 0, 1), (60, 1, 2)]
    assert parsed.remarks == ("overlapping notes cut: 1",)


def test_what_starts_below_a_long_note_is_accompaniment():
    parsed = one([(67, 0, 3), (55, 1, 2), (52, 1, 2), (55, 2, 3), (65, 3, 4)])
    assert heard(parsed) == [(67, 0, 3), (65, 3, 1)]
    assert parsed.remarks == ("notes under the melody dropped: 3",)


def test_velocity_0_is_an_end():
    on = mido.Message("note_on", note=60, velocity=64)
    parsed = parse_midi(midi([*HEAD, (0, on), (1, on.copy(velocity=0)), (2, on), (3, on.copy(velocity=0))]))
    assert heard(parsed) == [(60, 0, 1), (60, 2, 1)]


def on_off(*events):
    """Events of one pitch: a time for a start, a negative one for an end; the track ends at 8."""
    row = mido.MidiTrack([m for _, m in HEAD])
    now = 0
    for event in events:
        row.append(mido.Message("note_off" if event < 0 else "note_on", note=60, time=round(abs(event) * 480) - now))
        now = round(abs(event) * 480)
    row.append(mido.MetaMessage("end_of_track", time=8 * 480 - now))
    file = mido.MidiFile(type=0, ticks_per_beat=480, tracks=[row])
    buffer = io.BytesIO()
    file.save(file=buffer)
    return parse_midi(buffer.getvalue())


@pytest.mark.parametrize(
    "events, expected, endless",
    [
        ((0, -1, 2), [(60, 0, 1), (None, 1, 1), (60, 2, 6)], 1),  # the end of the track
        ((0, 2, -3), [(60, 0, 2), (60, 2, 1)], 1),  # the next of that pitch
        ((0, 1, -1.01, -2), [(60, 0, 1), (60, 1, 1)], 0),  # struck again while it sounds: the late end is the first's
        ((0, 1, -1.01, 2, -2.01, -3), [(60, 0, 1), (60, 1, 1), (60, 2, 1)], 0),
        ((0, 1, -1, -2), [(60, 0, 1), (60, 1, 1)], 0),  # start before end at the same time
        ((0, 0, -1, -1), [(60, 0, 1)], 0),  # struck twice at once
        ((-1, 2, -3, -4), [(None, 0, 2), (60, 2, 1)], 0),  # ends of nothing
    ],
)
def test_starts_and_ends(events, expected, endless):
    parsed = on_off(*events)
    notes = [(n.pitch, float(at), float(n.duration)) for n, at in zip(parsed.melody.notes, parsed.melody.onsets)]
    assert notes == expected
    said = (f"notes without an end, cut at the next of their pitch or the track's: {endless}",)
    assert parsed.remarks == (said if endless else ())


# --- the grid -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ticks", [24, 96, 120, 384, 480, 960])
def test_exact_times_stay(ticks):
    notes = [(60, 0, "1/8"), (62, "1/8", "1/4"), (64, "1/4", "5/12"), (65, "5/12", 1), (67, "31/24", 3)]
    exact = [(pitch, Fraction(start), Fraction(end)) for pitch, start, end in notes]
    parsed = parse_midi(midi(HEAD + voice(exact), kind=0, ticks=ticks))
    assert sounds(parsed.melody) == [(pitch, start, end - start) for pitch, start, end in exact]
    assert parsed.remarks == ()


def test_thirds_in_ticks_that_have_none_are_exact():
    """1,024 ticks a quarter hold no third: the nearest tick is meant, and a 32nd beside it stays."""
    thirds = [(60 + i, Fraction(i, 3), Fraction(i + 1, 3)) for i in range(6)] + [(70, 2, Fraction(17, 8))]
    parsed = parse_midi(midi(HEAD + voice(thirds), kind=0, ticks=1024))
    assert [note.duration for note in parsed.melody.notes] == [Fraction(1, 3)] * 6 + [Fraction(1, 8)]
    assert parsed.remarks == ()


def test_played_times_go_to_the_grid_and_the_error_is_said():
    played = [(60, 0.02, 0.98), (62, 1.0, 1.46), (64, 1.52, 1.98), (65, 1.98, 2.95), (67, 3.01, 6.02)]
    parsed = one(played)
    assert heard(parsed) == [(60, 0, 1), (62, 1, 0.5), (64, 1.5, 0.5), (65, 2, 1), (67, 3, 3)]
    closed, moved = parsed.remarks
    assert closed == "short gaps closed: 4"
    assert moved == "times moved to the grid: at most 0.021 quarters, 0.016 on average"


def test_sixteenths_and_triplets_are_told_apart_beat_by_beat():
    """0.29 is nearer to a third than to a quarter; the other starts of its beat say sixteenths."""
    played = [0, 0.29, 0.5, 0.75, 1.01, 1.34, 1.65, 2.01]
    parsed = one([(60 + i, at, after) for i, (at, after) in enumerate(zip(played, [*played[1:], 3]))])
    quarter, third = Fraction(1, 4), Fraction(1, 3)
    assert [note.duration for note in parsed.melody.notes] == [quarter] * 4 + [third] * 3 + [1]


@pytest.mark.parametrize("gate", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("step", [Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), 1, 2, 3, 4, 6])
def test_exact_starts_with_early_releases(gate, step):
    """As notation programs write them: each note ends a little before the next, the last one too."""
    lengths = [step, step, 1, step, 2, Fraction(1, 4), Fraction(3, 4), 3]
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    gated = [(60 + i, at, at + length * gate) for i, (at, length) in enumerate(zip(starts, lengths))]
    assert [note.duration for note in one(gated).melody.notes] == lengths
    with_rests = [note for i, note in enumerate(gated) if i not in (2, 4)]
    assert sounds(one(with_rests).melody) == [
        (60 + i, starts[i], length) for i, length in enumerate(lengths) if i not in (2, 4)
    ]


@pytest.mark.parametrize("early", [1, 10, 30, 48])
def test_exact_starts_released_by_the_same_ticks(early):
    notes = [(60, 0, 1), (62, 1, 3), (64, 3, 3.5), (65, 3.5, 4), (67, 4, 5), (69, 5.75, 8.75)]
    parsed = one([(pitch, start, end - early / 480) for pitch, start, end in notes])
    assert heard(parsed) == [(pitch, start, end - start) for pitch, start, end in notes]


def test_an_exact_end_among_early_ones_stays():
    notes = [(60, 0, 0.95), (62, 1, 1.95), (64, 2, 2.95), (65, 3, 3.95), (67, 4, 7)]
    assert heard(one(notes))[-1] == (67, 4, 3)


def test_a_short_gap_is_closed_a_real_rest_stays():
    parsed = one([(60, 0, 0.8), (62, 1, 1.7), (64, 2, 2.95)])
    assert heard(parsed) == [(60, 0, 1), (62, 1, 0.75), (64, 2, 1)]
    assert parsed.remarks[0] == "short gaps closed: 1"


def test_no_note_is_shorter_than_the_grid():
    parsed = one([(60, 0.01, 0.05), (62, 2.01, 2.06), (64, 4 + 0.34, 4 + 0.36)])
    assert [(n.pitch, n.duration) for n in parsed.melody.notes if n.pitch] == [
        (60, Fraction(1, 4)),
        (62, Fraction(1, 4)),
        (64, Fraction(1, 3)),
    ]


def test_ornaments_too_fast_for_the_grid_leave_the_longest():
    parsed = one([(72, 0.01, 0.05), (71, 0.06, 1), (67, 1.03, 3)])
    assert heard(parsed) == [(71, 0, 1), (67, 1, 2)]
    assert "notes too short for the grid dropped: 1" in parsed.remarks


@pytest.mark.parametrize(
    "grid, lengths",
    [(0.25, [0.5, 0.5, 2]), (1, [1, 2]), ("1/12", ["5/12", "7/12", 2]), (Fraction(1, 2), [0.5, 0.5, 2])],
)
def test_a_grid_can_be_forced(grid, lengths):
    parsed = one([(60, 0, 0.4), (62, 0.4, 1), (64, 1, 3)], grid=grid)
    assert [note.duration for note in parsed.melody.notes] == [Fraction(length) for length in lengths]
    assert any("times moved to the grid" in remark for remark in parsed.remarks)


def test_a_forced_grid_that_fits_moves_nothing():
    assert one(TUNE, grid=1).remarks == ()


@pytest.mark.parametrize("grid", [0, -1, 5, "quarter", 0.3333])
def test_a_grid_that_is_none(grid):
    with pytest.raises(ValueError) as error:
        one(TUNE, grid=grid)
    one_clear_line(error.value)


@given(
    st.lists(st.tuples(st.integers(40, 80), st.integers(0, 4000), st.integers(1, 2000)), min_size=1, max_size=30),
    st.sampled_from([None, Fraction(1, 4), Fraction(1, 3), 1]),
    st.sampled_from([48, 100, 480]),
)
def test_whatever_is_played_ends_up_on_the_grid(played, grid, ticks):
    parsed = parse_midi(
        midi(voice([(p, Fraction(s, ticks), Fraction(s + d, ticks)) for p, s, d in played]), ticks=ticks), grid=grid
    )
    for at, note in zip(parsed.melody.onsets, parsed.melody.notes):
        for value in (at, note.duration) if grid else (at * 24,):
            assert (value / (grid or 1)).denominator == 1


# --- bars, metre, key, tempo, title -----------------------------------------------------------------


def test_silent_bars_are_dropped_the_rest_of_the_silence_stays():
    parsed = one([(60, 7, 8), (62, 8, 9), (64, 9, 12)])
    assert heard(parsed) == [(60, 1, 1), (62, 2, 1), (64, 3, 3)]
    assert parsed.remarks == ("silent bars at the start dropped: 2",)


def test_a_count_in_under_another_metre_is_dropped():
    head = [signature("4/4"), signature("3/4", 8)]
    parsed = parse_midi(midi(head + voice([(60, 11, 12), (62, 12, 14)])))
    assert heard(parsed) == [(60, 0, 1), (62, 1, 2)]
    assert parsed.melody.time_signature == "3/4"
    assert parsed.remarks[0] == "silent bars at the start dropped: 3"


def test_without_a_time_signature_there_are_no_bars():
    parsed = parse_midi(midi(voice([(60, 9, 10)])))
    assert (parsed.melody.time_signature, parsed.melody.onsets) == (None, (0, 9))
    assert parsed.remarks == (f"no key named: {parsed.melody.key} estimated",)


def test_a_changing_metre_is_refused():
    with pytest.raises(SongError, match="3/4 to 4/4") as error:
        one(TUNE, signature("4/4", 4))
    one_clear_line(error.value, "tune.mid")
    assert error.value.cause == "metre"


@pytest.mark.parametrize("more", [[signature("3/4", 3)], [signature("4/4", 6)], [signature("4/4"), signature("3/4")]])
def test_no_change_of_metre(more):
    """The same again, one after the end, and one that is replaced at once."""
    assert one(TUNE, *more).melody.time_signature == "3/4"


def test_an_upbeat_as_notation_programs_write_it():
    head = [signature("1/4"), signature("3/4", 1)]
    parsed = parse_midi(midi(head, voice([(60, 0, 1), (62, 1, 4), (64, 4, 6)])))
    assert (parsed.melody.time_signature, parsed.melody.upbeat) == ("3/4", 1)
    assert parsed.written == {1: 0, 3: 1, 2: 2}


def test_a_short_first_bar_that_is_no_upbeat():
    with pytest.raises(SongError, match="3/4 to 2/4"):
        parse_midi(midi([signature("3/4"), signature("2/4", 3)], voice(TUNE)))
    with pytest.raises(SongError, match="1/4 to 3/4"):
        parse_midi(midi([signature("1/4"), signature("3/4", 2)], voice(TUNE)))


def test_the_first_tempo_and_key_are_kept():
    tempos = [(0, mido.MetaMessage("set_tempo", tempo=545455)), (3, mido.MetaMessage("set_tempo", tempo=600000))]
    parsed = one(TUNE, *tempos, (3, mido.MetaMessage("key_signature", key="Am")))
    assert (parsed.melody.tempo, parsed.melody.key) == (110, Key("C"))
    assert parsed.remarks == (
        "the tempo changes: the first is kept, 110 quarters a minute",
        "the key changes: the first is kept, C major",
    )
    assert one(TUNE, tempos[0], (3, tempos[0][1])).remarks == ()


def test_a_tempo_without_sense_is_passed_over():
    assert one(TUNE, (0, mido.MetaMessage("set_tempo", tempo=0))).melody.tempo is None


@pytest.mark.parametrize(
    "tracks, kind, title",
    [
        ([track(HEAD, voice(TUNE), name="Flute tune")], 0, "Flute tune"),
        ([track(HEAD, name="My song"), track(voice(TUNE), name="Flute")], 1, "My song"),
        ([track(HEAD, voice(TUNE), name="Flute")], 1, ""),
        ([track(HEAD, voice(TUNE, 10), name="Kit"), voice(TUNE)], 1, ""),
        ([track(HEAD, voice(TUNE), name="Alle V\u00f6gel")], 0, "Alle Vögel"),
        ([track(HEAD, voice(TUNE), name="Ода".encode().decode("latin-1"))], 0, "Ода"),
        ([track(HEAD, voice(TUNE), name=" two\nlines\0")], 0, "two lines"),
    ],
)
def test_titles(tracks, kind, title):
    assert parse_midi(midi(*tracks, kind=kind)).melody.title == title


# --- as others read it ------------------------------------------------------------------------------


def by_music21(content):
    """Pitch, onset, duration of all notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flat = converter.parseData(content, format="midi").stripTies().flatten().notes
    return sorted((n.pitch.midi, Fraction(n.offset), Fraction(n.quarterLength)) for n in flat)


def by_pretty_midi(content):
    """Pitch, onset, end in quarters, of a file at 120 quarters a minute."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (instrument,) = pretty_midi.PrettyMIDI(io.BytesIO(content)).instruments
    return [(n.pitch, pytest.approx(n.start * 2), pytest.approx(n.end * 2)) for n in instrument.notes]


@pytest.mark.parametrize("path", SONGS[::2], ids=lambda path: path.stem)
def test_our_songs_as_others_read_them(path):
    song = parse_kern(path.read_text(encoding="utf-8")).melody.replace(tempo=120)
    content = midi_bytes(song)
    ours = sounds(parse_midi(content).melody)
    assert [(pitch, at, at + length) for pitch, at, length in ours] == by_pretty_midi(content)
    assert sorted(ours) == by_music21(content)


@pytest.mark.parametrize("ticks", [96, 480, 1024])
@pytest.mark.parametrize("step", [Fraction(1, 4), Fraction(1, 3), Fraction(1, 2)])
def test_files_of_type_1_as_others_read_them(ticks, step):
    notes = [(60 + 5 * i % 12, 2 * i * step, (2 * i + 1 + i % 2) * step) for i in range(9)]
    content = midi(HEAD, voice(notes), ticks=ticks)
    ours = sounds(parse_midi(content).melody)
    assert ours == [(pitch, start, end - start) for pitch, start, end in notes]
    assert sorted(ours) == by_music21(content)
    theirs = [(pitch, pytest.approx(float(at), abs=0.6 / ticks)) for pitch, at, _ in ours]
    assert [(pitch, start.expected) for pitch, start, _ in by_pretty_midi(content)] == theirs


# --- bad input ---------------------------------------------------------------------------------------

GOOD = midi(HEAD, track(voice(TUNE), name="Tune"))


def raw(events, kind=0, ticks=480, tracks=1):
    """A file of one track of these bytes."""
    end = b"\x00\xff\x2f\x00"
    header = struct.pack(">4sLHHH", b"MThd", 6, kind, tracks, ticks)
    return header + struct.pack(">4sL", b"MTrk", len(events + end)) + events + end


NOTES = b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x00"  # middle C, one quarter


@pytest.mark.parametrize(
    "content, words, cause",
    [
        (b"", "the file is empty", "empty file"),
        (b"!!!OTL: a Kern file", "not a MIDI file", "not MIDI"),
        (b"MThd", "cut off in its header", "truncated"),
        (GOOD[:30], "cut off", "truncated"),
        (GOOD[:-5], "cut off", "truncated"),
        (raw(NOTES, tracks=2), "cut off", "truncated"),
        (raw(b""), "no note", "no notes"),
        (raw(b"", tracks=0), "no note", "no notes"),
        (raw(b"\x00\x90\x3c\x40\x00\x80\x3c\x00"), "no note", "no notes"),  # one that lasts no time
        (midi(HEAD, voice(TUNE, 10)), "drums only (channel 10)", "only drums"),
        (raw(NOTES, ticks=0xE728), "SMPTE", "time division"),
        (raw(NOTES, ticks=0), "0 ticks", "time division"),
        (raw(NOTES, kind=3), "type 0, 1 or 2, not 3", "broken file"),
        (raw(b"\xff\xff\xff\x7f" + NOTES[1:], ticks=1), "10,000 quarter notes", "times"),
        (raw(NOTES[:4] + b"\xff\xff\xff\x7f\xff\x01\x00", ticks=1), "10,000 quarter notes", "times"),
        (raw(b"\xff" * 5000 + NOTES), "mido", "broken file"),
        (raw(b"\x00\xf4" + NOTES), "mido", "broken file"),
        (raw(b"\x00\xff\x51\x01\x00" + NOTES), "mido", "broken file"),
        (raw(b"\x00\xff\x54\x05\xff\x00\x00\x00\x00" + NOTES), "mido", "broken file"),
        (raw(b"\x00\xf0\x02\xff\xf7" + NOTES), "mido", "broken file"),
        (raw(b"\x00\x3c\x40"), "mido", "broken file"),
        (GOOD.replace(b"MTrk", b"XTrk"), "mido", "broken file"),
        (raw(b"\x00\xff\x58\x04\x03\x09\x18\x08" + NOTES), "not a time signature", "broken header"),
        (raw(b"\x00\xff\x58\x04\x00\x02\x18\x08" + NOTES), "not a time signature", "broken header"),
        (raw(b"\x00\xff\x58\x04\x03\xc8\x18\x08" + NOTES), "not a time signature", "broken header"),
        (GOOD + bytes(1_000_000), "too many", "too large"),
        (raw(b"\x01\x90\x3c\x40\x01\x3c\x00" * 20_001), "track 1 has 20,001 notes, too many", "too large"),
    ],
)
def test_bad_input_is_one_clear_line(content, words, cause):
    with pytest.raises(SongError) as error:
        parse_midi(content, "tune.mid")
    one_clear_line(error.value, "tune.mid", words)
    assert error.value.cause == cause


def test_a_key_signature_that_is_none_is_passed_over():
    parsed = parse_midi(raw(b"\x00\xff\x59\x02\x09\x00" + NOTES))
    assert parsed.melody.notes == (Note(60, 1),)
    assert parsed.remarks[0] == "a key signature that is none passed over"
    assert parse_midi(raw(b"\x00\xff\x59\x02\x00\x02\x00\xff\x59\x02\xfe\x01" + NOTES)).melody.key == Key("G", "minor")


@pytest.mark.parametrize("kind", [0x08, 0x0A, 0x4B, 0x60, 0x7E, 0xC8])
def test_the_time_before_an_unknown_message_counts(kind):
    """mido forgets it."""
    parsed = parse_midi(raw(b"\x83\x60\xff" + bytes([kind]) + b"\x03abc" + NOTES))
    assert heard(parsed) == [(60, 1, 1)]


@given(st.binary(max_size=200))
def test_random_bytes(content):
    for start in (b"", b"MThd", GOOD[:14], raw(b"", tracks=1)[:18] + b"\x00\x00\x00\xff"):
        _song_or_error(start + content)


@given(
    st.sampled_from([GOOD, *(midi_bytes(parse_kern(path.read_text(encoding="utf-8")).melody) for path in SONGS[:3])]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    st.floats(0, 1),
    st.booleans(),
)
def test_files_with_wrong_and_missing_bytes(content, changes, length, cut):
    broken = bytearray(content)
    for place, byte in changes:
        broken[int(place * len(broken))] = byte
    _song_or_error(bytes(broken[: int(length * len(broken))] if cut else broken))


def _song_or_error(content):
    started = time.monotonic()
    try:
        parsed = parse_midi(content, "tune.mid")
    except SongError as error:
        one_clear_line(error, "tune.mid")
    else:
        assert isinstance(parsed, Parsed) and parsed.melody.pitches
        assert parsed.melody.duration <= 10_001
    assert time.monotonic() - started < 20
