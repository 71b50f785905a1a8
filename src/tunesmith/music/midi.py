"""MIDI files, read and written. Lessons 03 and 07.

What a file says stands in `midi_read`, how a voice becomes one line in `skyline`; here the line gets
its bars, and a melody its file.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from math import ceil, floor
from typing import TYPE_CHECKING, TypeVar

from tunesmith.music.draft import Draft, Parsed, SongError
from tunesmith.music.kern import printable_values
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody, Note, Written, bar_length, exact
from tunesmith.music.midi_read import Track, choose_voice, read_tracks
from tunesmith.music.skyline import Sound, one_line

if TYPE_CHECKING:
    import mido

T = TypeVar("T")

TICKS = 480  # a quarter note; 480 holds 16ths, 32nds and triplets exactly
DEFAULT_TEMPO = 120.0  # quarter notes a minute, for a melody that names none: MIDI's own default
VELOCITY = 80
_MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")


def parse_midi(
    content: bytes,
    source: str = "",
    *,
    track: int | None = None,
    channel: int | None = None,
    grid: Fraction | float | str | None = None,
) -> Parsed:
    """Read the melody of a MIDI file. Lesson 03.

    A voice is a channel in a track. Channel 10, the drums, is never read. The melody is in a track
    whose name says so (melody, then lead or solo, then vocal, voice, soprano, …). If several or none
    do: of those that sound for at least a third of the time that the longest-sounding one does, the
    voice that lies highest, by its mean pitch weighted by duration. A remark says what was chosen.
    Within the voice the top line is kept: the skyline of Alexandra Uitdenbogerd and Justin Zobel,
    "Manipulation of music for melody matching", ACM Multimedia 1998.

    Times that are multiples of 1/24 quarter stay. Otherwise all go to sixteenths and triplet eighths,
    gaps shorter than a sixteenth are closed, and a remark says how far times were moved. Silent bars
    at the start are dropped. A short first bar under a time signature of its own is an upbeat. A file
    of type 2 holds separate patterns: the first with notes is read.

    track, channel: choose the voice, both counted from 1. grid: in quarter notes (``0.25``, ``"1/12"``);
    all times go to its multiples. Raises SongError for what can't be read, has no melody or changes
    its metre, ValueError for a grid that is not above 0 and at most 4.
    """
    step = None if grid is None else exact(grid)
    if step is not None and not 0 < step <= 4:
        raise ValueError(f"a grid of {step} quarter notes is not above 0 and at most 4: write 0.25 or '1/12'")
    kind, tick, tracks, remarks = read_tracks(content, source)
    if kind == 2:
        tracks = _one_pattern(tracks, track, remarks)
    voice, choice = choose_voice(tracks, track, channel, source)
    line = one_line(voice.sounds, tick, step)
    draft = Draft(source, title=_title(kind, tracks), chords=line.chords, remarks=remarks + choice)
    if voice.endless:
        draft.remarks.append(f"notes without an end, cut at the next of their pitch or the track's: {voice.endless}")
    draft.remarks += line.remarks()
    try:
        _add_bars(line.sounds, _by_time(one.metres for one in tracks), draft)
    except ValueError as error:
        raise SongError(str(error), source=source, cause="broken header") from error
    _set_tempo(_by_time(one.tempos for one in tracks), draft)
    return draft.finish(*_key(_by_time(one.keys for one in tracks), draft))


def _one_pattern(tracks: list[Track], wanted: int | None, remarks: list[str]) -> list[Track]:
    """The pattern that is asked for, or the first with notes; all, if there is none such."""
    with_notes = [number for number, one in enumerate(tracks, 1) if one.voices]
    number = wanted if wanted is not None else next(iter(with_notes), None)
    if number not in with_notes:
        return tracks
    if wanted is None and len(with_notes) > 1:
        remarks.append(f"MIDI type 2, {len(with_notes)} separate patterns: only the first is read (choose with track=)")
    return [tracks[number - 1]]


def _title(kind: int, tracks: list[Track]) -> str:
    """The first track's name, where it names the piece and not a voice."""
    first = tracks[0]
    return first.name if kind != 1 or not (first.voices or first.drums) else ""


def _by_time(lists: Iterable[list[tuple[Fraction, T]]]) -> dict[Fraction, T]:
    """The events of all tracks in the order of their times; of several at the same time the last."""
    return dict(sorted((event for events in lists for event in events), key=lambda event: event[0]))


def _add_bars(sounds: list[Sound], metres: dict[Fraction, str], draft: Draft) -> None:
    """Give the draft the melody with its rests, cut as a score prints it, and its metre and upbeat."""
    start, draft.metres, draft.upbeat = _frame(metres, sounds[0].start, sounds[-1].end, draft)
    notes, now = [], start
    for sound in sounds:
        if sound.start > now:
            notes.append(Note(None, sound.start - now))
        notes.append(Note(sound.pitch, sound.end - sound.start))
        now = sound.end
    values = lru_cache(printable_values)
    before: Written | None = None
    for bar in Melody(tuple(notes), draft.metres[0] if draft.metres else None, draft.upbeat).bars():
        for part in bar:
            goes_on = before is not None and (before.tied or (before.pitch is None and part.pitch is None))
            first, *others = values(part.duration)
            if goes_on:
                draft.extend(first)
            else:
                draft.add(part.pitch, first)
            for value in others:
                draft.extend(value)
            before = part
        draft.end_bar()


def _frame(
    metres: dict[Fraction, str], begin: Fraction, end: Fraction, draft: Draft
) -> tuple[Fraction, list[str], Fraction]:
    """Where the melody's first bar starts, its metres, and its upbeat. begin, end: of what sounds.

    Whole silent bars at the start are left out, and said.
    """
    if not metres:
        return Fraction(0), [], Fraction(0)
    # Before the first time signature MIDI's own default holds. 1/48: a file's ticks may be rounded.
    changes = {Fraction(0): "4/4"} | {Fraction(round(time * 48), 48): metre for time, metre in metres.items()}
    spans = deque(next(run) for _, run in groupby(changes.items(), key=lambda change: change[1]))
    silent, upbeat = 0, Fraction(0)
    while len(spans) > 1 and spans[1][0] <= begin:
        start, metre = spans.popleft()
        silent += ceil((spans[0][0] - start) / bar_length(metre))
    start, metre = spans.popleft()
    if spans and spans[0][0] - start == bar_length(metre) < bar_length(spans[0][1]):
        upbeat = bar_length(metre)
        _, metre = spans.popleft()
    else:
        bars = floor(max(begin - start, 0) / bar_length(metre))
        silent += bars
        start += bars * bar_length(metre)
    if silent:
        draft.remarks.append(f"silent bars at the start dropped: {silent}")
    return min(start, begin), list(dict.fromkeys([metre, *(m for time, m in spans if time < end)])), upbeat


def _set_tempo(tempos: dict[Fraction, float], draft: Draft) -> None:
    if tempos:
        draft.tempo, *later = tempos.values()
        if any(tempo != draft.tempo for tempo in later):
            draft.remarks.append(f"the tempo changes: the first is kept, {draft.tempo:g} quarters a minute")


def _key(keys: dict[Fraction, str], draft: Draft) -> tuple[str | None, str | None]:
    """Tonic and mode of the first key: mido writes ``Am`` for A minor."""
    if not keys:
        return None, None
    name, *later = keys.values()
    tonic, mode = name.removesuffix("m"), "minor" if name.endswith("m") else "major"
    if any(other != name for other in later):
        draft.remarks.append(f"the key changes: the first is kept, {tonic} {mode}")
    return tonic, mode


def midi_bytes(melody: Melody, program: int = 0) -> bytes:
    """A melody as a MIDI file of type 0. Lesson 07.

    program: General MIDI instrument, 0 (piano) to 127. Onsets are exact to 1/480 of a quarter note.
    MIDI knows no rests: those between notes are gaps, a last one is lost. An upbeat is a short first
    bar with a time signature of its own, where it is a whole number of 64th notes, and else lost.
    Of modes other than major and minor the signature is written.
    """
    import mido

    events: list[tuple[int, mido.Message | mido.MetaMessage]] = []
    if melody.title:
        name = melody.title.encode("latin-1", "replace").decode("latin-1")
        events.append((0, mido.MetaMessage("track_name", name=name)))
    events.append((0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(melody.tempo or DEFAULT_TEMPO))))
    if melody.time_signature:
        if upbeat := _upbeat_signature(melody):
            events.append((0, _time_signature(upbeat)))
        events.append((round(melody.upbeat * TICKS) if upbeat else 0, _time_signature(melody.time_signature)))
    if melody.key and abs(melody.key.signature) <= 7:
        events.append((0, mido.MetaMessage("key_signature", key=_key_signature(melody.key))))
    events.append((0, mido.Message("program_change", program=program)))
    for onset, note in zip(melody.onsets, melody.notes, strict=True):
        if note.pitch is not None:
            start, end = round(onset * TICKS), round((onset + note.duration) * TICKS)
            events.append((start, mido.Message("note_on", note=note.pitch, velocity=VELOCITY)))
            events.append((end, mido.Message("note_off", note=note.pitch, velocity=0)))
    return _file(events)


def _file(events: list[tuple[int, mido.Message | mido.MetaMessage]]) -> bytes:
    """A file of one track. events: (tick, message); at the same tick their order stays."""
    import mido

    track = mido.MidiTrack()
    now = 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _time_signature(text: str) -> mido.MetaMessage:
    import mido

    beats, unit = map(int, text.split("/"))
    return mido.MetaMessage("time_signature", numerator=beats, denominator=unit)


def _upbeat_signature(melody: Melody) -> str | None:
    """The upbeat as a bar of its own: ``"1/4"`` in 3/4; None where there is none, or none can be written."""
    unit = int(melody.time_signature.partition("/")[2])
    while melody.upbeat and unit <= 64:
        beats = melody.upbeat * unit / 4
        if beats.denominator == 1 and beats < 100:
            return f"{beats}/{unit}"
        unit *= 2
    return None


def _key_signature(key: Key) -> str:
    """mido's name of a signature: 1 → G, −2 → Bb; in minor 1 → Em, −2 → Gm."""
    names = _MINOR if key.mode == "minor" else _MAJOR
    return names[key.signature + 7]
