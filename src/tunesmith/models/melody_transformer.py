"""`MelodyTransformer`: attention in place of a memory, decoder only. Lesson 11.

Ashish Vaswani and others, "Attention is all you need", 2017; the layers are PyTorch's, normalised first (Xiong et al.
2020), with a mask that hides the future.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import torch
from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.steps import SIXTEENTH, as_step
from tunesmith.tokens.vocabulary import Vocabulary


class MelodyTransformer(TokenModel):
    """A small Transformer that reads tokens and says, at every step, what may come next. Lesson 11.

    vocabulary: V tokens. size D: of a token's embedding, an even number that `heads` divides. heads: of attention.
    num_layers; feedforward_size: of the hidden layer in each. dropout: as in the paper, 0 up to 1. step: what one token
    lasts, in quarter notes. Raises ValueError for a size that is odd or that the heads don't divide.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | Iterable[str],
        size: int = 128,
        heads: int = 4,
        num_layers: int = 2,
        feedforward_size: int = 384,
        dropout: float = 0.0,
        step: Fraction | float | str = SIXTEENTH,
    ) -> None:
        super().__init__()
        if size % 2 or size % heads:
            raise ValueError(f"size {size} should be even, and a multiple of the {heads} heads")
        self.vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        self.step = as_step(step)
        self._sizes = {"size": size, "heads": heads, "num_layers": num_layers, "feedforward_size": feedforward_size}
        self.embedding = nn.Embedding(len(self.vocabulary), size)
        nn.init.normal_(self.embedding.weight, std=size**-0.5)
        layer = nn.TransformerEncoderLayer(size, heads, feedforward_size, dropout, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, num_layers, nn.LayerNorm(size), enable_nested_tensor=False)
        self.linear = nn.Linear(size, len(self.vocabulary))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """ids (B, T), int64 → logits (B, T, V), and all ids so far, (B, S + T).

        state: the S ids before; none if None. All of them are read again, since attention looks back at each. The
        logits at step t speak of token t + 1.
        """
        new = ids.shape[1]
        ids = ids if state is None else torch.cat([state, ids], 1)
        x = self.embedding(ids) * math.sqrt(self.embedding.embedding_dim)
        x = self.dropout(x + _positions(ids.shape[1], x))  # (B, S + T, D)
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1], device=x.device, dtype=x.dtype)
        h = self.layers(x, mask=mask, is_causal=True)
        return self.linear(h[:, -new:]), ids  # (B, T, V)

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "vocabulary": list(self.vocabulary),
            **self._sizes,
            "dropout": self.dropout.p,
            "step": str(self.step),
        }


def _positions(steps: int, like: Tensor) -> Tensor:
    """Sines and cosines that tell the steps apart: (T, D), typed like a tensor (…, D). Vaswani 2017, section 3.5."""
    size = like.shape[-1]
    rates = torch.exp(torch.arange(0, size, 2, dtype=like.dtype, device=like.device) * (-math.log(10_000) / size))
    angles = torch.arange(steps, dtype=like.dtype, device=like.device)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)
