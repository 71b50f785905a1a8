"""How well a model foretells songs that it has not seen, beside models that hardly listen. Lesson 06."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from tunesmith.learn.baselines import bigram_table, uniform_table, unigram_table
from tunesmith.learn.batches import PADDING, WholeSongs, song_ids
from tunesmith.learn.feed import feed
from tunesmith.learn.text import unlabelled
from tunesmith.learn.train import Song, batch_logits
from tunesmith.learn.windows import Windows
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.models.token_model import TokenModel
from tunesmith.tokens.characters import Characters
from tunesmith.tokens.vocabulary import Vocabulary

BITS = 1 / math.log(2)  # bits in a nat
_OF_TEXTS = ("model", "nats_per_step", "bits_per_step", "accuracy")  # what is told of a score on texts


@dataclass(frozen=True)
class Score:
    """One model's result.

    nats_per_step: mean negative log-likelihood of a target. nats_per_note: the same sum, divided by the
    number of notes. accuracy: share of targets for which the likeliest token was the right one;
    onset_accuracy: the same, over targets that begin a note. Where several tokens are equally likely,
    each counts for its share. Shares lie between 0 and 1.
    """

    model: str
    nats_per_step: float
    nats_per_note: float
    accuracy: float
    onset_accuracy: float

    @property
    def bits_per_step(self) -> float:
        """Negative log-likelihood in bits: nats divided by ln 2."""
        return self.nats_per_step * BITS

    @property
    def bits_per_note(self) -> float:
        """The same for a note."""
        return self.nats_per_note * BITS


@dataclass(frozen=True)
class Evaluation:
    """The scores of a model and its baselines on the same songs. Printed, it is a table. Lesson 06.

    scores: the baselines first, the model last. songs, steps, notes: how many there were; each song's
    end is a step, a note is counted at its onset. unit: "step", or "character" for texts (lesson 10): then characters
    are counted as steps, and notes are not.
    """

    scores: tuple[Score, ...]
    songs: int
    steps: int
    notes: int
    unit: str = "step"

    @property
    def model(self) -> Score:
        """The score of the model itself."""
        return self.scores[-1]

    def as_json(self) -> dict[str, object]:
        """All numbers as plain values, for a JSON file; None where there are no notes to divide by."""
        rows = [
            {**asdict(score), "bits_per_step": score.bits_per_step, "bits_per_note": score.bits_per_note}
            for score in self.scores
        ]
        for row in rows:  # JSON has no "not a number"
            row.update({name: None for name, value in row.items() if value != value})
        if self.unit == "character":
            rows = [{name.replace("_step", "_character"): row[name] for name in _OF_TEXTS} for row in rows]
            return {"songs": self.songs, "characters": self.steps, "scores": rows}
        return {"songs": self.songs, "steps": self.steps, "notes": self.notes, "scores": rows}

    def __str__(self) -> str:
        width = max(len(score.model) for score in self.scores)
        if self.unit == "character":
            lines = [
                f"tunes: {self.songs:,}, characters: {self.steps:,}",
                f"{'':{width}}  nats/character  bits/character  right",
            ]
            for s in self.scores:
                lines.append(f"{s.model:{width}}  {s.nats_per_step:14.3f}  {s.bits_per_step:14.3f}  {s.accuracy:5.1%}")
            return "\n".join(lines)
        lines = [
            f"songs: {self.songs:,}, notes: {self.notes:,}, steps: {self.steps:,}",
            f"{'':{width}}  nats/step  bits/step  nats/note  bits/note  right  right at onsets",
        ]
        for s in self.scores:
            losses = (s.nats_per_step, s.bits_per_step, s.nats_per_note, s.bits_per_note)
            numbers = "  ".join(f"{loss:9.3f}" for loss in losses)
            lines.append(f"{s.model:{width}}  {numbers}  {s.accuracy:5.1%}  {s.onset_accuracy:15.1%}")
        return "\n".join(lines)

    __repr__ = __str__


def evaluate(model: TokenModel, songs: Sequence[Song], train: Sequence[Song] | None = None) -> Evaluation:
    """Measure a model on token songs, or texts, beside a uniform, a unigram and a bigram model. Lessons 06 and 10.

    songs: what to foretell, best songs that the model has not seen. train: the songs that the unigram and the
    bigram model count; without them there is only the uniform one. All numbers are computed in float64 from
    the model's logits. Raises ValueError for no songs, unknown tokens, or a model without a vocabulary.
    """
    if not songs:
        raise ValueError("there are no songs to evaluate on")
    targets_of = feed(model, songs)  # refuses a model without a vocabulary
    if isinstance(model, CharLSTM):  # only the network hears of styles
        songs, train = (unlabelled(texts or [], model.styles)[0] for texts in (songs, train))
    vocabulary = model.vocabulary
    tables = {"uniform": uniform_table(vocabulary)}
    if train:
        tables |= {"unigram": unigram_table(vocabulary, train), "bigram": bigram_table(vocabulary, train)}
    scores = [_score(name, _from_table(table, vocabulary, songs), vocabulary) for name, table in tables.items()]
    was_training = model.training
    model.eval()
    with torch.no_grad():
        scores.append(_score(type(model).__name__, _from_model(model, targets_of), vocabulary))
    model.train(was_training)
    ids = torch.cat([song_ids(vocabulary, song)[1:] for song in songs])
    return Evaluation(tuple(scores), len(songs), len(ids), int(_begins_note(vocabulary)[ids].sum()), model.unit)


_Guesses = Iterator[tuple[Tensor, Tensor]]  # log-probabilities (N, V) and the right ids (N,)


def _from_table(table: Tensor, vocabulary: Vocabulary | Characters, songs: Iterable[Song]) -> _Guesses:
    for song in songs:
        ids = song_ids(vocabulary, song)
        yield table[ids[:-1]], ids[1:]


def _from_model(model: TokenModel, data: WholeSongs | Windows) -> _Guesses:
    for batch in data.batches(64):
        targets = batch.targets.flatten()
        real = targets != PADDING
        logits = batch_logits(model, batch).cpu().double()
        yield logits[real].log_softmax(-1), targets[real]


def _score(name: str, guesses: _Guesses, vocabulary: Vocabulary | Characters) -> Score:
    """Add up losses and hits."""
    begins_note = _begins_note(vocabulary)
    nats = steps = notes = right = right_at_onsets = 0.0
    for log_p, targets in guesses:
        nats -= log_p.gather(1, targets[:, None]).sum().item()
        best = log_p == log_p.max(1, keepdim=True).values
        hits = best.gather(1, targets[:, None]).squeeze(1) / best.sum(1)
        onsets = begins_note[targets]
        steps += len(targets)
        notes += onsets.sum().item()
        right += hits.sum().item()
        right_at_onsets += hits[onsets].sum().item()
    none = math.nan  # songs of rests alone have no notes to divide by
    return Score(name, nats / steps, nats / notes if notes else none, right / steps, right_at_onsets / (notes or none))


def _begins_note(vocabulary: Vocabulary | Characters) -> Tensor:
    """Which tokens are pitches: (V,), bool. Of characters none: a note of a text takes several."""
    return torch.tensor([isinstance(vocabulary, Vocabulary) and token.isdecimal() for token in vocabulary])
