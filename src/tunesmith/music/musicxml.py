"""MusicXML, written through music21, for notation programs. Lesson 07."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tunesmith.music.kern import printable_values
from tunesmith.music.key import spell
from tunesmith.music.melody import Melody, Written

if TYPE_CHECKING:
    from music21 import stream


def musicxml_text(melody: Melody) -> str:
    """A melody as MusicXML: bars, ties, key, metre, upbeat, tempo and title kept. Lesson 07.

    The same melody gives the same text at every run.
    """
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    text = GeneralObjectExporter(_score(melody)).parse().decode("utf-8")
    if melody.time_signature is None:
        text = re.sub(r"\s*<time>.*?</time>", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<encoding-date>.*?</encoding-date>", "", text)
    return re.sub(r"\b([PI])[0-9a-f]{32}\b", r"\g<1>1", text)


def _score(melody: Melody) -> stream.Score:
    """The melody as a music21 score, bar by bar."""
    from music21 import clef, duration, key, metadata, meter, stream, tempo
    from music21.common import opFrac

    part = stream.Part()
    tied = False
    for index, bar in enumerate(melody.bars()):
        measure = stream.Measure(number=index + (0 if melody.upbeat else 1))
        if index == 0:
            if melody.key:
                measure.append(key.KeySignature(melody.key.signature))
            if melody.time_signature:
                measure.append(meter.TimeSignature(melody.time_signature))
            else:  # one bar as long as the melody; music21 would cut it, or search for its metre for minutes
                unmeasured = meter.TimeSignature("4/4")
                unmeasured.barDuration = duration.Duration(melody.duration)
                measure.append(unmeasured)
            if melody.tempo:
                measure.append(tempo.MetronomeMark(number=melody.tempo))
        for written in bar:
            tied = _append(measure, written, melody, tied)
        if index == 0 and melody.upbeat:
            measure.paddingLeft = opFrac(measure.barDuration.quarterLength - melody.upbeat)
        part.append(measure)
    first = part.getElementsByClass(stream.Measure).first()
    first.insert(0, clef.bestClef(part.flatten()))
    if melody.time_signature:
        for measure in part.getElementsByClass(stream.Measure):
            measure.makeBeams(inPlace=True)
    part.streamStatus.beams = True  # all that are wanted
    last = part.getElementsByClass(stream.Measure).last()
    last.rightBarline = "final"
    # Without this music21 would fill a short last bar with rests.
    last.paddingRight = opFrac(last.barDuration.quarterLength - last.paddingLeft - last.highestTime)
    score = stream.Score([part])
    title = re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "", melody.title)  # XML holds no others
    score.metadata = metadata.Metadata(title=title or None)
    return score


def _append(measure: stream.Measure, written: Written, melody: Melody, tied: bool) -> bool:
    """Add one written note to a measure; gives whether a tie leads on from it."""
    from music21 import note, pitch, tie

    values = printable_values(written.duration)
    for i, value in enumerate(values):
        if written.pitch is None:
            measure.append(note.Rest(quarterLength=value))
            continue
        letter, sharps, octave = spell(written.pitch, melody.key)
        element = note.Note(pitch.Pitch(f"{letter}{'#' * sharps}{'-' * -sharps}{octave}"), quarterLength=value)
        opens = i < len(values) - 1 or written.tied
        if opens or tied:
            element.tie = tie.Tie("continue" if opens and tied else "start" if opens else "stop")
        measure.append(element)
        tied = opens
    return tied
