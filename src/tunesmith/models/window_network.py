"""`WindowNetwork`: the last steps side by side into a network without memory. Lesson 11.

The neural language model of Yoshua Bengio and others ("A neural probabilistic language model", *Journal of Machine
Learning Research* 3, 2003).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import torch
from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.steps import SIXTEENTH, as_step
from tunesmith.tokens.vocabulary import DELIMITER, Vocabulary


class WindowNetwork(TokenModel):
    """A feed-forward network that sees the last `window` steps and nothing before them. Lesson 11.

    vocabulary: V tokens. window W: steps, 1 or more. embedding_size D, hidden_size H. dropout: share of the hidden
    layer's outputs set to 0 while training. step: what one token lasts, in quarter notes.
    Raises ValueError for a window below 1.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | Iterable[str],
        window: int = 64,
        embedding_size: int = 16,
        hidden_size: int = 256,
        dropout: float = 0.0,
        step: Fraction | float | str = SIXTEENTH,
    ) -> None:
        super().__init__()
        if window < 1:
            raise ValueError(f"window {window} should be 1 or more steps")
        self.vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        self.step = as_step(step)
        self.window = window
        self.embedding = nn.Embedding(len(self.vocabulary), embedding_size)
        self.hidden = nn.Linear(window * embedding_size, hidden_size)
        self.linear = nn.Linear(hidden_size, len(self.vocabulary))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """ids (B, T), int64 → logits (B, T, V), and the last W − 1 ids, (B, W − 1).

        state: the ids before, (B, W − 1); delimiters if None. The logits at step t speak of token t + 1.
        """
        if state is None:
            state = torch.full_like(ids[:, :1], int(self.vocabulary.ids([DELIMITER])[0])).repeat(1, self.window - 1)
        ids = torch.cat([state, ids], 1)  # (B, W − 1 + T)
        windows = ids.unfold(1, self.window, 1)  # (B, T, W)
        h = torch.tanh(self.hidden(self.embedding(windows).flatten(2)))  # (B, T, W · D) → (B, T, H)
        return self.linear(self.dropout(h)), ids[:, ids.shape[1] - self.window + 1 :]  # (B, T, V)

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "vocabulary": list(self.vocabulary),
            "window": self.window,
            "embedding_size": self.embedding.embedding_dim,
            "hidden_size": self.hidden.out_features,
            "dropout": self.dropout.p,
            "step": str(self.step),
        }
