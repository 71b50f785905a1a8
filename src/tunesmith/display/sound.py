"""From a melody to sound: its notes, played with a General MIDI sound font, as MP3.

midirenderer plays them with the font in pretty_midi's wheel, so no program beside pip's is needed.
Where midirenderer has no wheel (Linux on ARM), pretty_midi's sine tones stand in, and the player says so.
Used by `show` in every lesson.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.music.melody import Melody, Note
from tunesmith.music.midi import DEFAULT_TEMPO, TICKS, VELOCITY

if TYPE_CHECKING:
    import numpy as np

# Samples a second of the MP3, which has one channel. The font has next to nothing above 8 kHz: 60 dB below the rest.
RATE = 16_000
# Seconds: a longer tune is faded out here. It keeps a notebook under its 3 MB.
LONGEST = 60.0
_FADE = 2.0
_SILENCE = 0.25
# How long the last note may ring on, in seconds.
_RING = 0.6
_PEAK = 0.9
# soundfile's scale from 0 (large) to 1 (small). Variable bit rate, measured against the constant one on 16 bars of
# piano: as large, but a third faster, 8 dB closer to the original, and its header tells the player the exact start.
_COMPRESSION = 0.99

CUT = f"The sound ends after {LONGEST:.0f} seconds; the score is complete."
SINES = "Played with plain sine tones: the piano needs midirenderer, which has no wheel for this computer."


@dataclass(frozen=True)
class Sound:
    """mp3: the bytes of the file. seconds: its length. remarks: what a listener should know, a sentence each."""

    mp3: bytes
    seconds: float
    remarks: tuple[str, ...] = ()


def mp3(melody: Melody) -> bytes:
    """The whole melody's sound as MP3, for a file: one channel, 16 kHz. Lesson 07.

    Raises ValueError for a melody without notes.
    """
    return sound(melody, longest=math.inf).mp3


def sound(melody: Melody, longest: float = LONGEST) -> Sound:
    """Play a melody: as loud as any other, a quarter second of silence behind it.

    longest: seconds after which it is faded out; a player in a notebook has a minute.
    Raises ValueError for a melody without notes.
    """
    if not melody.notes:
        raise ValueError("nothing to play: the melody has no notes")
    return play(melody.notes, 60 / (melody.tempo or DEFAULT_TEMPO), longest)


@lru_cache(maxsize=32)
def play(notes: tuple[Note, ...], quarter: float, longest: float = LONGEST) -> Sound:
    """Play notes one after the other; `quarter` is the length of a quarter note in seconds; cut after `longest`."""
    import numpy as np

    seconds = float(sum(note.duration for note in notes)) * quarter
    is_cut = seconds > longest
    length, fade = (longest, _FADE) if is_cut else (seconds + _RING, _RING)
    samples = _mixed(notes, quarter, round(length * RATE))
    samples[-round(fade * RATE) :] *= np.linspace(1, 0, round(fade * RATE), dtype=np.float32)
    samples *= _PEAK / max(float(np.abs(samples).max(initial=0)), 1e-6)
    samples = np.concatenate([samples, np.zeros(round(_SILENCE * RATE), np.float32)])
    remarks = () if _has_font() else (SINES,)
    return Sound(_mp3_bytes(samples), len(samples) / RATE, (*remarks, CUT) if is_cut else remarks)


def _mixed(notes: tuple[Note, ...], quarter: float, length: int) -> np.ndarray:
    """The first `length` samples of all notes, each laid where it begins."""
    import numpy as np

    samples = np.zeros(length, np.float32)
    onset = Fraction(0)
    for note in notes:
        start = round(float(onset) * quarter * RATE)
        if start >= length:
            break
        if note.pitch is not None:
            seconds = min(float(note.duration) * quarter, length / RATE)  # no longer than can be heard
            heard = _note(note.pitch, seconds)[: length - start]
            samples[start : start + len(heard)] += heard
        onset += note.duration
    return samples


# A tune of a hundred notes has a dozen different ones: to render each once takes a third of the time.
@lru_cache(maxsize=256)
def _note(pitch: int, seconds: float) -> np.ndarray:
    """One note of the piano held for so long, and its ring: samples at `RATE`."""
    import numpy as np

    midi = _one_note(pitch, seconds)
    samples = _with_font(midi) if _has_font() else _with_sines(midi)
    length = min(len(samples), round((seconds + _RING) * RATE))
    fade = min(length, round(_RING * RATE))
    return samples[:length] * np.minimum(1, np.arange(length, 0, -1, dtype=np.float32) / fade)


def _one_note(pitch: int, seconds: float) -> bytes:
    """A MIDI file with one note, which ends when it has rung."""
    import mido

    ticks = 2 * TICKS  # a second, at MIDI's own default of 120 quarter notes a minute
    track = mido.MidiTrack()
    track.append(mido.Message("note_on", note=pitch, velocity=VELOCITY))
    track.append(mido.Message("note_off", note=pitch, velocity=0, time=round(seconds * ticks)))
    track.append(mido.MetaMessage("end_of_track", time=round(_RING * ticks)))
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _has_font() -> bool:
    """Whether midirenderer is there, and can be loaded."""
    try:
        import midirenderer  # noqa: F401 – it may be installed and still fail here
    except ImportError:
        return False
    return True


def _with_font(midi: bytes) -> np.ndarray:
    """Samples at `RATE` from the General MIDI font."""
    import midirenderer
    import numpy as np
    import soundfile

    stereo, rate = soundfile.read(io.BytesIO(midirenderer.render_wave_from(_font(), midi)), dtype="float32")
    step = rate // RATE
    whole = len(stereo) // step * step
    both = stereo[:whole].reshape(-1, step * stereo.shape[1])  # (samples at RATE, what to average)
    # Column by column: a matrix product would add them in another order on another processor.
    return sum(both[:, k] for k in range(both.shape[1])) / np.float32(both.shape[1])


@lru_cache(maxsize=1)
def _font() -> bytes:
    """The sound font in pretty_midi's wheel, found without the second that importing pretty_midi takes."""
    folder = find_spec("pretty_midi").submodule_search_locations[0]
    return Path(folder, "TimGM6mb.sf2").read_bytes()


def _with_sines(midi: bytes) -> np.ndarray:
    """Samples at `RATE`: a sine tone for each note."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pretty_midi grumbles about some readings of the MIDI standard
        from pretty_midi import PrettyMIDI

        return PrettyMIDI(io.BytesIO(midi)).synthesize(fs=RATE).astype(np.float32)


def _mp3_bytes(samples: np.ndarray) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(
        file,
        samples,
        RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="VARIABLE",
        compression_level=_COMPRESSION,
    )
    return file.getvalue()
