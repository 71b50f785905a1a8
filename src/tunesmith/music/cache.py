"""Songs that were read once, kept as JSON in the user's cache folder: nothing is pickled."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from tunesmith.music import files
from tunesmith.music.draft import Parsed
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody, Note, exact
from tunesmith.music.sources import Source

# Modules of this room on which no song depends; all others are readers, or what readers call.
_DECIDE_NOTHING = {
    "__init__",
    "abc_bars",
    "abc_check",
    "abc_clean",
    "abc_grammar",
    "abc_lengths",
    "abc_tunes",
    "cache",
    "corpus",
    "data",
    "progress",
    "report",
    "sopranos",
    "sources",
}


@dataclass(frozen=True)
class Result:
    """A song as it is cached: parsed, or the reason why not."""

    name: str
    parsed: Parsed | None
    cause: str = ""
    detail: str = ""


def cache_folder() -> Path:
    """Where read songs are kept: ``TUNESMITH_HOME``, or the user's cache folder."""
    from platformdirs import user_cache_path

    home = os.environ.get("TUNESMITH_HOME")
    return Path(home) if home else user_cache_path("tunesmith", appauthor=False)


def fingerprint(sources: list[Source]) -> str:
    """A hash of all that the result depends on: the songs, our readers' code, music21's and mido's version."""
    digest = hashlib.sha256(f"music21 {version('music21')}, mido {version('mido')}".encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):  # all of this room, so that none is forgotten
        if module.stem not in _DECIDE_NOTHING:
            digest.update(module.read_bytes())
    for song in sources:
        digest.update(repr(song).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def from_cache(key: str, count: int) -> list[Result] | None:
    """The songs as cached; None if they are not there, or damaged."""
    path = cache_folder() / "songs" / f"{key}.json"
    try:
        results = [_from_json(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    return results if len(results) == count else None


def to_cache(key: str, results: list[Result]) -> None:
    """Keep the songs; where that fails, warn once and go on."""
    folder = cache_folder() / "songs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps([_as_json(result) for result in results], separators=(",", ":"))
        files.write_whole(folder / f"{key}.json", text.encode("utf-8"))
    except OSError as error:
        message = f"the songs can't be cached in {folder} ({error.strerror}): they are read anew each time"
        warnings.warn(message, stacklevel=3)


def _as_json(result: Result) -> dict[str, object]:
    if result.parsed is None:
        return {"name": result.name, "cause": result.cause, "detail": result.detail}
    song = result.parsed.melody
    return {
        "name": result.name,
        "notes": [[note.pitch, str(note.duration)] for note in song.notes],
        "time_signature": song.time_signature,
        "upbeat": str(song.upbeat),
        "key": str(song.key) if song.key else None,
        "tempo": song.tempo,
        "title": song.title,
        "source": song.source,
        "written": [[str(duration), bar] for duration, bar in result.parsed.written.items()],
        "remarks": list(result.parsed.remarks),
    }


def _from_json(entry: dict) -> Result:
    if "notes" not in entry:
        return Result(entry["name"], None, entry["cause"], entry["detail"])
    song = Melody(
        tuple(_note(pitch, duration) for pitch, duration in entry["notes"]),
        time_signature=entry["time_signature"],
        upbeat=exact(entry["upbeat"]),
        key=Key.parse(entry["key"]) if entry["key"] else None,
        tempo=entry["tempo"],
        title=entry["title"],
        source=entry["source"],
    )
    written = {exact(duration): bar for duration, bar in entry["written"]}
    return Result(entry["name"], Parsed(song, written, tuple(entry["remarks"])))


@lru_cache(maxsize=4096)
def _note(pitch: int | None, duration: str) -> Note:
    return Note(pitch, exact(duration))  # immutable, so songs may share it
