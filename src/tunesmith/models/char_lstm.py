"""`CharLSTM`: embedding, LSTM, one linear layer, over the characters of a text. Lesson 10.

A character model in the manner of Andrej Karpathy's char-rnn ("The Unreasonable Effectiveness of Recurrent Neural
Networks", 2015), which Bob Sturm and others trained on ABC tunes (Sturm, Santos, Ben-Tal and Korshunova, "Music
transcription modelling and composition using deep learning", 2016). The recurrent layer is PyTorch's `nn.LSTM`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.characters import Characters

State = tuple[Tensor, Tensor]


class CharLSTM(TokenModel):
    """A network that reads text and says, after every character, what may come next. Lesson 10.

    characters: those it knows, V of them. embedding_size D, hidden_size H, num_layers: LSTM layers.
    dropout: share of the embedding's and the LSTM's outputs set to 0 while training, 0 up to 1.
    styles: names of S styles; each has an embedding of its own (D numbers), which is added to every character's.
    A network with styles is told with each text how much of each it is, so that they can be blended.
    Raises ValueError for a style that is named twice.
    """

    unit = "character"
    vocabulary: Characters

    def __init__(
        self,
        characters: Characters | Iterable[str],
        embedding_size: int = 64,
        hidden_size: int = 224,
        num_layers: int = 2,
        dropout: float = 0.0,
        styles: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.vocabulary = characters if isinstance(characters, Characters) else Characters(characters)
        self.styles = (styles,) if isinstance(styles, str) else tuple(styles)
        if len(set(self.styles)) < len(self.styles):
            raise ValueError(f"a style is named twice: {', '.join(self.styles)}")
        self.embedding = nn.Embedding(len(self.vocabulary), embedding_size)
        self.style_embedding = nn.Embedding(len(self.styles), embedding_size) if self.styles else None
        self.lstm = nn.LSTM(
            embedding_size, hidden_size, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0
        )
        self.linear = nn.Linear(hidden_size, len(self.vocabulary))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, state: State | None = None, styles: Tensor | None = None) -> tuple[Tensor, State]:
        """ids (B, L), int64 → logits (B, L, V), and the state after the last character.

        state: hidden and cell state, each (num_layers, B, H), to go on from; zeros if None. styles: weights of the
        styles, (B, S), each row adding up to 1; only a network with styles takes them, and it needs them. The logits
        at place l speak of character l + 1. Raises ValueError for weights that are missing, of another shape, or not
        asked for.
        """
        x = self.embedding(ids)  # (B, L, D)
        if self._expects(styles, len(ids)):
            x = x + (styles.to(x.dtype) @ self.style_embedding.weight)[:, None]  # (B, S) @ (S, D) → (B, 1, D)
        h, state = self.lstm(self.dropout(x), state)  # (B, L, H)
        return self.linear(self.dropout(h)), state  # (B, L, V)

    def _expects(self, styles: Tensor | None, rows: int) -> bool:
        """Whether there are styles to add. Raises ValueError where those given are not those expected."""
        expected = (rows, len(self.styles)) if self.styles else None
        found = None if styles is None else tuple(styles.shape)
        if expected == found:
            return styles is not None
        if expected is None:
            raise ValueError(f"this {type(self).__name__} has no styles: leave styles out")
        names = ", ".join(self.styles)
        raise ValueError(f"styles should be weights of the shape {expected}, for {names}, and are {found}")

    def settings(self) -> dict[str, object]:
        """What `from_settings` needs to build the same network, as plain values for a file."""
        return {
            "characters": str(self.vocabulary),
            "embedding_size": self.embedding.embedding_dim,
            "hidden_size": self.lstm.hidden_size,
            "num_layers": self.lstm.num_layers,
            "dropout": self.dropout.p,
            "styles": list(self.styles),
        }

    def extra_repr(self) -> str:
        styles = f", styles {', '.join(self.styles)}" if self.styles else ""
        return f"{len(self.vocabulary)} characters{styles}"
