"""`WindowLSTM`: a window of one-hot vectors, an LSTM, one linear layer over all its outputs. Lesson 06.

The design that many tutorials start from: 64 steps in, the one next step out.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.steps import SIXTEENTH, as_step
from tunesmith.tokens.vocabulary import Vocabulary


class WindowLSTM(TokenModel):
    """A network that reads the last `sequence_length` steps and says what may come next.

    input_size: numbers that describe a step, V for one-hot vectors. hidden_size H, num_layers L.
    output_size: logits that come out, V for tokens. sequence_length T: steps in a window, 1 or more.
    dropout: share of the LSTM's outputs set to 0 while training, 0 up to 1.
    vocabulary: its tokens; `fit` and `generate` need it, and then both sizes must be V.
    step: what one token lasts, in quarter notes. Raises ValueError for sizes that don't fit.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        sequence_length: int = 64,
        num_layers: int = 1,
        dropout: float = 0.0,
        *,
        vocabulary: Vocabulary | Iterable[str] | None = None,
        step: Fraction | float | str = SIXTEENTH,
    ) -> None:
        super().__init__()
        if sequence_length < 1:
            raise ValueError(f"sequence_length {sequence_length} should be 1 or more")
        if vocabulary is not None:
            vocabulary = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
            if not input_size == output_size == len(vocabulary):
                raise ValueError(
                    f"input_size {input_size} and output_size {output_size} should be the vocabulary: {len(vocabulary)}"
                )
        self.vocabulary = vocabulary
        self.step = as_step(step)
        self.sequence_length = sequence_length
        self.lstm = nn.LSTM(
            input_size, hidden_size, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden_size * sequence_length, output_size)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, input_size), one-hot or any other numbers → logits (B, output_size).

        Raises ValueError for windows of another shape.
        """
        expected = (self.sequence_length, self.lstm.input_size)
        if x.dim() != 3 or tuple(x.shape[1:]) != expected:
            raise ValueError(f"windows should have the shape (B, {expected[0]}, {expected[1]}), not {tuple(x.shape)}")
        h, _ = self.lstm(x)  # (B, T, H)
        return self.linear(self.dropout(h).flatten(1))  # (B, T · H) → (B, V)

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "input_size": self.lstm.input_size,
            "hidden_size": self.lstm.hidden_size,
            "output_size": self.linear.out_features,
            "sequence_length": self.sequence_length,
            "num_layers": self.lstm.num_layers,
            "dropout": self.dropout.p,
            "vocabulary": None if self.vocabulary is None else list(self.vocabulary),
            "step": str(self.step),
        }

    def extra_repr(self) -> str:
        return f"windows of {self.sequence_length}, step {self.step}"
