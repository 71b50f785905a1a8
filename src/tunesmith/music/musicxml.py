"""MusicXML, the format that notation programs exchange, read and written through music21. Lessons 03 and 07.

The format: https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from tunesmith.music.draft import MOST_NOTES, Draft, Parsed, SongError
from tunesmith.music.kern import printable_values
from tunesmith.music.key import MAJOR_PROFILE, MINOR_PROFILE, MODES, Key, spell
from tunesmith.music.measures import add_measures, played_out
from tunesmith.music.melody import Melody, Written

if TYPE_CHECKING:
    from music21 import stream
    from music21.key import KeySignature

_MAJOR_TONICS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR_TONICS = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
_MODE_NAMES = {"ionian": "major", "aeolian": "minor", **{mode: mode for mode in MODES}}
_MOST_REPEATS = 20
# music21 9 reckons the room in a short bar in floating point; were it a hair too much, it would add a rest.
_HAIR = 2**-20


def parse_musicxml(text: str, source: str = "") -> Parsed:
    """Read the first part, and of several voices in it the first, which is the top one. Lesson 03.

    Repeats and endings are played out, grace notes dropped and counted, of a chord the top note is
    kept. Where the key has a signature but no mode, the better of its major and its minor key is
    taken. Raises SongError for what is no MusicXML, for entities, and for a changing metre.
    """
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)  # the encoding that it names has been dealt with
    _check_xml(text, source)
    draft = Draft(source)
    part = _first_part(text, draft)
    sign = _key_signature(part, draft)
    first = part.getElementsByClass("Measure").first()
    add_measures(part, draft, upbeat=first is not None and first.number == 0)
    if sign is None:
        return draft.finish(None, None)
    if mode := _MODE_NAMES.get(getattr(sign, "mode", None)):
        return draft.finish(sign.tonic.name.replace("-", "b"), mode)
    parsed = draft.finish(_MAJOR_TONICS[sign.sharps + 7], "major")
    key = _better_mode(parsed.melody)
    remark = f"no mode named: {key} estimated"
    return replace(parsed, melody=parsed.melody.replace(key=key), remarks=(*parsed.remarks, remark))


def _check_xml(text: str, source: str) -> None:
    """Refuse what music21 should not see: entities, XML that is broken, XML that is no score."""
    if "<!ENTITY" in text:
        message = "it declares XML entities, which a score does not need: export it anew"
        raise SongError(message, source=source, cause="entities")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        line = error.position[0] if isinstance(error, ElementTree.ParseError) else None
        what = str(error).partition(":")[0]
        raise SongError(f"this is no whole XML file ({what})", source=source, line=line) from error
    if root.tag == "score-timewise":
        message = "the score is sorted by time, not by parts: export it as score-partwise"
        raise SongError(message, source=source)
    if root.tag != "score-partwise":
        message = f"this is no MusicXML: it begins with <{root.tag[:40]}>, not with <score-partwise>"
        raise SongError(message, source=source, cause="no song")
    if (count := sum(1 for _ in root.iter("note"))) > MOST_NOTES:
        message = f"{count:,} notes are too many for a song: at most {MOST_NOTES:,}"
        raise SongError(message, source=source, cause="too large")
    if (count := sum(1 + len(measure) for measure in root.iter("measure"))) > 2 * MOST_NOTES:
        message = f"{count:,} bars, notes and signs are too many for a song: at most {2 * MOST_NOTES:,}"
        raise SongError(message, source=source, cause="too large")
    asked = [sign.get("times", "") for sign in root.iter("repeat")]
    asked += [sign.get("number", "") for sign in root.iter("ending")]  # "1, 2", or "1-3"
    times = re.findall(r"\d+", " ".join(asked))
    many = [text for text in times if len(text) > 4 or int(text) > _MOST_REPEATS]
    if many:
        message = f"it asks for {many[0][:9]} repeats: {_MOST_REPEATS} are played out at most"
        raise SongError(message, source=source, cause="repeats")


def _first_part(text: str, draft: Draft) -> stream.Part:
    """The first part as music21 reads it, as it sounds, repeats and endings played out; title and metres noted."""
    from music21 import converter, meter

    try:
        # parseData, not parse: parse unpickles from a folder that everyone may write to.
        score = converter.parseData(text, format="musicxml")
        parts = list(score.parts)
        if not parts:
            raise SongError("there is no part in it", source=draft.source, cause="no notes")
        if len(parts) > 1:
            draft.remarks.append(f"{len(parts)} parts: only the first is read")
        if score.metadata:
            draft.title = " ".join((score.metadata.title or score.metadata.movementName or "").split())
        part = parts[0]
        if any(instrument.transposition for instrument in part.recurse().getElementsByClass("Instrument")):
            part = part.toSoundingPitch()
        for sign in part.recurse().getElementsByClass(meter.TimeSignature):
            draft.metre(f"{sign.numerator}/{sign.denominator}")
        voices = max((len(measure.voices) for measure in part.getElementsByClass("Measure")), default=0)
        if voices > 1:
            draft.remarks.append(f"{voices} voices: only the first is read")
        return played_out(part, draft)
    except SongError:
        raise
    except Exception as error:  # music21 raises its own, and at odd scores also IndexError and the like
        what = " ".join(str(error).split())[:150] or type(error).__name__
        raise SongError(f"music21 can't read this score ({what})", source=draft.source) from error


def _key_signature(part: stream.Part, draft: Draft) -> KeySignature | None:
    """The first key signature, if it is one that major keys have."""
    from music21 import key

    signs = list(part.recurse().getElementsByClass(key.KeySignature))
    if len({(sign.sharps, getattr(sign, "mode", None)) for sign in signs}) > 1:
        draft.remarks.append("the key changes: only the first is kept")
    if not signs or signs[0].sharps is None or abs(signs[0].sharps) > 7:
        return None
    return signs[0]


def _better_mode(melody: Melody) -> Key:
    """The melody's major key, or the minor key of the same signature if its profile fits the notes better."""
    time_on_class = np.zeros(12)
    for note in melody.notes:
        if note.pitch is not None:
            time_on_class[note.pitch % 12] += float(note.duration)
    major = melody.key
    minor = Key(_MINOR_TONICS[major.signature + 7], "minor")
    fits = [
        round(float(np.corrcoef(np.roll(time_on_class, -key.tonic_class), profile)[0, 1]), 9)
        for key, profile in ((major, MAJOR_PROFILE), (minor, MINOR_PROFILE))
    ]
    return minor if fits[1] > fits[0] else major


def musicxml_text(melody: Melody) -> str:
    """A melody as MusicXML: bars, ties, key and mode, metre, upbeat, tempo and title kept. Lesson 07.

    The same melody gives the same text at every run.
    """
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    text = GeneralObjectExporter(_score(melody)).parse().decode("utf-8")
    if melody.time_signature is None:
        text = re.sub(r"\s*<time>.*?</time>", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<encoding-date>.*?</encoding-date>", "", text)
    text = re.sub(r"\s*<creator type=\"composer\">Music21</creator>", "", text)  # it did not compose it
    if not melody.title.strip():
        text = re.sub(r"\s*<movement-title>.*?</movement-title>", "", text)
    return re.sub(r"\b([PI])[0-9a-f]{32}\b", r"\g<1>1", text)


def _score(melody: Melody) -> stream.Score:
    """The melody as a music21 score, bar by bar."""
    from music21 import clef, duration, metadata, meter, stream, tempo
    from music21.common import opFrac

    part = stream.Part()
    tied = False
    for index, bar in enumerate(melody.bars()):
        measure = stream.Measure(number=index + (0 if melody.upbeat else 1))
        if index == 0:
            if melody.key:
                measure.append(_signature(melody.key))
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
            measure.paddingRight = _HAIR
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
    last.paddingRight = opFrac(last.barDuration.quarterLength - last.paddingLeft - last.highestTime) + _HAIR
    score = stream.Score([part])
    title = re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "", melody.title)  # XML holds no others
    score.metadata = metadata.Metadata(title=title or None)
    return score


def _signature(key: Key) -> KeySignature:
    """The signature and the name of the mode."""
    from music21.key import KeySignature

    sign = KeySignature(key.signature)
    sign.mode = key.mode  # music21 writes it, and so a reader need not guess
    return sign


def _append(measure: stream.Measure, written: Written, melody: Melody, tied: bool) -> bool:
    """Add one written note to a measure; gives whether a tie leads on from it."""
    from music21 import note, pitch, tie

    values = printable_values(written.duration)
    for i, value in enumerate(values):
        if written.pitch is None:
            measure.append(note.Rest(quarterLength=value))
            continue
        letter, sharps, octave = spell(written.pitch, melody.key)
        height = pitch.Pitch(step=letter, octave=octave)  # not from a text: "C-1" would be C flat
        if sharps:
            height.accidental = pitch.Accidental(sharps)
        element = note.Note(height, quarterLength=value)
        opens = i < len(values) - 1 or written.tied
        if opens or tied:
            element.tie = tie.Tie("continue" if opens and tied else "start" if opens else "stop")
        measure.append(element)
        tied = opens
    return tied
