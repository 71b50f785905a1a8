"""`MelodyLSTM`: embedding, LSTM, one linear layer, a prediction at every step. Lessons 06, 07 and 11.

The recurrent layer is PyTorch's `nn.LSTM` (Hochreiter & Schmidhuber 1997, with the forget gate of
Gers et al. 2000). What lesson 11 adds is switched off unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import torch
from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.models.views import Views
from tunesmith.tokens.steps import SIXTEENTH, as_step
from tunesmith.tokens.vocabulary import Vocabulary

State = tuple[Tensor, Tensor]


class MelodyLSTM(TokenModel):
    """A network that reads tokens and says, at every step, what may come next.

    vocabulary: the tokens it knows, V of them. embedding_size D, hidden_size H, num_layers L.
    dropout: share of the embedding's and the LSTM's outputs set to 0 while training, 0 up to 1.
    step: what one token lasts, in quarter notes.

    Lesson 11: views: what it is told of each step beside the token, see `Views`; each view has an embedding of its
    own, which is added to the token's. metres, collections: those that its views tell apart.
    tied: the token's embedding is its row of the output layer too, behind a linear layer from H to D (Press & Wolf
    2017). input_dropout: of the embedding, where it should not be `dropout`. variational: a unit that is silenced is
    silent for the whole song (Gal & Ghahramani 2016). Raises ValueError for views that there are none of.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | Iterable[str],
        embedding_size: int = 64,
        hidden_size: int = 256,
        num_layers: int = 1,
        dropout: float = 0.0,
        step: Fraction | float | str = SIXTEENTH,
        *,
        views: Sequence[str] = (),
        metres: Sequence[str] = (),
        collections: Sequence[str] = (),
        tied: bool = False,
        input_dropout: float | None = None,
        variational: bool = False,
    ) -> None:
        super().__init__()
        self.vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        self.step = as_step(step)
        self.views = Views(views, self.vocabulary, self.step, metres, collections)
        self.tied = tied
        self.variational = variational
        self.embedding = nn.Embedding(len(self.vocabulary), embedding_size)
        self.view_embeddings = nn.ModuleList(nn.Embedding(size, embedding_size) for size in self.views.sizes)
        self.lstm = nn.LSTM(
            embedding_size, hidden_size, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0
        )
        self.linear = nn.Linear(hidden_size, embedding_size if tied else len(self.vocabulary))
        self.bias = nn.Parameter(torch.zeros(len(self.vocabulary))) if tied else None
        silence = SongDropout if variational else nn.Dropout
        self.input_dropout = silence(dropout if input_dropout is None else input_dropout)
        self.dropout = silence(dropout)
        if self.view_embeddings:  # so that their sum starts with the variance that one alone has
            for table in (self.embedding, *self.view_embeddings):
                nn.init.normal_(table.weight, std=(1 + len(self.view_embeddings)) ** -0.5)

    def forward(self, ids: Tensor, state: State | None = None, views: Tensor | None = None) -> tuple[Tensor, State]:
        """ids (B, T), int64 → logits (B, T, V), and the state after the last step.

        state: hidden and cell state, each (L, B, H), to go on from; zeros if None. views: (B, T, F), what `self.views`
        gives for these ids, and only for a network that has views. The logits at step t speak of token t + 1.
        Softmax is left to the loss and to the sampling. Raises ValueError for views that are missing or not asked for.
        """
        x = self.embedding(ids)  # (B, T, D)
        if (0 if views is None else views.shape[-1]) != len(self.view_embeddings):
            raise ValueError(f"this network needs the views {self.views.names}: a number for each, at each step")
        for place, table in enumerate(self.view_embeddings):
            x = x + table(views[..., place])
        h, state = self.lstm(self.input_dropout(x), state)  # (B, T, H)
        h = self.dropout(h)
        if self.tied:
            return nn.functional.linear(self.linear(h), self.embedding.weight, self.bias), state  # (B, T, D) → V
        return self.linear(h), state  # (B, T, V)

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "vocabulary": list(self.vocabulary),
            "embedding_size": self.embedding.embedding_dim,
            "hidden_size": self.lstm.hidden_size,
            "num_layers": self.lstm.num_layers,
            "dropout": self.dropout.p,
            "step": str(self.step),
            **self._additions(),
        }

    def _additions(self) -> dict[str, object]:
        """What lesson 11 added, where it is switched on."""
        named = {name: list(getattr(self.views, name)) for name in ("metres", "collections")}
        values = {"views": list(self.views.names), **named, "tied": self.tied, "variational": self.variational}
        if self.input_dropout.p != self.dropout.p:
            values["input_dropout"] = self.input_dropout.p
        return {name: value for name, value in values.items() if value}

    def extra_repr(self) -> str:
        return f"vocabulary of {len(self.vocabulary)}, step {self.step}"


class SongDropout(nn.Module):
    """Dropout that silences the same units at every step of a song (Gal & Ghahramani 2016). Lesson 11.

    p: share of units that are set to 0 while training, 0 up to 1; the others grow by 1 / (1 − p).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout {p} should be 0 or more, and less than 1")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, D) → the same shape."""
        if not self.training or not self.p:
            return x
        return x * nn.functional.dropout(x.new_ones(len(x), 1, x.shape[-1]), self.p)
