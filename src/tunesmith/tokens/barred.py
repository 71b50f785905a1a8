"""Token songs that know their bars: the tokens, and the frame they stand in. Lesson 11."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tunesmith.music.melody import Melody, bar_length, exact
from tunesmith.tokens.steps import SIXTEENTH, encode, split_tokens


@dataclass(frozen=True)
class BarredSong(Sequence[str]):
    """A token song with its metre: wherever a list of tokens is taken, it is taken too. Lesson 11.

    tokens: one for each step, a text of them is cut at its spaces. time_signature: such as "6/8"; None where the song
    has none. upbeat: quarter notes before the first full bar. collection: where the song comes from; "" for anywhere.
    Raises ValueError for a time signature that is none, and for an upbeat that does not fit before a bar.
    """

    tokens: tuple[str, ...]
    time_signature: str | None = None
    upbeat: Fraction = Fraction(0)
    collection: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple(split_tokens(self.tokens)))
        object.__setattr__(self, "upbeat", exact(self.upbeat))
        room = Fraction(1) if self.time_signature is None else bar_length(self.time_signature)
        if not 0 <= self.upbeat < room or (self.upbeat and self.time_signature is None):
            raise ValueError(f"an upbeat of {self.upbeat} quarters does not fit before a bar of {self.time_signature}")

    def __getitem__(self, index):
        return self.tokens[index]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def frame(self) -> str:
        """Metre, upbeat and collection in a few words, by which two songs of the same tokens are told apart."""
        return f"{self.time_signature} {self.upbeat} {self.collection}"


def encode_barred(melody: Melody, step: float | str | Fraction = SIXTEENTH, *, collection: str = "") -> BarredSong:
    """The tokens of a melody, as `encode` gives them, with its metre and upbeat. Lesson 11.

    Raises ValueError, naming the note, where a duration is no whole number of steps.
    """
    return BarredSong(tuple(encode(melody, step)), melody.time_signature, melody.upbeat, collection)
