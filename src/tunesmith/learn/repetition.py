"""Say it again, or not: sampling that looks at what the melody has had already. Lesson 11."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

RUN = 8  # steps that have to be the same: half a bar of 4/4 in sixteenths


def followers(ids: Sequence[int], run: int = RUN) -> list[int]:
    """What came next, wherever the last `run` ids stood before: ids, sorted, each once. Lesson 11.

    ``followers([1, 2, 3, 1, 2], run=2)`` is ``[3]``. run: 1 or more.
    """
    last = list(ids[-run:])
    starts = range(len(ids) - run) if len(ids) > run else ()
    return sorted({ids[start + run] for start in starts if list(ids[start : start + run]) == last})


def lean(logits: Tensor, ids: Sequence[int], weight: float, run: int = RUN) -> Tensor:
    """Logits (V,) with `weight` added where a token would make a literal repetition longer: (V,). Lesson 11.

    ids: the melody so far. weight: above 0 a repetition that has lasted for `run` steps is likelier to go on, below 0
    it is likelier to break off; 0 changes nothing. The odds of going on are multiplied by exp(weight), no more,
    however long the repetition is and however often it was heard.
    Finding the run is what "DRY" sampling does against loops of text (p-e-w 2024, oobabooga/text-generation-webui,
    pull request 5677), whose penalty grows with the run; a bonus for what the piece has had before is that of a cache
    model (Grave et al. 2017). Raises ValueError for a weight that is not finite, and a run below 1.
    """
    if not math.isfinite(weight):
        raise ValueError(
            f"repetition {weight} should be a finite number: above 0 likes what came before, below 0 shuns it"
        )
    if run < 1:
        raise ValueError(f"run {run} should be 1 or more steps")
    again = followers(ids, run)
    if not again or not weight:
        return logits
    logits = logits.clone()
    logits[again] += weight
    return logits
