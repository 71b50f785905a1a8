"""`MelodyRNN`: `MelodyLSTM` with another recurrent layer, a plain one or a GRU. Lesson 11."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.steps import SIXTEENTH, as_step
from tunesmith.tokens.vocabulary import Vocabulary

CELLS = {"rnn": nn.RNN, "gru": nn.GRU}


class MelodyRNN(TokenModel):
    """Embedding, recurrent layer, one linear layer: what stands beside the LSTM in a fair comparison. Lesson 11.

    cell: "rnn", a plain layer with tanh (Elman 1990), or "gru" (Cho et al. 2014), both PyTorch's. The other settings
    are those of `MelodyLSTM`. Raises ValueError for another cell.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | Iterable[str],
        cell: str = "gru",
        embedding_size: int = 64,
        hidden_size: int = 256,
        num_layers: int = 1,
        dropout: float = 0.0,
        step: Fraction | float | str = SIXTEENTH,
    ) -> None:
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell {cell!r} should be one of {', '.join(CELLS)}")
        self.vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        self.step = as_step(step)
        self.cell = cell
        self.embedding = nn.Embedding(len(self.vocabulary), embedding_size)
        self.recurrent = CELLS[cell](
            embedding_size, hidden_size, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0
        )
        self.linear = nn.Linear(hidden_size, len(self.vocabulary))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """ids (B, T), int64 → logits (B, T, V), and the hidden state (L, B, H) after the last step.

        state: the hidden state to go on from; zeros if None. The logits at step t speak of token t + 1.
        """
        h, state = self.recurrent(self.dropout(self.embedding(ids)), state)  # (B, T, H)
        return self.linear(self.dropout(h)), state  # (B, T, V)

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "vocabulary": list(self.vocabulary),
            "cell": self.cell,
            "embedding_size": self.embedding.embedding_dim,
            "hidden_size": self.recurrent.hidden_size,
            "num_layers": self.recurrent.num_layers,
            "dropout": self.dropout.p,
            "step": str(self.step),
        }
