"""Which tokens there are, and their numbers. Lessons 00, 04 and 05."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tunesmith.music.files import write_whole
from tunesmith.tokens.steps import split_tokens

DELIMITER = "/"  # stands before the first and after the last token of a song


class Vocabulary(Sequence[str]):
    """All tokens in a fixed order: signs first, then pitches from low to high; the place is the id.

    The order depends on the set of tokens alone. The song delimiter ``/`` is always in it.
    """

    END = DELIMITER

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = tuple(sorted({*tokens, DELIMITER}, key=_order))
        self._ids = {token: i for i, token in enumerate(self._tokens)}

    @classmethod
    def of(cls, songs: Iterable[Sequence[str] | str]) -> Vocabulary:
        """The vocabulary of songs, each a list of tokens (or a text of them). Lesson 04."""
        return cls(token for song in songs for token in split_tokens(song))

    def ids(self, tokens: Sequence[str] | str) -> np.ndarray:
        """Tokens → ids, int64 of shape (T,). Raises ValueError for an unknown one, naming the nearest."""
        tokens = split_tokens(tokens)
        for place, token in enumerate(tokens, 1):
            if token not in self._ids:
                near = ", ".join(self.near(token))
                raise ValueError(f"token {place}, {token!r}, is not in the vocabulary; near it: {near}")
        return np.array([self._ids[token] for token in tokens], dtype=np.int64)

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Ids → tokens. Raises ValueError for an id outside 0 … len − 1."""
        ids = [int(i) for i in ids]
        for i in ids:
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} is outside the vocabulary: 0 to {len(self) - 1}")
        return [self._tokens[i] for i in ids]

    def near(self, token: str, count: int = 3) -> list[str]:
        """The known tokens nearest to an unknown one: pitches by distance, others by spelling."""
        if re.fullmatch("-?[0-9]{1,9}", token):
            pitches = [t for t in self._tokens if t.isdecimal()]
            return sorted(sorted(pitches, key=lambda t: (abs(int(t) - int(token)), int(t)))[:count], key=int)
        return difflib.get_close_matches(token, self._tokens, count, cutoff=0.3) or list(self._tokens[:count])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write as JSON; a file of that name is replaced."""
        text = json.dumps({"delimiter": DELIMITER, "tokens": list(self)}, indent=1)
        write_whole(Path(path), (text + "\n").encode("utf-8"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Read what `save` wrote. Raises ValueError for a file that is something else."""
        try:
            tokens = json.loads(Path(path).read_text(encoding="utf-8"))["tokens"]
            vocabulary = cls(tokens)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is not a vocabulary that Vocabulary.save wrote") from error
        if list(vocabulary) != tokens:
            raise ValueError(f"{path} lists its tokens in another order than Vocabulary.save: it was changed by hand")
        return vocabulary

    def __getitem__(self, index):
        return self._tokens[index]

    def __len__(self) -> int:
        return len(self._tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self._tokens == other._tokens

    def __hash__(self) -> int:
        return hash(self._tokens)

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self)} tokens: {' '.join(self)}>"


def _order(token: str) -> tuple[bool, int, str]:
    return (True, int(token), "") if token.isdecimal() else (False, 0, token)
