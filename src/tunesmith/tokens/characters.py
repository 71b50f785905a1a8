"""Which characters there are, and their numbers: the vocabulary of a text. Lesson 10.

The text is ABC music. A tune ends with an empty line, as in every ABC file; so the newline needs no other sign
beside it: one before the first line is where a tune begins, one after the last line is where it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


class Characters(Sequence[str]):
    """All characters in the order of their code points; the place is the id. Lesson 10.

    The order depends on the set of characters alone. The newline, `END`, is always in it, and so the first of all
    characters that can be seen: its id is 0. Raises ValueError for what is not a single character.
    """

    END = "\n"  # stands before a tune, and once more after its last line

    def __init__(self, characters: Iterable[str] = ()) -> None:
        self._characters = tuple(sorted({*characters, self.END}))
        for character in self._characters:
            if len(character) != 1:
                raise ValueError(f"{character!r} is not one character: Characters.of takes whole texts")
        self._ids = {character: i for i, character in enumerate(self._characters)}

    @classmethod
    def of(cls, texts: Iterable[str]) -> Characters:
        """The characters of texts. Lesson 10."""
        return cls(character for text in texts for character in text)

    def ids(self, text: str | Sequence[str]) -> np.ndarray:
        """Text → ids, int64 of shape (L,). Raises ValueError for an unknown character, naming the nearest."""
        try:
            return np.array([self._ids[character] for character in text], dtype=np.int64)
        except KeyError:
            place, unknown = next((i, c) for i, c in enumerate(text, 1) if c not in self._ids)
            near = ", ".join(map(repr, self.near(unknown)))
            raise ValueError(f"character {place}, {unknown!r}, is not among those known; near it: {near}") from None

    def text(self, ids: Iterable[int]) -> str:
        """Ids → text. Raises ValueError for an id outside 0 … len − 1."""
        ids = [int(i) for i in ids]
        for i in ids:
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} is outside the characters: 0 to {len(self) - 1}")
        return "".join(self._characters[i] for i in ids)

    def near(self, character: str, count: int = 3) -> list[str]:
        """The known characters nearest to an unknown one: first its other case, then by code point, newlines last."""
        place = ord(character[0]) if character else 0

        def distance(known: str) -> tuple[bool, bool, int, str]:
            return known == self.END, known.lower() != character.lower(), abs(ord(known) - place), known

        return sorted(self._characters, key=distance)[:count]

    def __getitem__(self, index):
        return self._characters[index]

    def __len__(self) -> int:
        return len(self._characters)

    def __contains__(self, character: object) -> bool:
        return character in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Characters) and self._characters == other._characters

    def __hash__(self) -> int:
        return hash(self._characters)

    def __str__(self) -> str:
        return "".join(self._characters)

    def __repr__(self) -> str:
        return f"<Characters, {len(self)} of them: {str(self)!r}>"
