"""What stands in a MIDI file: its voices, and what it says of metre, key and tempo. Lesson 03.

mido reads the bytes. Which voice is the melody is decided here; `skyline` makes one line of it.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from tunesmith.music.draft import LONGEST, MOST_NOTES, SongError
from tunesmith.music.skyline import Sound

if TYPE_CHECKING:
    import mido

LARGEST = 1_000_000  # bytes; a symphony takes less
DRUMS = 10  # the channel that General MIDI plays drums on, counted from 1

# What tracks with a melody are called, the surest first.
_NAMES = [
    re.compile(rf"\b({words})\b", re.IGNORECASE)
    for words in (r"melod\w*", r"lead|solo", r"vocals?|vox|voices?|sing(er|ing)|sopran\w*|cantus|gesang|chant")
]
_SHARE = Fraction(1, 3)  # of the longest-sounding voice's time, that a melody sounds at least
_NO_KEY = re.compile(rb"\xff\x59\x02(?![\xf9-\xff\x00-\x07][\x00\x01]).{2}", re.DOTALL)
_ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{1024}")


@dataclass
class Voice:
    """The sounds of one channel in one track, both counted from 1. endless: notes that no event ends."""

    track: int
    channel: int
    name: str
    sounds: list[Sound] = field(default_factory=list)
    endless: int = 0

    def __str__(self) -> str:
        name = f' "{self.name[:24]}"' if self.name else ""
        return f"track {self.track}{name}, channel {self.channel}"


@dataclass
class Track:
    """What a track holds. Times are in quarter notes from the beginning."""

    name: str = ""
    voices: list[Voice] = field(default_factory=list)
    drums: bool = False
    metres: list[tuple[Fraction, str]] = field(default_factory=list)
    keys: list[tuple[Fraction, str]] = field(default_factory=list)
    tempos: list[tuple[Fraction, float]] = field(default_factory=list)


def read_tracks(content: bytes, source: str) -> tuple[int, Fraction, list[Track], list[str]]:
    """The file's type (0, 1 or 2), the length of a tick in quarters, the tracks, and remarks. Raises SongError."""
    _check_header(content, source)
    file, remarks = _load(content, source)
    if file.type not in (0, 1, 2):
        raise SongError(f"MIDI files have type 0, 1 or 2, not {file.type}", source=source)
    ticks = file.ticks_per_beat
    tracks = [_track(track, number, ticks, source) for number, track in enumerate(file.tracks, 1)]
    return file.type, Fraction(1, ticks), tracks, remarks


def _check_header(content: bytes, source: str) -> None:
    """What mido would trip over or take for good."""
    if not content:
        raise SongError("the file is empty", source=source, cause="empty file")
    if not content.startswith(b"MThd"):
        raise SongError("it does not begin with MThd: this is not a MIDI file", source=source, cause="not MIDI")
    if len(content) > LARGEST:
        message = f"{len(content):,} bytes are too many for a song: at most {LARGEST:,}"
        raise SongError(message, source=source, cause="too large")
    if len(content) < 14:
        raise SongError("the file is cut off in its header", source=source, cause="truncated")
    division = int.from_bytes(content[12:14], "big", signed=True)
    if division < 0:
        message = "its times count film frames (SMPTE), not beats: save it with ticks per quarter note"
        raise SongError(message, source=source, cause="time division")
    if division == 0:
        message = "its header says 0 ticks a quarter note, so it has no times"
        raise SongError(message, source=source, cause="time division")


def _load(content: bytes, source: str) -> tuple[mido.MidiFile, list[str]]:
    """The file as mido reads it, and remarks."""
    import mido

    remarks = []
    try:
        if _ENDLESS_NUMBER.search(content):
            raise ValueError("a number without an end")  # mido would take minutes over it
        try:
            file = mido.MidiFile(file=io.BytesIO(content))
        except mido.KeySignatureError:
            remarks.append("a key signature that is none passed over")
            content = _NO_KEY.sub(b"\xff\x01\x02??", content)  # a text of the same length
            file = mido.MidiFile(file=io.BytesIO(content))
        unknown = {message.type_byte for track in file.tracks for message in track if message.type == "unknown_meta"}
        if unknown:
            # mido forgets the time before a meta message that it does not know: make it a text.
            content = re.sub(rb"\xff[" + re.escape(bytes(sorted(unknown))) + rb"]", b"\xff\x01", content)
            file = mido.MidiFile(file=io.BytesIO(content))
    except EOFError as error:
        message = "the file is cut off: it ends before its last track does"
        raise SongError(message, source=source, cause="truncated") from error
    except Exception as error:  # at broken bytes mido raises OSError, ValueError, IndexError, KeyError and its own
        what = " ".join(str(error).split())[:120] or type(error).__name__
        raise SongError(f"mido can't read this file ({what})", source=source) from error
    return file, remarks


def _track(messages: mido.MidiTrack, number: int, ticks: int, source: str) -> Track:
    """Sort what a track holds, and pair the starts and ends of its notes."""
    track = Track()
    strikes: dict[tuple[int, int], list[tuple[int, bool]]] = defaultdict(list)
    now = 0
    for message in messages:
        now += message.time
        if message.type in ("note_on", "note_off"):
            if now > LONGEST * ticks:
                _refuse_times(source)
            struck = message.type == "note_on" and message.velocity > 0
            track.drums |= struck and message.channel + 1 == DRUMS
            strikes[message.channel + 1, message.note].append((now, struck))
        elif message.type == "track_name":
            track.name = track.name or _clean(message.name)
        elif message.type == "time_signature":
            track.metres.append((Fraction(now, ticks), f"{message.numerator}/{message.denominator}"))
        elif message.type == "key_signature":
            track.keys.append((Fraction(now, ticks), message.key))
        elif message.type == "set_tempo" and message.tempo > 60_000:  # from there on under 1000 quarters a minute
            track.tempos.append((Fraction(now, ticks), round(60e6 / message.tempo, 2)))
    if (count := sum(map(len, strikes.values()))) > 2 * MOST_NOTES:
        message = f"track {number} has {count // 2:,} notes, too many for a song: at most {MOST_NOTES:,}"
        raise SongError(message, source=source, cause="too large")
    voices: dict[int, Voice] = {}
    for (channel, pitch), of_pitch in strikes.items():
        if channel == DRUMS or not any(struck for _, struck in of_pitch):
            continue
        voice = voices.setdefault(channel, Voice(number, channel, track.name))
        for start, end, ended in _paired(of_pitch, now):
            if end > LONGEST * ticks:
                _refuse_times(source)
            if start == end:
                continue
            voice.sounds.append(Sound(Fraction(start, ticks), Fraction(end, ticks), pitch))
            voice.endless += not ended
    track.voices = [voices[channel] for channel in sorted(voices) if voices[channel].sounds]
    return track


def _refuse_times(source: str) -> None:
    raise SongError(f"its notes go on for more than {LONGEST:,} quarter notes", source=source, cause="times")


def _paired(strikes: list[tuple[int, bool]], last: int) -> Iterator[tuple[int, int, bool]]:
    """(start, end, was there an end of its own) of the notes of one pitch. strikes: (tick, is it a start).

    A note that is struck again while it sounds ends there. The end that then follows belongs to the
    first of the two, unless ends are missing. last: the tick where the track ends.
    """
    all_end = sum(not struck for _, struck in strikes) >= sum(struck for _, struck in strikes)
    start: int | None = None
    end: int | None = None
    owed = 0
    for tick, struck in strikes:
        if not struck and owed:
            owed -= 1
        elif not struck:
            end = tick if end is None else end
        else:
            if start is not None:
                yield start, tick if end is None else end, all_end or end is not None
                owed += all_end and end is None
            start, end = tick, None
    if start is not None:
        yield start, last if end is None else end, end is not None


def _clean(name: str) -> str:
    """A name without control signs. mido reads Latin-1, many programs write UTF-8."""
    try:
        name = name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        pass
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())


def choose_voice(tracks: list[Track], track: int | None, channel: int | None, source: str) -> tuple[Voice, list[str]]:
    """The voice with the melody, by `parse_midi`'s rule, and a remark if there was a choice. Raises SongError."""
    voices = [voice for one in tracks for voice in one.voices]
    if not voices:
        if any(one.drums for one in tracks):
            message = f"it has drums only (channel {DRUMS}), and no melody"
            raise SongError(message, source=source, cause="only drums")
        raise SongError("there is no note in it", source=source, cause="no notes")
    asked = [v for v in voices if track in (None, v.track) and channel in (None, v.channel)]
    if not asked:
        wanted = " and ".join(
            f"{what} {number}" for what, number in (("track", track), ("channel", channel)) if number is not None
        )
        shown = "; ".join(map(str, voices[:4])) + (f"; and {len(voices) - 4} more" if len(voices) > 4 else "")
        raise SongError(f"no notes in {wanted}; there are some in {shown}", source=source, cause="voices")
    if len(asked) == 1:
        return asked[0], []
    named = next(filter(None, ([v for v in asked if name.search(v.name)] for name in _NAMES)), asked)
    times = {id(voice): _time_sounding(voice.sounds) for voice in named}
    longest = max(times.values())
    voice = max((v for v in named if times[id(v)] >= longest * _SHARE), key=_mean_pitch)
    why = "it lies highest" if len(named) == len(asked) else "its name says so"
    return voice, [
        f"melody taken from {voice}, of {len(asked)} voices: {why} (choose with track= and channel=)",
    ]


def _time_sounding(sounds: list[Sound]) -> Fraction:
    """For how many quarter notes at least one of the sounds is heard."""
    total = reached = Fraction(0)
    for start, end, _ in sorted(sounds):
        total += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return total


def _mean_pitch(voice: Voice) -> Fraction:
    """The mean pitch, each note weighted by its length."""
    weights = sum(sound.end - sound.start for sound in voice.sounds)
    return sum((sound.end - sound.start) * sound.pitch for sound in voice.sounds) / weights
