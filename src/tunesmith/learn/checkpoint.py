"""Weights on disk: safetensors only, so that nothing is unpickled. Lessons 06 and 07."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

from tunesmith.models.char_lstm import CharLSTM
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.models.melody_rnn import MelodyRNN
from tunesmith.models.melody_transformer import MelodyTransformer
from tunesmith.models.token_model import TokenModel
from tunesmith.models.window_lstm import WindowLSTM
from tunesmith.models.window_network import WindowNetwork
from tunesmith.music.data import data_path
from tunesmith.music.files import write_whole

MODELS: dict[str, type[TokenModel]] = {
    model.__name__: model for model in (MelodyLSTM, WindowLSTM, CharLSTM, MelodyRNN, MelodyTransformer, WindowNetwork)
}
DEFAULT = "folk"  # the course's best melody model, from lesson 11
_ENTRY = "tunesmith"  # the one string of the metadata, JSON


def save_tensors(path: str | os.PathLike[str], tensors: dict[str, Tensor], info: dict[str, Any]) -> None:
    """Write tensors, and everything else as one JSON string; whole or not at all.

    A file of that name is replaced. Raises OSError where it can't be written.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
    write_whole(Path(path), tensors_to_bytes(plain, {_ENTRY: json.dumps(info, sort_keys=True)}))


def load_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote. Raises FileNotFoundError, and ValueError for anything else."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    content = path.read_bytes()
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        tensors = tensors_from_bytes(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        size = f"{len(content):,} bytes"
        raise ValueError(f"{path} is damaged or no checkpoint ({size}): fetch or train it again") from error
    try:
        info = dict(json.loads(header["__metadata__"][_ENTRY]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} holds tensors, but not of a model of this course") from error
    return tensors, info


def save_model(model: TokenModel, path: str | os.PathLike[str], **card: Any) -> None:
    """Write a model's weights and settings. card: plain values to keep beside them, such as scores."""
    save_tensors(path, prefixed("model", model.state_dict()), {**describe(model), "card": card})


def load_model(path: str | os.PathLike[str] = DEFAULT, device: str | torch.device = "cpu") -> TokenModel:
    """A trained model, ready to generate: by its path, or one of the course's by name (``"folk"``, ``"erk"``).

    A checkpoint of `fit` is taken too, at its best weights. Lesson 07.
    Raises FileNotFoundError, and ValueError for a file that is damaged or of another model.
    """
    path = _found(path)
    tensors, info = load_tensors(path)
    name = str(info.get("model", "nameless model"))
    if name not in MODELS:
        raise ValueError(f"{path} holds a {name}; known are: {', '.join(MODELS)}")
    build = MODELS[name]
    try:
        model = build.from_settings(info["settings"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} has settings that this {build.__name__} does not know: {error}") from error
    load_weights(model, without_prefix("best", tensors) or without_prefix("model", tensors), path)
    return model.to(device).eval()


def _found(name: str | os.PathLike[str]) -> Path:
    """A file, or a model of the course by its name. Raises FileNotFoundError that lists those that are there."""
    if not (isinstance(name, str) and name.isidentifier()) or Path(name).is_file():
        return Path(name)
    folder = data_path("models")
    known = sorted(path.stem for path in folder.glob("*.safetensors"))
    if name not in known:
        raise FileNotFoundError(f"there is no model {name!r}: name a file, or one of the course's: {', '.join(known)}")
    return folder / f"{name}.safetensors"


def load_card(path: str | os.PathLike[str] = DEFAULT) -> dict[str, Any]:
    """What stands beside a model's weights: collection, split, settings, scores; empty for a checkpoint of `fit`.

    path and errors: as for `load_model`. Lesson 06.
    """
    _, info = load_tensors(_found(path))
    return info.get("card", {})


def describe(model: TokenModel) -> dict[str, Any]:
    """Which model it is, for a checkpoint's JSON."""
    return {"model": type(model).__name__, "settings": model.settings()}


def load_weights(model: torch.nn.Module, weights: dict[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Put weights into a model. Raises ValueError where they are another model's."""
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ValueError(
                f"{path} does not fit this {type(model).__name__}: "
                f"{name} should be {expected.get(name, 'absent')} and is {found.get(name, 'absent')}"
            )
    model.load_state_dict(weights)


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """``{"w": …}`` → ``{"model.w": …}``."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those tensors that carry the prefix, by their names without it."""
    return {name[len(prefix) + 1 :]: tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}.")}
