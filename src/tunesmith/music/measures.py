"""From music21's measures to a draft: what ABC and MusicXML share once music21 has read them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tunesmith.music.draft import Draft, SongError
from tunesmith.music.melody import bar_length

if TYPE_CHECKING:
    from music21.note import GeneralNote
    from music21.stream import Measure, Part, Stream


def played_out(part: Part, draft: Draft) -> Part:
    """The part with repeats, endings and *da capo* written out; as it stands where they don't fit together."""
    from music21 import bar, repeat, spanner

    signs = (bar.Repeat, spanner.RepeatBracket, repeat.RepeatExpression)
    if part.recurse().getElementsByClass(signs).first() is None:
        return part
    try:
        return part.expandRepeats()
    except repeat.ExpanderException:
        draft.remarks.append("repeat signs are read once")
        return part


def add_measures(part: Part, draft: Draft, *, upbeat: bool = False) -> None:
    """Go through the measures and add tempo, notes and bar lines to the draft.

    upbeat: the file itself calls the first measure an upbeat, so it is one even if no other follows.
    """
    from music21 import tempo

    for mark in part.recurse().getElementsByClass(tempo.MetronomeMark):
        quarters = mark.getQuarterBPM()
        if quarters and draft.tempo is None and 0 < quarters < 1000:
            draft.tempo = round(float(quarters), 6)  # Q:1/4=110 comes as 110.00000000000001
    measures = list(part.getElementsByClass("Measure")) or [part]
    if not upbeat:
        draft.end_bar()  # a bar line before the first note: a lone short bar is then no upbeat
    if measures == [part] and draft.metres and part.quarterLength > bar_length(draft.metres[0]):
        message = f"no bar lines, though it is longer than one bar of {draft.metres[0]}: mark them with |"
        raise SongError(message, source=draft.source, cause="no bar lines")
    for measure in measures:
        _add_measure(measure, draft)
        draft.end_bar()


def _add_measure(measure: Measure | Part, draft: Draft) -> None:
    """Add the notes of a measure's first voice; where that one is silent, a rest."""
    from music21 import harmony

    voices = list(getattr(measure, "voices", ()))
    line: Stream = voices[0] if voices else measure.flatten()
    now = Fraction(0)
    for element in line.notesAndRests:
        if isinstance(element, harmony.Harmony):
            continue
        if element.duration.isGrace:
            draft.grace_notes += 1
        elif element.quarterLength:
            onset = Fraction(element.offset)
            if onset > now:
                draft.add(None, onset - now)
            now = onset + Fraction(element.quarterLength)
            _add_element(element, draft)
    if voices and now < measure.highestTime:
        draft.add(None, Fraction(measure.highestTime) - now)


def _add_element(element: GeneralNote, draft: Draft) -> None:
    duration = Fraction(element.quarterLength)
    if not element.pitches:  # a rest, or a drum without a pitch
        draft.add(None, duration)
        return
    draft.chords += element.isChord
    note = max(element.notes, key=lambda part: part.pitch.midi) if element.isChord else element
    draft.add(note.pitch.midi, duration, joined=note.tie is not None and note.tie.type in ("stop", "continue"))
