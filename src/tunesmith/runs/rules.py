"""What a setting may be: its type and range, looked at when the settings are made. Lesson 10."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import field, fields
from typing import Any


class SettingError(ValueError):
    """A setting that can't be taken. key: which one, with its section: ``train.epochs``."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key} {problem}")
        self.key, self.problem = key, problem


def setting(default: Any, words: str, take: Callable[[Any], Any], optional: bool = False) -> Any:
    """A field that knows what it takes. words: what its value should be. take: gives the value as it is kept,
    raises ValueError or TypeError for any other. optional: None (``null``) is taken too."""
    words += " or null" if optional else ""
    return field(default=default, metadata={"words": words, "take": take, "optional": optional})


def flag(default: bool) -> Any:
    def take(value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError
        return value

    return setting(default, "true or false", take)


def whole(default: int | None, low: int, high: int = 10**9, optional: bool = False) -> Any:
    def take(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return value

    return setting(default, f"a whole number from {low} to {high:,}", take, optional)


def number(default: float | None, low: float, high: float, above: bool = False, optional: bool = False) -> Any:
    """A number from low to high; above: low itself is too small."""

    def take(value: Any) -> float:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)  # YAML reads 3e-3, without a point, as text
        if not low <= number <= high or (above and number == low) or not math.isfinite(number):
            raise ValueError
        return number

    return setting(default, f"a number {'above' if above else 'from'} {low} to {high:g}", take, optional)


def text(default: str, words: str = "text", pattern: str = r"(?s).*") -> Any:
    def take(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return setting(default, words, take)


def choice(default: str, names: tuple[str, ...]) -> Any:
    def take(value: Any) -> str:
        if value not in names:
            raise ValueError
        return value

    return setting(default, f"{', '.join(names[:-1])} or {names[-1]}", take)


class Checked:
    """A dataclass whose fields are looked at when it is made."""

    section = ""

    def __post_init__(self) -> None:
        for place in fields(self):  # type: ignore[arg-type]
            value, rule = getattr(self, place.name), place.metadata
            if "take" not in rule or (value is None and rule["optional"]):
                continue
            try:
                value = rule["take"](value)
            except (TypeError, ValueError, AttributeError, OverflowError):
                problem = f"should be {rule['words']}, and is {_shown(value)}"
                raise SettingError(self.section + place.name, problem) from None
            object.__setattr__(self, place.name, value)


def _shown(value: Any) -> str:
    """A value as its file has it, cut short."""
    text = {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))
    return text if len(text) <= 60 else f"{text[:57]}…"
