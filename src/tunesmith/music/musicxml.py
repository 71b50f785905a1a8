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
    text = re.sub(r"\s*<encoding-date>.*?</encoding-date>", "", text)
    return re.sub(r"\b([PI])[0-9a-f]{32}\b", r"\g<1>1", text)


def _score(melody: Melody) -> stream.Score:
    """The melody as a music21 score, bar by bar."""
    from music21 import clef, duration, key, metadata, meter, stream, tempo

    class Unmeasured(stream.Measure):
        """A bar as long as its notes: for a long one without a metre music21 would search for minutes."""

        barDuration = property(lambda self: duration.Duration(self.highestTime))

    bar_class = stream.Measure if melody.time_signature else Unmeasured
    part = stream.Part()
    tied = False
    for index, bar in enumerate(melody.bars()):
        measure = bar_class(number=index + (0 if melody.upbeat else 1))
        if index == 0:
            if melody.key:
                measure.append(key.KeySignature(melody.key.signature))
            if melody.time_signature:
                measure.append(meter.TimeSignature(melody.time_signature))
            if melody.tempo:
                measure.append(tempo.MetronomeMark(number=melody.tempo))
        for written in bar:
            tied = _append(measure, written, melody, tied)
        if index == 0 and melody.upbeat:
            measure.paddingLeft = measure.barDuration.quarterLength - float(melody.upbeat)
        part.append(measure)
    first = part.getElementsByClass(stream.Measure).first()
    first.insert(0, clef.bestClef(part.flatten()))
    if melody.time_signature:
        for measure in part.getElementsByClass(stream.Measure):
            measure.makeBeams(inPlace=True)
    part.getElementsByClass(stream.Measure).last().rightBarline = "final"
    score = stream.Score([part])
    score.metadata = metadata.Metadata(title=melody.title or None)
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
