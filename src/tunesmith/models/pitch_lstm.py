"""`PitchLSTM`: hears pitches alone, each as a pitch, as an interval, and against the tune's first note. Lesson 11.

A tune is the same tune in another key. Few songs suffice to learn it where intervals go in and come out beside pitches:
so each pitch's logit is a sum of what the network says of the pitch, of the interval that leads to it, and of its
distance from the first note.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import torch
from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.vocabulary import Vocabulary

WIDEST = 24  # semitones; a wider interval is heard as this


class PitchLSTM(TokenModel):
    """A network that reads the pitches of a whole melody and says, at every note, which may come next.

    vocabulary: pitches as tokens such as "60", V of them with the delimiter. embedding_size D, hidden_size H.
    dropout: share of the LSTM's outputs set to 0 while training; input_dropout: of its inputs. A melody keeps its mask
    from first note to last (variational dropout: Gal & Ghahramani 2016). Both 0 up to 1.
    Raises ValueError for a token that is no pitch.
    """

    step = Fraction(1)  # a token is a note, however long

    def __init__(
        self,
        vocabulary: Vocabulary | Iterable[str],
        embedding_size: int = 32,
        hidden_size: int = 128,
        dropout: float = 0.4,
        input_dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        end, *pitches = self.vocabulary
        if end != Vocabulary.END or not all(token.isdecimal() for token in pitches):
            raise ValueError(
                f"a PitchLSTM knows pitches alone, such as '60'; its vocabulary is {list(self.vocabulary)}"
            )
        size, relative = len(self.vocabulary), 2 * WIDEST + 1
        self.register_buffer("heights", torch.tensor([0, *map(int, pitches)]), persistent=False)  # (V,), MIDI numbers
        self.pitch = nn.Embedding(size, embedding_size)
        self.interval = nn.Embedding(relative + 1, embedding_size)  # the last: there is none
        self.from_first = nn.Embedding(relative + 1, embedding_size)
        self.heard = nn.Linear(relative, embedding_size)
        for embedding in (self.pitch, self.interval, self.from_first):
            nn.init.normal_(embedding.weight, std=0.3)
        self.lstm = nn.LSTM(embedding_size, hidden_size, batch_first=True)
        self.to_pitch = nn.Linear(hidden_size, size)
        self.to_interval = nn.Linear(hidden_size, relative, bias=False)
        self.to_from_first = nn.Linear(hidden_size, relative, bias=False)
        self.dropout, self.input_dropout = dropout, input_dropout

    def forward(self, ids: Tensor) -> Tensor:
        """ids (B, T), int64, each row the delimiter and a melody's notes → logits (B, T, V).

        The logits at place t speak of note t, the first being note 0.
        """
        known = ids > 0  # (B, T): a note, not the delimiter, which is also what short rows are filled with
        now = self.heights[ids]  # (B, T)
        first = now[:, 1:2] if ids.shape[1] > 1 else now  # (B, 1)
        before = nn.functional.pad(known, (1, 0))[:, :-1] & known
        interval = torch.where(before, _place(now - now.roll(1, 1)), 2 * WIDEST + 1)
        from_first = torch.where(known, _place(now - first), 2 * WIDEST + 1)
        x = self.pitch(ids) + self.interval(interval) + self.from_first(from_first) + self.heard(self._heard(ids, now))
        h, _ = self.lstm(_masked(x, self.input_dropout, self.training))  # (B, T, H)
        h = _masked(h, self.dropout, self.training)
        of_pitches = (self.heights > 0) & known[..., None]  # (B, T, V): where an interval leads from note to note
        led_to = _place(self.heights - now[..., None])  # (B, T, V): the interval to each pitch
        above = _place(self.heights - first[..., None]).expand_as(led_to)
        relative = self.to_interval(h).gather(2, led_to) + self.to_from_first(h).gather(2, above)
        return self.to_pitch(h) + relative * of_pitches

    def _heard(self, ids: Tensor, now: Tensor) -> Tensor:
        """How often each pitch has been heard so far, as ln(1 + count), seen from the note now: (B, T, 2·24 + 1)."""
        counts = nn.functional.one_hot(ids, len(self.vocabulary)).cumsum(1)  # (B, T, V)
        distances = self.heights - now[..., None]  # (B, T, V)
        counts = counts * ((distances.abs() <= WIDEST) & (self.heights > 0) & (ids > 0)[..., None])
        seen = torch.zeros(*ids.shape, 2 * WIDEST + 1, device=ids.device)
        return torch.log1p(seen.scatter_add_(2, _place(distances), counts.to(seen.dtype)))

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "vocabulary": list(self.vocabulary),
            "embedding_size": self.pitch.embedding_dim,
            "hidden_size": self.lstm.hidden_size,
            "dropout": self.dropout,
            "input_dropout": self.input_dropout,
        }


def _place(distance: Tensor) -> Tensor:
    """Semitones up or down → a row of a table of intervals, 0 … 2·24."""
    return distance.clamp(-WIDEST, WIDEST) + WIDEST


def _masked(x: Tensor, share: float, training: bool) -> Tensor:
    """x (B, T, D) with a share of the D numbers set to 0, the same at all places of a melody, the rest made larger."""
    if not training or share == 0:
        return x
    return x * nn.functional.dropout(torch.ones_like(x[:, :1]), share)
