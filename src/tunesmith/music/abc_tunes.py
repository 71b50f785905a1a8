"""Tunes as text: collections and files of ABC, each tune cleaned to what carries music. Lesson 10."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

from tunesmith.music.abc_clean import clean_abc, cleaned
from tunesmith.music.draft import SongError
from tunesmith.music.report import Outcome, Report
from tunesmith.music.sources import Source, find_sources

__all__ = ["AbcTune", "AbcTunes", "abc_tunes", "clean_abc", "whole_abc"]


@dataclass(frozen=True)
class AbcTune:
    """A tune as text. name: unique in its collection, fit for a file's name. text: what `clean_abc` gives."""

    name: str
    title: str
    text: str


class AbcTunes(Sequence[AbcTune]):
    """The tunes that `abc_tunes` read, in the order of the files; `report` says what became of every one."""

    def __init__(self, name: str, tunes: Iterable[AbcTune], report: Report) -> None:
        self.name = name
        self.tunes = tuple(tunes)
        self.report = report

    @overload
    def __getitem__(self, index: int) -> AbcTune: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AbcTune]: ...
    def __getitem__(self, index):
        return self.tunes[index]

    def __len__(self) -> int:
        return len(self.tunes)

    def __repr__(self) -> str:
        return f"<AbcTunes {self.name}: {len(self):,} read, {len(self.report.left_out):,} left out>"


def abc_tunes(source: str | os.PathLike[str]) -> AbcTunes:
    """The tunes of a collection, a folder, or an ABC file as clean texts, in the order of the files. Lesson 10.

    Collections: ``"irish"``, ``"scottish"``, ``"erk"`` and more, as `load` has them. A tune that can't be a clean
    text is left out, and ``.report`` says why; so is what a folder holds in another format. Essen's tunes (erk,
    han, kinder, …) name only the tonic in ``K:``: it stays as the file has it, and is no promise of major.

    Raises ValueError for a name that is no collection, folder or file, and for a folder without songs.
    """
    name, sources = find_sources(source)
    tunes, outcomes = [], []
    for song in sources:
        tune, outcome = _read(song)
        outcomes.append(outcome)
        if tune:
            tunes.append(tune)
    return AbcTunes(name, tunes, Report(name, outcomes))


def _read(song: Source) -> tuple[AbcTune | None, Outcome]:
    if song.error:
        return None, Outcome(song.name, "", *song.error)
    if song.ending != ".abc":
        return None, Outcome(song.name, "", "other format", f"{song.source}: a file {song.ending} is no ABC text")
    title = _title(song.text)
    try:
        text, remarks = cleaned(song.text)
    except SongError as error:
        return None, Outcome(song.name, title, error.cause, f"{song.source}: {error}")
    return AbcTune(song.name, title, text), Outcome(song.name, title, "", "; ".join((*song.remarks, *remarks)))


def _title(text: str) -> str:
    match = re.search(r"^T:[ \t]*(.*?)[ \t]*$", text, re.MULTILINE)
    return match[1] if match else ""


def whole_abc(text: str, title: str = "", number: int = 1) -> str:
    """A clean tune as a whole one of an ABC file: ``X:`` and ``T:`` put before it. Lesson 10.

    `read` takes it once it is in a file, and so does every other program that knows ABC. number: the tune's in its
    file, from 1.
    """
    return f"X:{number}\nT:{' '.join(title.split())}\n{text.strip()}\n"
