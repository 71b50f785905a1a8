"""`MelodyModel`: learns tunes of MIDI pitches and continues one, with nothing below it but NumPy. Lesson 09."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tunesmith.scratch.functions import one_hot, softmax
from tunesmith.scratch.layers import GRU, LSTM, Layer, Linear
from tunesmith.scratch.losses import IGNORED, cross_entropy
from tunesmith.scratch.optim import SGD, clip_grad_norm
from tunesmith.scratch.tensor import Array, Tensor, no_grad

Targets = Sequence[Sequence[int] | int]
_CELLS = {"LSTM": LSTM, "GRU": GRU}


class MelodyModel(Layer):
    """One-hot pitches → LSTM or GRU → a score for each pitch to come next. Lesson 09.

    pitches: the MIDI numbers that it knows, such as ``set().union(*tunes)``. hidden_size: by default their number.
    cell: "LSTM" or "GRU". fused: compute all gates with one product. generator: draws the weights; without one they
    differ each time. Raises ValueError for no pitches and for what is no whole number from 0 to 127.
    """

    def __init__(
        self,
        pitches: Iterable[int],
        hidden_size: int | None = None,
        *,
        cell: str = "LSTM",
        fused: bool = True,
        generator: np.random.Generator | None = None,
    ) -> None:
        if cell not in _CELLS:
            raise ValueError(f"cell should be one of {', '.join(_CELLS)}, not {cell!r}")
        self.pitches = sorted({_pitch(pitch) for pitch in pitches})
        if not self.pitches:
            raise ValueError("there are no pitches: give those of the tunes, set().union(*tunes)")
        self._ids = {pitch: index for index, pitch in enumerate(self.pitches)}
        size = len(self.pitches)
        self.recurrent = _CELLS[cell](
            size, size if hidden_size is None else hidden_size, fused=fused, generator=generator
        )
        self.output = Linear(self.recurrent.hidden_size, size, generator=generator)

    def __call__(self, ids: Any, state: Any = None) -> tuple[Tensor, Any]:
        """Ids of pitches (T, B), or (T,) → logits (T, B, V), or (T, V), and the state after the last step."""
        hidden, state = self.recurrent(one_hot(ids, len(self.pitches)), state)
        return self.output(hidden), state

    # ------------------------------------------------------------ training

    def train(
        self,
        sequences: Sequence[Sequence[int]],
        targets: Targets | None = None,
        *,
        epochs: int = 4,
        lr: float = 0.05,
        clip: float = 1.0,
        l2: float = 0.0,
        truncate: int = 3,
        batch: int = 32,
        generator: np.random.Generator | None = None,
    ) -> list[float]:
        """Learn by truncated back-propagation through time; the training loss of each epoch, in nats per target.

        sequences: tunes of MIDI pitches. targets: for each tune what follows each of its notes, or one pitch that
        follows the last; by default each note's successor. truncate: every so many steps the loss goes back, the
        weights take a step and the graph is cut; the state goes on. clip: the largest norm of the gradients. l2:
        weight decay. batch: tunes learnt side by side. generator: mixes the batches anew for each epoch; without one
        they stay in order of length. Raises ValueError, with the tune's number, for what does not fit.
        """
        for what, value in (("epochs", epochs), ("truncate", truncate), ("batch", batch)):
            _check_count(what, value)
        optimizer = SGD(self.parameters(), lr, weight_decay=l2)
        batches = self._batches(sequences, targets, batch)
        losses = []
        for _ in range(epochs):
            total = 0.0
            for place in generator.permutation(len(batches)) if generator else range(len(batches)):
                total += self._learn(*batches[place], optimizer, clip, truncate)
            losses.append(total / _count(batches))
        return losses

    def _learn(self, ids: Array, targets: Array, optimizer: SGD, clip: float, truncate: int) -> float:
        """One batch, ids and targets (T, B), in pieces of `truncate` steps; the sum of its losses."""
        state, total = None, 0.0
        for start in range(0, len(ids), truncate):
            piece = slice(start, start + truncate)
            logits, state = self(ids[piece], state)
            state = _cut(state)
            if (targets[piece] == IGNORED).all():
                continue
            loss = cross_entropy(logits, targets[piece])
            optimizer.zero_grad()
            loss.backward(retain_grads=False)
            clip_grad_norm(optimizer.parameters, clip)
            optimizer.step()
            total += loss.item() * np.count_nonzero(targets[piece] != IGNORED)
        return total

    def loss(self, sequences: Sequence[Sequence[int]], targets: Targets | None = None, *, batch: int = 32) -> float:
        """The mean loss on tunes in nats per target, without learning. Arguments as for `train`."""
        batches = self._batches(sequences, targets, batch)
        with no_grad():
            sums = [cross_entropy(self(ids)[0], wanted).item() * _count([(ids, wanted)]) for ids, wanted in batches]
        return sum(sums) / _count(batches)

    def _batches(self, sequences: Any, targets: Any, batch: int) -> list[tuple[Array, Array]]:
        """Tunes of like length side by side as ids (T, B) and targets (T, B); short ones are filled up with none."""
        if targets is None:
            sequences, targets = [tune[:-1] for tune in sequences], [tune[1:] for tune in sequences]
        if len(targets) != len(sequences):
            raise ValueError(f"there should be targets for each of the {len(sequences)} tunes, not for {len(targets)}")
        if not len(sequences):
            raise ValueError("there are no tunes")
        rows = [self._row(tune, wanted, f"tune {n}") for n, (tune, wanted) in enumerate(zip(sequences, targets), 1)]
        rows.sort(key=lambda row: len(row[0]))
        return [_side_by_side(rows[start : start + batch]) for start in range(0, len(rows), batch)]

    def _row(self, tune: Sequence[int], wanted: Sequence[int] | int, where: str) -> tuple[list[int], list[int]]:
        """The ids of a tune and of its targets, one for each note."""
        ids = self._known(tune, where)
        if not ids:
            raise ValueError(f"{where} is too short: there should be a note and one that follows it")
        if np.ndim(wanted) == 0:
            return ids, [IGNORED] * (len(ids) - 1) + self._known([wanted], f"the target of {where}")
        if len(wanted) != len(ids):
            raise ValueError(f"{where} has {len(ids)} notes and {len(wanted)} targets: give one for each note, or one")
        return ids, self._known(wanted, f"the targets of {where}")

    def _known(self, tune: Iterable[Any], where: str) -> list[int]:
        ids = []
        for pitch in tune:
            if _pitch(pitch, where) not in self._ids:
                raise ValueError(f"{where}: the model does not know the pitch {pitch}, it has {self._range()}")
            ids.append(self._ids[int(pitch)])
        return ids

    def _range(self) -> str:
        return f"{len(self.pitches)} from {self.pitches[0]} to {self.pitches[-1]}"

    # ------------------------------------------------------------ writing

    def predict(
        self,
        seed: Sequence[int],
        steps: int = 16,
        *,
        generator: np.random.Generator | None = None,
    ) -> list[int]:
        """Continue a melody: the MIDI pitches that come after the seed. Lesson 09.

        generator: draws each pitch with its probability; without one the likeliest is taken. Raises ValueError for
        an empty seed and for pitches that the model does not know.
        """
        ids = self._known(seed, "the seed")
        if not ids:
            raise ValueError("the seed should have at least one pitch, such as [67]")
        _check_count("steps", steps)
        written, state = [], None
        with no_grad():
            for _ in range(steps):
                logits, state = self(np.array(ids), state)
                ids = [_choose(softmax(logits[-1]).data, generator)]
                written.append(self.pitches[ids[0]])
        return written


def read_tunes(path: str | os.PathLike[str]) -> list[list[int]]:
    """Read tunes from a text, one a line: MIDI numbers 0 to 127 between spaces, commas or semicolons. Lesson 09.

    Blank lines, and those that begin with #, are passed over. Raises ValueError with the line for anything else.
    """
    tunes = []
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            words = line.replace(",", " ").replace(";", " ").split()
            if words and not words[0].startswith("#"):
                tunes.append([_pitch(word, f"{os.fspath(path)}, line {number}") for word in words])
    if not tunes:
        raise ValueError(f"{os.fspath(path)}: there is no tune in it; a line is one tune, such as 60 62 64")
    return tunes


def _pitch(value: Any, where: str = "") -> int:
    """A MIDI number, from a number or a word."""
    try:
        pitch = int(value) if isinstance(value, str) or int(value) == value else -1
    except (TypeError, ValueError):
        pitch = -1
    if not 0 <= pitch <= 127:
        raise ValueError(f"{where}{': ' * bool(where)}{value!r} is no MIDI number from 0 to 127")
    return pitch


def _check_count(what: str, value: Any) -> None:
    if not (isinstance(value, int | np.integer) and value > 0):
        raise ValueError(f"{what} should be a whole number of 1 or more, not {value!r}")


def _side_by_side(rows: list[tuple[list[int], list[int]]]) -> tuple[Array, Array]:
    """Rows of ids and targets as two arrays (T, B), as long as the longest."""
    ids = np.zeros((max(len(row) for row, _ in rows), len(rows)), dtype=int)
    targets = np.full_like(ids, IGNORED)
    for column, (row, wanted) in enumerate(rows):
        ids[: len(row), column], targets[: len(row), column] = row, wanted
    return ids, targets


def _count(batches: Iterable[tuple[Array, Array]]) -> int:
    return sum(np.count_nonzero(targets != IGNORED) for _, targets in batches)


def _cut(state: Any) -> Any:
    """The state's numbers without the graph behind them."""
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def _choose(probabilities: Array, generator: np.random.Generator | None) -> int:
    """The likeliest, or one drawn from the cumulative sums."""
    if generator is None:
        return int(probabilities.argmax())
    sums = probabilities.cumsum()
    return int(np.searchsorted(sums, generator.random() * sums[-1], side="right"))
