"""Views: more ways to look at a step than its token alone. Lesson 11.

What a musician knows at every step, and a network would have to work out by itself: where in the bar it stands, how
long the note has sounded, how far it leapt, what was sung there a few bars ago. All of it follows from the tokens so
far and from the metre, so nothing of the future is given away. After the viewpoints of Darrell Conklin and Ian Witten,
"Multiple viewpoint systems for music prediction", *Journal of New Music Research* 24, 1995.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from tunesmith.music.melody import bar_length
from tunesmith.tokens.steps import HOLD
from tunesmith.tokens.vocabulary import DELIMITER, Vocabulary

ECHOES = {"echo1": 1, "echo2": 2, "echo4": 4, "echo8": 8}  # so many bars back
VIEWS = ("bar", *ECHOES, "held", "pitch", "degree", "interval", "collection")
LONGEST = 32  # steps held that are told apart
WIDEST = 12  # semitones of an interval that are told apart, up and down


class Views:
    """What a network is told of each step beside its token. Lesson 11.

    names: some of `VIEWS`:
    "bar", the place in the bar of the step that is *to come*, in its metre;
    "echo1", "echo2", "echo4", "echo8", the token that stood so many bars before the step to come;
    "held", for how many steps the note has sounded; "pitch", which note, or rest, sounds;
    "degree", the pitch class of the last note, 0 to 11 above C (in C major or A minor: the degree of the scale);
    "interval", the way to it from the note before, in semitones; "collection", where the song comes from.
    vocabulary: the tokens. step: what a token lasts, in quarter notes. metres: those that are told apart; any other
    counts as none. collections: those that are told apart; any other counts as the first. Raises ValueError for an
    unknown or repeated name, and for a metre that is none.
    """

    def __init__(
        self,
        names: Sequence[str],
        vocabulary: Vocabulary,
        step: Fraction,
        metres: Sequence[str] = (),
        collections: Sequence[str] = (),
    ) -> None:
        self.names = tuple(names)
        for name in self.names:
            if name not in VIEWS or self.names.count(name) > 1:
                raise ValueError(f"view {name!r} should be one of {', '.join(VIEWS)}, and named once")
        self.step = step
        self.metres = tuple(metres)
        self.collections = tuple(collections)
        self._tokens = np.array(vocabulary)
        self._pitches = np.array([int(token) if token.isdecimal() else -1 for token in vocabulary])
        # In the view "bar" 0 stands for no metre; then each metre has a row for each step of its bar.
        self._bars = [int(bar_length(metre) / step) for metre in self.metres]
        self._first_row = [1 + sum(self._bars[:i]) for i in range(len(self._bars))]

    @property
    def sizes(self) -> list[int]:
        """How many values each view can take."""
        size = {
            "bar": 1 + sum(self._bars),
            **dict.fromkeys(ECHOES, len(self._tokens)),
            "held": LONGEST + 1,
            "pitch": len(self._tokens),
            "degree": 13,
            "interval": 2 * WIDEST + 2,
            "collection": max(len(self.collections), 1),
        }
        return [size[name] for name in self.names]

    def __call__(
        self,
        ids: Sequence[int] | np.ndarray,
        time_signature: str | None = None,
        upbeat: Fraction = Fraction(0),
        collection: str = "",
    ) -> np.ndarray:
        """ids (T,) of a song that begins with the delimiter → a number for each view at each step, (T, F), int64.

        Row t goes with ids[t]; its "bar" speaks of the step that ids[t + 1] will stand at.
        time_signature, upbeat (quarter notes), collection: as of a `BarredSong`.
        """
        ids = np.asarray(ids, dtype=np.int64)
        heard = {
            "bar": lambda: self._place_in_bar(len(ids), time_signature, upbeat),
            **{name: lambda bars=bars: self._echo(ids, time_signature, bars) for name, bars in ECHOES.items()},
            "held": lambda: np.minimum(self._held(ids), LONGEST),
            "pitch": lambda: ids[self._onsets(ids)],
            "degree": lambda: self._degree(ids),
            "interval": lambda: self._interval(ids),
            "collection": lambda: np.full(len(ids), self._collection(collection)),
        }
        columns = [heard[name]() for name in self.names]
        return np.stack(columns, axis=1) if columns else np.zeros((len(ids), 0), dtype=np.int64)

    def _place_in_bar(self, steps: int, time_signature: str | None, upbeat: Fraction) -> np.ndarray:
        if time_signature not in self.metres:
            return np.zeros(steps, dtype=np.int64)
        metre = self.metres.index(time_signature)
        return self._first_row[metre] + (np.arange(steps) - int(upbeat / self.step)) % self._bars[metre]

    def _echo(self, ids: np.ndarray, time_signature: str | None, bars: int) -> np.ndarray:
        """The ids that stood so many bars before those to come; the delimiter where there was none yet."""
        nothing = np.full(len(ids), ids[0] if len(ids) else 0)
        if time_signature not in self.metres:
            return nothing
        back = bars * self._bars[self.metres.index(time_signature)]
        # ids[t + 1] is to come at row t, so row t hears ids[t + 1 − back]; ids[0] is the delimiter.
        return np.concatenate([nothing[: back - 1], ids])[: len(ids)]

    def _collection(self, name: str) -> int:
        return self.collections.index(name) if name in self.collections else 0

    def _onsets(self, ids: np.ndarray) -> np.ndarray:
        """For each step the step at which what sounds began."""
        begins = self._tokens[ids] != HOLD
        return np.maximum.accumulate(np.where(begins, np.arange(len(ids)), 0))

    def _held(self, ids: np.ndarray) -> np.ndarray:
        """For how many steps, this one counted, the note or rest has lasted; 0 at the delimiter."""
        onsets = self._onsets(ids)
        return np.where(self._tokens[ids[onsets]] == DELIMITER, 0, np.arange(len(ids)) - onsets + 1)

    def _last_notes(self, ids: np.ndarray, back: int) -> np.ndarray:
        """For each step the pitch of the note before the last `back` notes (0: of the last note); −1 for none."""
        pitched = self._pitches[ids] >= 0
        notes = np.concatenate([np.full(back + 1, -1), self._pitches[ids[pitched]]])
        return notes[np.cumsum(pitched)]

    def _degree(self, ids: np.ndarray) -> np.ndarray:
        last = self._last_notes(ids, 0)
        return np.where(last < 0, 0, 1 + last % 12)

    def _interval(self, ids: np.ndarray) -> np.ndarray:
        last, before = self._last_notes(ids, 0), self._last_notes(ids, 1)
        return np.where(before < 0, 0, 1 + WIDEST + np.clip(last - before, -WIDEST, WIDEST))
