"""The weights that the course ships, and their cards."""

import re
from collections import Counter

import pytest
import torch

import tunesmith as ts
from melodies import collection
from tunesmith.commands.splitting import split_tokens
from tunesmith.learn.card import card_text
from tunesmith.learn.checkpoint import load_tensors
from tunesmith.learn.train import mean_loss
from tunesmith.music.data import data_path
from tunesmith.music.sources import COLLECTIONS


def lstm() -> ts.MelodyLSTM:
    torch.manual_seed(0)
    return ts.MelodyLSTM(ts.Vocabulary.of(["60 _ 62 _ 64 _"]), embedding_size=3, hidden_size=4)


def card_of(name: str) -> dict:
    return load_tensors(data_path("models", f"{name}.safetensors"))[1]["card"]


def test_the_card_names_the_licence():
    card = card_of("erk")
    own = card_text("m", lstm(), {**card, "collection": "my folder"}, "the command")
    assert "Licence:** As the songs" in own and "on-commercial" not in own and "Essen" not in own
    for name, source in COLLECTIONS.items():
        page = card_text("m", lstm(), {**card, "collection": name}, "the command")
        essen = source.folder == "essenFolksong"
        assert ("Non-commercial use only" in page) == ("Essen" in page) == essen
        assert f"*{name}*" in page and (essen or source.terms in page)
    assert "the command" in own and own.startswith("# m\n")
    assert {"erk", "kinder", "han"} <= {name for name in COLLECTIONS if COLLECTIONS[name].folder == "essenFolksong"}


def test_the_card_of_a_model_that_reads_windows():
    model = ts.WindowLSTM(4, 5, 4, 8, vocabulary=ts.Vocabulary(["_", "60", "62"]))
    page = card_text("w", model, {**card_of("erk"), "collection": "mine"}, "the command")
    for words in ("A `WindowLSTM` with", "next of 4 tokens", "sequence length 8", "hidden size 5"):
        assert words in page


@pytest.mark.parametrize(("name", "size"), [("erk", 2_000_000), ("folk", 3_000_000)])
def test_the_shipped_weights(name: str, size: int):
    model = ts.load_model(name)
    assert not model.training and not ts.load_model().training
    assert data_path("models", f"{name}.safetensors").stat().st_size < size
    assert all(weight.isfinite().all() for weight in model.state_dict().values())
    assert {"_", "r", "/", "60", "72"} <= set(model.vocabulary) and str(model.step) == "1/4"


@pytest.mark.parametrize("name", ["erk", "folk"])
def test_the_shipped_card(name: str):
    """data/models/erk.md is what `card_text` makes of the weights and their metadata."""
    page, card = data_path("models", f"{name}.md").read_text(encoding="utf-8"), card_of(name)
    for part, score in card["nats_per_step"].items():
        assert f"| {part} | {score:.3f} |" in page
    assert card["nats_per_step"]["validation"] <= 0.8 and "test" in card["nats_per_step"]
    assert "Non-commercial use only" in page and "Essen folksong collection" in page
    (command,) = re.findall(r"^python -m tunesmith train .*$", page, re.MULTILINE)
    made = card_text(f"{name}.safetensors", ts.load_model(name), card, command)
    words = re.compile(r"[\w%|-]+")  # the metadata keep no order, so neither is it compared
    assert Counter(words.findall(made)) == Counter(words.findall(page))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "goal"), [("erk", 0.80), ("folk", 0.60)])
def test_the_shipped_weights_are_as_good_as_their_card_says(name: str, goal: float):
    songs = collection("erk")
    train, valid, test = split_tokens(songs, collection="erk")
    encoded = [*train, *valid, *test]
    card, model = card_of(name), ts.load_model(name)
    counts = {"validation": len(valid), "test": len(test)} | ({} if "more" in card else {"training": len(train)})
    assert counts.items() <= card["songs"].items() and set(model.vocabulary) == {*ts.Vocabulary.of(encoded)}
    loss = mean_loss(model, valid)
    assert loss <= goal and loss == pytest.approx(card["nats_per_step"]["validation"], abs=2e-3)
