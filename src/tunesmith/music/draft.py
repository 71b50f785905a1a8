"""What a reader has found so far, and how it becomes a `Melody`: the part that all formats share."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tunesmith.music.key import Key, estimate_key
from tunesmith.music.melody import Melody, Note, bar_length

# An estimated key is called doubtful where the two best candidates' correlations lie closer than this.
DOUBTFUL_MARGIN = 0.05

# No melody has more; a file that does is broken, or means to stop whoever reads it.
LONGEST_NOTE = 1_000  # quarter notes
LONGEST = 10_000  # quarter notes, all together
MOST_NOTES = 20_000


class SongError(ValueError):
    """A song that can't be read or used: one line that says where, what is wrong, and what to do.

    cause: a word or two to count by, such as "metre" or "durations". source, line: where, if known.
    """

    def __init__(self, message: str, *, source: str = "", line: int | None = None, cause: str = "broken file") -> None:
        place = ", ".join(part for part in (source, f"line {line}" if line else "") if part)
        super().__init__(f"{place}: {message}" if place else message)
        self.cause = cause


@dataclass(frozen=True)
class Parsed:
    """A song as a reader hands it on.

    written: each duration as it stands in the file, before ties are joined, with the number of the
    first bar that has it (0 is the upbeat). remarks: what was lost or is doubtful, a line each.
    """

    melody: Melody
    written: dict[Fraction, int]
    remarks: tuple[str, ...] = ()


@dataclass
class Draft:
    """Collects notes and bar lines in the order of the file; `finish` makes the song of them."""

    source: str = ""
    title: str = ""
    tempo: float | None = None
    metres: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    grace_notes: int = 0
    chords: int = 0
    line: int | None = None  # where the reader stands, for messages
    upbeat: Fraction | None = None  # where the format says it; otherwise it is seen by the first bar's length
    _notes: list[tuple[int | None, Fraction]] = field(default_factory=list)
    _bar_lengths: list[Fraction] = field(default_factory=lambda: [Fraction(0)])
    _written: dict[Fraction, int] = field(default_factory=dict)
    _loose_ties: list[int] = field(default_factory=list)
    _opened: bool = False
    _length: float = 0.0

    def metre(self, time_signature: str) -> None:
        """Note a time signature; a second, different one makes `finish` refuse the song."""
        if time_signature not in self.metres:
            self.metres.append(time_signature)

    def add(self, pitch: int | None, duration: Fraction, joined: bool = False) -> None:
        """Add a note or rest; `joined` says that a tie joins it to the note before.

        Raises SongError for more than `MOST_NOTES`, and for times beyond `LONGEST_NOTE` and `LONGEST`.
        """
        self._lengthen(duration)
        if joined and self._notes and pitch is not None and self._notes[-1][0] == pitch:
            self._notes[-1] = (pitch, self._notes[-1][1] + duration)
            return
        if joined:
            self._loose_ties.append(len(self._bar_lengths) - 1)
        if len(self._notes) == MOST_NOTES:
            raise self._error(f"more than {MOST_NOTES:,} notes are too many for a melody", "too large")
        self._notes.append((pitch, duration))

    def extend(self, duration: Fraction) -> None:
        """Make the note or rest before longer, by one more sign of this duration: a tie, or a rest cut in two.

        Raises SongError as `add` does.
        """
        self._lengthen(duration)
        pitch, before = self._notes[-1]
        self._notes[-1] = (pitch, before + duration)

    def _lengthen(self, duration: Fraction) -> None:
        """Add a sign's duration to the bar and to the whole."""
        if duration not in self._written:  # a song has few durations, and comparing fractions is slow
            if not 0 < duration <= LONGEST_NOTE:
                what = f"{float(min(duration, 10**9)):g} quarter notes are no sensible duration"
                raise self._error(f"{what}: above 0, at most {LONGEST_NOTE:,}", "times")
            self._written[duration] = len(self._bar_lengths) - 1
        self._length += duration.numerator / duration.denominator
        if self._length > LONGEST:
            raise self._error(f"its notes go on for more than {LONGEST:,} quarter notes", "times")
        self._bar_lengths[-1] += duration

    def _error(self, message: str, cause: str) -> SongError:
        return SongError(message, source=self.source, line=self.line, cause=cause)

    def end_bar(self) -> None:
        """Note a bar line; one right after another is passed over."""
        if self._bar_lengths[-1]:
            self._bar_lengths.append(Fraction(0))
        elif len(self._bar_lengths) == 1:
            self._opened = True

    def finish(self, tonic: str | None, mode: str | None) -> Parsed:
        """The song. Raises SongError if there is no note, if the metre changes, for a metre or tonic that is none."""
        if not any(pitch is not None for pitch, _ in self._notes):
            raise SongError("there is no note in it", source=self.source, cause="no notes")
        if len(self.metres) > 1:
            raise SongError(
                f"the metre changes ({' to '.join(self.metres)}), and a melody here has one",
                source=self.source,
                cause="metre",
            )
        if self.grace_notes:
            self.remarks.append(f"grace notes dropped: {self.grace_notes}")
        if self.chords:
            self.remarks.append(f"chords cut down to one note: {self.chords}")
        metre = self.metres[0] if self.metres else None
        try:
            melody = Melody(
                tuple(Note(*note) for note in self._notes),
                time_signature=metre,
                upbeat=self._upbeat(metre),
                tempo=self.tempo,
                title=self.title,
                source=self.source,
            )
            melody = melody.replace(key=self._key(melody, tonic, mode))
        except ValueError as error:
            raise SongError(str(error), source=self.source, cause="broken header") from error
        first_bar = 0 if melody.upbeat else 1
        self.remarks += [f"a tie in bar {bar + first_bar} joins nothing" for bar in self._loose_ties]
        written = {duration: bar + first_bar for duration, bar in self._written.items()}
        return Parsed(melody, written, tuple(self.remarks))

    def _upbeat(self, metre: str | None) -> Fraction:
        """The first bar's length, if it is short; a lone bar opened by a bar line is none."""
        if self.upbeat is not None:
            return self.upbeat
        first, *others = self._bar_lengths
        followed = any(others) if self._opened else bool(others)
        return first if metre and followed and first < bar_length(metre) else Fraction(0)

    def _key(self, melody: Melody, tonic: str | None, mode: str | None) -> Key:
        """The key as named; its mode, or all of it, estimated where it is not."""
        if tonic and mode:
            return Key(tonic, mode)
        free = estimate_key(melody)
        if tonic is None:
            self.remarks.append(f"no key named: {free.key} estimated")
            return free.key
        estimate = estimate_key(melody, tonic)
        if free.key.tonic_class != estimate.key.tonic_class:
            self.remarks.append(f"key doubtful: {tonic} is named, the notes speak for {free.key}")
        elif estimate.margin < DOUBTFUL_MARGIN:
            self.remarks.append(f"key doubtful: {estimate.key}, or the other mode (margin {estimate.margin:.3f})")
        return estimate.key
