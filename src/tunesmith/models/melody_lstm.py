"""`MelodyLSTM`: embedding, LSTM, one linear layer, a prediction at every step. Lessons 06 and 07.

The recurrent layer is PyTorch's `nn.LSTM` (Hochreiter & Schmidhuber 1997, with the forget gate of
Gers et al. 2000).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.steps import SIXTEENTH, as_step
from tunesmith.tokens.vocabulary import Vocabulary

State = tuple[Tensor, Tensor]


class MelodyLSTM(TokenModel):
    """A network that reads tokens and says, at every step, what may come next.

    vocabulary: the tokens it knows, V of them. embedding_size D, hidden_size H, num_layers L.
    dropout: share of the embedding's and the LSTM's outputs set to 0 while training, 0 up to 1.
    step: what one token lasts, in quarter notes.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | Iterable[str],
        embedding_size: int = 64,
        hidden_size: int = 256,
        num_layers: int = 1,
        dropout: float = 0.0,
        step: Fraction | float | str = SIXTEENTH,
    ) -> None:
        super().__init__()
        self.vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        self.step = as_step(step)
        self.embedding = nn.Embedding(len(self.vocabulary), embedding_size)
        self.lstm = nn.LSTM(
            embedding_size, hidden_size, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0
        )
        self.linear = nn.Linear(hidden_size, len(self.vocabulary))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """ids (B, T), int64 → logits (B, T, V), and the state after the last step.

        state: hidden and cell state, each (L, B, H), to go on from; zeros if None. The logits at
        step t speak of token t + 1. Softmax is left to the loss and to the sampling.
        """
        x = self.dropout(self.embedding(ids))  # (B, T, D)
        h, state = self.lstm(x, state)  # (B, T, H)
        return self.linear(self.dropout(h)), state  # (B, T, V)

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "vocabulary": list(self.vocabulary),
            "embedding_size": self.embedding.embedding_dim,
            "hidden_size": self.lstm.hidden_size,
            "num_layers": self.lstm.num_layers,
            "dropout": self.dropout.p,
            "step": str(self.step),
        }

    def extra_repr(self) -> str:
        return f"vocabulary of {len(self.vocabulary)}, step {self.step}"
