"""MIDI files, written. Lesson 07."""

from __future__ import annotations

import io

from tunesmith.music.melody import Melody

TICKS = 480  # a quarter note; 480 holds 16ths, 32nds and triplets exactly
DEFAULT_TEMPO = 120.0  # quarter notes a minute, for a melody that names none: MIDI's own default
_VELOCITY = 80


def midi_bytes(melody: Melody, program: int = 0) -> bytes:
    """A melody as a MIDI file of type 0. Lesson 07.

    program: General MIDI instrument, 0 (piano) to 127. Onsets are exact to 1/480 of a quarter note.
    MIDI knows no rests: those between notes are gaps, a last one is lost.
    """
    import mido

    track = mido.MidiTrack()
    if melody.title:
        track.append(mido.MetaMessage("track_name", name=melody.title.encode("latin-1", "replace").decode("latin-1")))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(melody.tempo or DEFAULT_TEMPO)))
    if melody.time_signature:
        beats, unit = map(int, melody.time_signature.split("/"))
        track.append(mido.MetaMessage("time_signature", numerator=beats, denominator=unit))
    if melody.key and abs(melody.key.signature) <= 7:
        track.append(mido.MetaMessage("key_signature", key=_key_signature(melody.key.signature)))
    track.append(mido.Message("program_change", program=program))
    now = written = 0
    for onset, note in zip(melody.onsets, melody.notes, strict=True):
        if note.pitch is None:
            continue
        now = round(onset * TICKS)
        end = round((onset + note.duration) * TICKS)
        track.append(mido.Message("note_on", note=note.pitch, velocity=_VELOCITY, time=now - written))
        track.append(mido.Message("note_off", note=note.pitch, velocity=0, time=end - now))
        written = end
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _key_signature(signature: int) -> str:
    """mido names a signature by its major key: 1 → G, −2 → Bb."""
    names = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
    return names[signature + 7]
