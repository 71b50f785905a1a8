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
    tokens = settings.pop("characters" if model.unit == "character" else "vocabulary")
    if styles := settings.pop("styles", ()):
        settings["styles"] = " and ".join(styles)
    settings = {name: " ".join(value) if isinstance(value, list) else value for name, value in settings.items()}
    collections = ", ".join(f"*{name}*" for name in [card["collection"], *card.get("more", ())])
    losses = "\n".join(f"| {part} | {score:.3f} |" for part, score in card[f"nats_per_{model.unit}"].items())
    leaks = card.get("near_duplicates")
    leakage = "" if leaks is None else f" Near-duplicates of training songs among the test songs: {leaks}."
    return f"""# {name}

A `{type(model).__name__}` with {count_parameters(model):,} weights, trained on {collections}.
{_predicts(model, len(tokens))}

| songs | nats per {model.unit} |
|---|---|
{losses}

Negative log-likelihood, each song's end counted as a {"character" if model.unit == "character" else "token"}.
The training ran {card["epochs"]["trained"]} epochs and kept the weights after epoch {card["epochs"]["kept"]};
it took {card["seconds"]:,} seconds.

- **Data:** {", ".join(f"{count:,} {part.replace('_', ' ')}" for part, count in card["songs"].items())}.
- **Split:** {card["split"]}.{leakage}
- **Network:** {_listed(settings)}.
- **Training:** {_listed(card["settings"])}.
- **Versions:** {_listed(card["versions"])}.
- **Licence:** {_licence(" + ".join([card["collection"], *card.get("more", ())]))}

Made by:

```
{command}
```
"""


def _predicts(model: TokenModel, tokens: int) -> str:
    if model.unit == "character":
        return f"It predicts the next of {tokens} characters of tunes in ABC, in the keys that they are written in."
    return (
        f"It predicts the next of {tokens} tokens, one for each {model.step} of a quarter note, in C major or A minor."
    )


def _licence(collection: str) -> str:
    """What one may do with the weights. collection: what they learned from, several joined by " + "."""
    parts = collection.split(" + ")
    if any(map(is_essen, parts)):
        return _ESSEN_LICENCE
    known = [part for part in parts if part in COLLECTIONS]
    if known:
        return f"{_OWN_LICENCE} The songs come with music21: {COLLECTIONS[known[0]].terms}."
    return _OWN_LICENCE


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
