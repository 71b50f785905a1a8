"""From music21's measures to a draft: what ABC and MusicXML share once music21 has read them."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import TYPE_CHECKING

from tunesmith.music.draft import Draft, SongError
from tunesmith.music.melody import bar_length

if TYPE_CHECKING:
    from music21.note import GeneralNote
    from music21.stream import Measure, Part, Stream

MOST_BARS = 1_000  # with all repeats played out: ten of them, one in another, make a thousand bars of one
MOST_SIGNS = 30  # repeats in one tune; music21 copies all bars at each, and gives up, without a word, at a hundred


def played_out(part: Part, draft: Draft) -> Part:
    """The part with repeats, endings and *da capo* written out; as it stands where they don't fit together.

    Raises SongError for more than `MOST_BARS` bars or `MOST_SIGNS` repeat signs.
    """
    from music21 import bar, repeat, spanner

    signs = (bar.Repeat, spanner.RepeatBracket, repeat.RepeatExpression)
    if part.recurse().getElementsByClass(signs).first() is None:
        return part
    measures = list(part.getElementsByClass("Measure"))
    endings = _endings(part, measures)
    _open_sections(measures, endings)
    if sum(map(_ends, measures)) > MOST_SIGNS:
        message = f"it has more than {MOST_SIGNS} repeats: this can be no melody"
        raise SongError(message, source=draft.source, cause="repeats")
    if _bars_played(measures, endings) > MOST_BARS:
        message = f"with its repeats it has more than {MOST_BARS:,} bars: this can be no melody"
        raise SongError(message, source=draft.source, cause="repeats")
    try:
        return part.expandRepeats()
    except repeat.ExpanderException:
        draft.remarks.append("repeat signs are read once")
        return part


def _endings(part: Part, measures: list[Measure]) -> dict[int, int]:
    """The measures of first, second and further endings: id → for how many times round it is meant."""
    from music21.spanner import RepeatBracket

    places = {id(measure): place for place, measure in enumerate(measures)}
    times = {}
    for bracket in part.recurse().getElementsByClass(RepeatBracket):
        # From ABC a bracket holds its first and its last measure alone.
        spanned = [places[id(one)] for one in bracket.getSpannedElements() if id(one) in places]
        for measure in measures[min(spanned) : max(spanned) + 1] if spanned else []:
            times[id(measure)] = len(bracket.numberRange)
    return times


def _open_sections(measures: list[Measure], endings: Collection[int]) -> None:
    """Give a section that only ``:|`` closes the ``|:`` that it lacks, and take away one that nothing closes.

    Else music21 would go back to the beginning, or play no repeat at all. The section begins after the
    ``:|`` or the last ending before it. Where ABC names no end of that ending, a double bar line is it.
    endings: ids of the measures in one.
    """
    from music21.bar import Repeat

    closed, double = set(), set()  # ids of the measures before a :|, and before a double bar, with no sign between
    is_closed = is_double = False
    for measure in reversed(measures):
        is_closed, is_double = is_closed or _ends(measure), not _ends(measure) and (is_double or _double(measure))
        closed |= {id(measure)} if is_closed else set()
        double |= {id(measure)} if is_double else set()
        if _starts(measure):
            is_closed = is_double = False
    waiting = False  # is a section over, and none begun?
    for before, measure in zip([None, *measures], measures, strict=False):
        waiting = waiting or (before is not None and (_ends(before) or id(before) in endings))
        begins = before is not None and (_ends(before) or _double(before) or id(measure) not in double)
        if _starts(measure):
            waiting = False
            if id(measure) not in closed:
                measure.leftBarline = None
        elif waiting and begins and id(measure) in closed and id(measure) not in endings:
            waiting = False
            measure.leftBarline = Repeat("start")


def _bars_played(measures: list[Measure], endings: dict[int, int]) -> int:
    """How many bars are heard at most. endings: for how many times round the measure of that id is meant."""
    from music21.repeat import RepeatExpression

    counts = [0]  # one for each repeat that is open
    for measure in measures:
        if _starts(measure):
            counts.append(0)
        counts[-1] += 1
        if _ends(measure):
            times = max(measure.rightBarline.times or 2, endings.get(id(measure), 0) + 1)
            counts[-2:] = [sum(counts[-2:-1]) + counts[-1] * times]
    jumps = any(measure.getElementsByClass(RepeatExpression) for measure in measures)
    return sum(counts) * (2 if jumps else 1)


def _starts(measure: Measure) -> bool:
    return getattr(measure.leftBarline, "direction", None) == "start"


def _ends(measure: Measure) -> bool:
    return getattr(measure.rightBarline, "direction", None) == "end"


def _double(measure: Measure) -> bool:
    return getattr(measure.rightBarline, "type", None) in ("double", "final", "heavy-light", "heavy-heavy")


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
