"""A run's new tunes: each as text, and if it is valid as score and sound. Lesson 10."""

from __future__ import annotations

from typing import Any

import torch

from tunesmith.learn.text import Style
from tunesmith.learn.write_text import generate_text
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.music import files
from tunesmith.music.abc_check import check_abc
from tunesmith.music.abc_tunes import whole_abc
from tunesmith.music.progress import progress
from tunesmith.runs.config import Config
from tunesmith.runs.folder import Folder, seeds

SOUNDS = (".mid", ".svg", ".mp3")  # what a valid tune is written as, beside its text


def write_tunes(config: Config, folder: Folder, model: CharLSTM) -> None:
    """Write the tunes that the settings ask for, and say of each whether it is valid, and if not why."""
    settings = config.generate
    asked = [style for style in settings.style or (None,) for _ in range(settings.tunes)]
    tunes = [
        _write_tune(config, folder, model, number, style)
        for number, style in progress(list(enumerate(asked, 1)), "writing tunes")
    ]
    folder.write("tunes", tunes)
    for tune in tunes:
        print(f"generate: {tune['name']}{_named(tune['style'])} {'is valid' if tune['valid'] else tune['why']}")
    print(f"generate: {sum(tune['valid'] for tune in tunes)} of {len(tunes)} tunes are valid")


def _write_tune(config: Config, folder: Folder, model: CharLSTM, number: int, style: Style | None) -> dict[str, Any]:
    """Let the network write one tune into files of its own, and say what became of it."""
    seed = seeds(config)["tunes"] + number - 1
    text, why = _text(config, model, seed, style)
    name = f"tune-{number:02d}"
    check = check_abc(text)
    whole = whole_abc(text, f"{config.name}, tune {number}", number)
    files.write_whole(folder.tunes / f"{name}.abc", whole.encode())
    why = why or ("" if check.valid else _first(str(check)))
    try:
        for ending in () if why else SOUNDS:
            files.write(check.melody(), folder.tunes / f"{name}{ending}", overwrite=True)
    except ValueError as error:  # one tune that no score can be made of must not end the run
        why = f"has no score: {error}"
    return {"name": name, "style": style, "seed": seed, "valid": not why, "why": why, "text": text}


def _text(config: Config, model: CharLSTM, seed: int, style: Style | None) -> tuple[str, str]:
    """A new tune as text; and what went wrong, if the network knows none of the characters that could come next."""
    settings = config.generate
    try:
        text = generate_text(
            model,
            settings.start,
            characters=settings.characters,
            temperature=settings.temperature,
            top_k=settings.top_k,
            top_p=settings.top_p,
            generator=torch.Generator().manual_seed(seed),
            grammar=settings.grammar,
            style=style,
        )
    except ValueError as error:
        return settings.start, str(error)
    return text, ""


def _first(faults: str) -> str:
    """The first fault, and how many follow from it or beside it."""
    first, *others = faults.splitlines()
    return f"{first} (and {len(others)} more)" if others else first


def _named(style: Style | None) -> str:
    if style is None:
        return ""
    return f" ({style if isinstance(style, str) else ', '.join(f'{name} {share:g}' for name, share in style.items())})"
