"""The card of trained weights: what they are, what they learned from, how well, and what one may do with them."""

from __future__ import annotations

from typing import Any

from tunesmith.models.token_model import TokenModel, count_parameters
from tunesmith.music.sources import COLLECTIONS, is_essen

_ESSEN_LICENCE = (
    "Non-commercial use only. The songs are part of the Essen folksong collection, which is in music21 by permission "
    "for non-commercial use. The code's MIT licence and the text's CC BY licence do not extend to these weights."
)
_OWN_LICENCE = "As the songs that it was trained on allow."


def card_text(name: str, model: TokenModel, card: dict[str, Any], command: str) -> str:
    """A Markdown page about trained weights.

    name: what the file is called. card: the plain values that are stored with the weights.
    command: the line that trains them again.
    """
    settings = model.settings()
    vocabulary = settings.pop("vocabulary")
    losses = "\n".join(f"| {part} | {score:.3f} |" for part, score in card["nats_per_step"].items())
    leaks = card.get("near_duplicates")
    leakage = "" if leaks is None else f" Near-duplicates of training songs among the test songs: {leaks}."
    return f"""# {name}

A `{type(model).__name__}` with {count_parameters(model):,} weights, trained on *{card["collection"]}*.
It predicts the next of {len(vocabulary)} tokens, one for each {model.step} of a quarter note, in C major or A minor.

| songs | nats per step |
|---|---|
{losses}

Negative log-likelihood, each song's end counted as a token.
The training ran {card["epochs"]["trained"]} epochs and kept the weights after epoch {card["epochs"]["kept"]};
it took {card["seconds"]:,} seconds.

- **Data:** {", ".join(f"{count:,} {part.replace('_', ' ')}" for part, count in card["songs"].items())}.
- **Split:** {card["split"]}.{leakage}
- **Network:** {_listed(settings)}.
- **Training:** {_listed(card["settings"])}.
- **Versions:** {_listed(card["versions"])}.
- **Licence:** {_licence(card["collection"])}

Made by:

```
{command}
```
"""


def _licence(collection: str) -> str:
    if is_essen(collection):
        return _ESSEN_LICENCE
    if collection in COLLECTIONS:
        return f"{_OWN_LICENCE} The songs come with music21: {COLLECTIONS[collection].terms}."
    return _OWN_LICENCE


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
