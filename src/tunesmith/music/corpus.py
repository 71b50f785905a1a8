"""Many songs at once: named collections and folders, read on all cores, cached, with a report.

Lessons 03 and 04.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, overload

from tunesmith.music import abc, draft, files, kern, key, melody
from tunesmith.music.draft import Parsed, SongError
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody, Note, exact
from tunesmith.music.progress import progress

# The note values of the introduction project, in quarter notes: sixteenth to whole note.
DURATIONS = tuple(Fraction(value) for value in ("1/4", "1/2", "3/4", "1", "3/2", "2", "3", "4"))

# Where a named collection stands in music21's corpus. The Essen files name the tonic, not the mode.
_ESSEN = {
    "erk": ("erk5", "erk10", "erk20", "erk30"),
    "kinder": ("kinder0",),
}
COLLECTIONS = tuple(sorted(_ESSEN))

_CHUNK = 16  # songs that a worker takes at a time


class Outcome(NamedTuple):
    """What became of one song.

    name: unique in the collection, fit for a file's name. cause: "" for a song that was read, else
    a word or two to count by. detail: why it was left out, or what was lost or is doubtful.
    """

    name: str
    title: str
    cause: str
    detail: str

    def __str__(self) -> str:
        state = "left out" if self.cause else "read"
        return f"{self.name}: {state}{': ' if self.detail else ''}{self.detail}"


class Report(Sequence[Outcome]):
    """One `Outcome` a song, in the order of the files. Printed, it is a summary; `lines` has all."""

    def __init__(self, name: str, outcomes: Iterable[Outcome]) -> None:
        self.name = name
        self.outcomes = tuple(outcomes)

    @property
    def read(self) -> tuple[Outcome, ...]:
        """The songs that were read."""
        return tuple(outcome for outcome in self.outcomes if not outcome.cause)

    @property
    def left_out(self) -> tuple[Outcome, ...]:
        """The songs that were left out, each with its cause."""
        return tuple(outcome for outcome in self.outcomes if outcome.cause)

    @property
    def causes(self) -> Counter[str]:
        """How many songs were left out for which cause."""
        return Counter(outcome.cause for outcome in self.left_out)

    @property
    def doubtful_keys(self) -> tuple[Outcome, ...]:
        """The songs that were read with a key that is doubtful or was estimated whole."""
        return tuple(o for o in self.read if "key doubtful" in o.detail or "no key named" in o.detail)

    @property
    def lines(self) -> list[str]:
        """One line a song."""
        return [str(outcome) for outcome in self.outcomes]

    def as_json(self) -> dict[str, object]:
        """The whole report as plain values, for a JSON file."""
        return {
            "source": self.name,
            "read": len(self.read),
            "left_out": len(self.left_out),
            "causes": dict(sorted(self.causes.items())),
            "doubtful_keys": len(self.doubtful_keys),
            "songs": [outcome._asdict() for outcome in self.outcomes],
        }

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Outcome]: ...
    def __getitem__(self, index):
        return self.outcomes[index]

    def __len__(self) -> int:
        return len(self.outcomes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Report) and (self.name, self.outcomes) == (other.name, other.outcomes)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        lines = [f"{self.name}: {len(self):,} songs, {len(self.read):,} read, {len(self.left_out):,} left out"]
        for cause, count in sorted(self.causes.items(), key=lambda item: (-item[1], item[0])):
            first = next(outcome for outcome in self.left_out if outcome.cause == cause)
            lines.append(f"  {count:5,} left out: {cause} (the first: {first.name}: {first.detail})")
        if self.doubtful_keys:
            count, first = len(self.doubtful_keys), self.doubtful_keys[0]
            lines.append(f"  {count:5,} read with a doubtful key (the first: {first})")
        return "\n".join(lines)

    __repr__ = __str__


class Songs(Sequence[Melody]):
    """The songs that `load` read. A sequence of `Melody`; `report` says what became of every file.

    names: one for each song, unique, fit for a file's name.
    """

    def __init__(self, name: str, melodies: Iterable[Melody], report: Report) -> None:
        self.name = name
        self.melodies = tuple(melodies)
        self.report = report
        self.names = tuple(outcome.name for outcome in report.read)

    @overload
    def __getitem__(self, index: int) -> Melody: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Melody]: ...
    def __getitem__(self, index):
        return self.melodies[index]

    def __iter__(self) -> Iterator[Melody]:
        return iter(self.melodies)

    def __len__(self) -> int:
        return len(self.melodies)

    def __repr__(self) -> str:
        return f"<Songs {self.name}: {len(self):,} read, {len(self.report.left_out):,} left out>"


@dataclass(frozen=True)
class _Source:
    """One song of a file, waiting to be read; or why its file could not even be opened."""

    name: str
    ending: str
    source: str
    first_line: int
    text: str
    modes_named: bool
    remarks: tuple[str, ...] = ()
    error: tuple[str, str] | None = None  # cause, message


@dataclass(frozen=True)
class _Result:
    """A song as it is cached: parsed, or the reason why not."""

    name: str
    parsed: Parsed | None
    cause: str = ""
    detail: str = ""


def load(
    source: str | os.PathLike[str],
    *,
    durations: Iterable[Fraction | float | str] | None = DURATIONS,
    jobs: int | None = None,
) -> Songs:
    """Read a collection that comes with music21 (``"erk"``, ``"kinder"``), a folder, or a file.

    Of a folder all ``.krn`` and ``.abc`` files are read, its subfolders' too. The first reading of
    a collection takes a while and shows a bar; later ones come from the cache. A song that can't be
    read, or has a note value outside `durations` (quarter notes, judged before ties are joined;
    None admits all), is left out, and ``.report`` says why. Lessons 03 and 04.

    jobs: processes, by default one a core.
    Raises ValueError for a name that is no collection and no folder, and for a folder without songs.
    """
    name, sources = _sources(source)
    fingerprint = _fingerprint(sources)
    results = _from_cache(fingerprint, len(sources))
    if results is None:
        results = _parse_all(sources, name, jobs)
        _to_cache(fingerprint, results)
    allowed = None if durations is None else {exact(value) for value in durations}
    melodies, outcomes = [], []
    for result in results:
        melody, outcome = _judge(result, allowed)
        outcomes.append(outcome)
        if melody is not None:
            melodies.append(melody)
    return Songs(name, melodies, Report(name, outcomes))


def _judge(result: _Result, allowed: set[Fraction] | None) -> tuple[Melody | None, Outcome]:
    """Apply the filter of durations, and say what became of the song."""
    if result.parsed is None:
        return None, Outcome(result.name, "", result.cause, result.detail)
    song = result.parsed
    for duration, bar in song.written.items():
        if allowed is not None and duration not in allowed:
            detail = f"bar {bar} has a note value of {duration} quarters"
            return None, Outcome(result.name, song.melody.title, "durations", detail)
    return song.melody, Outcome(result.name, song.melody.title, "", "; ".join(song.remarks))


# --- Where the songs are -------------------------------------------------------------------------


def _sources(source: str | os.PathLike[str]) -> tuple[str, list[_Source]]:
    """The name of what is loaded, and its songs in the order of files, none of them read yet."""
    if isinstance(source, str) and source in _ESSEN:
        folder = Path(find_spec("music21").origin).parent / "corpus" / "essenFolksong"
        paths = [folder / f"{stem}.abc" for stem in _ESSEN[source]]
        return source, [song for path in paths for song in _songs_of(path, path.name, modes_named=False)]
    root = Path(source)
    if root.is_file():
        return root.name, _songs_of(root, root.name)
    if not root.is_dir():
        known = ", ".join(COLLECTIONS)
        raise ValueError(f"{os.fspath(source)!r} is neither a collection ({known}) nor a folder or file")
    paths = sorted(
        (path for path in root.rglob("*") if path.suffix.lower() in files.READS and path.is_file()),
        key=lambda path: path.relative_to(root).as_posix(),
    )
    if not paths:
        raise ValueError(f"there are no songs in {root}: expected files ending in {' or '.join(files.READS)}")
    songs = [song for path in paths for song in _songs_of(path, path.relative_to(root).as_posix())]
    return root.resolve().name, _unique_names(songs)


def _songs_of(path: Path, source: str, modes_named: bool = True) -> list[_Source]:
    """The songs of one file; one that can't be opened becomes an entry of its own."""
    ending = path.suffix.lower()
    try:
        text, remarks = files.read_text(path)
        songs = files.cut_songs(path, text)
    except OSError as error:
        failure = ("unreadable file", f"can't be opened: {error.strerror}")
        return [_Source(path.stem, ending, source, 1, "", modes_named, error=failure)]
    except SongError as error:
        return [_Source(path.stem, ending, source, 1, "", modes_named, error=(error.cause, str(error)))]
    several = len(songs) > 1
    return [
        _Source(
            f"{path.stem}-{number:0{len(str(len(songs)))}d}" if several else path.stem,
            ending,
            f"{source}, tune {number}" if several else source,
            first_line,
            tune,
            modes_named,
            tuple(remarks),
        )
        for number, (_, first_line, tune) in enumerate(songs, 1)
    ]


def _unique_names(songs: list[_Source]) -> list[_Source]:
    """A name that two files share gets its folder and ending added: ``tune`` → ``jigs-tune-abc``."""
    shared = {name for name, count in Counter(song.name.lower() for song in songs).items() if count > 1}
    taken: set[str] = set()
    renamed = []
    for song in songs:
        name = song.name
        if name.lower() in shared:
            folder = Path(song.source.split(", tune ")[0]).parent.as_posix().replace("/", "-")
            name = f"{'' if folder == '.' else folder + '-'}{name}-{song.ending[1:]}"
        base, number = name, 2
        while name.lower() in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name.lower())
        renamed.append(replace(song, name=name))
    return renamed


# --- Reading, on all cores -----------------------------------------------------------------------


def _parse_all(sources: list[_Source], name: str, jobs: int | None) -> list[_Result]:
    """Read the songs, in their order; several processes where that pays."""
    chunks = [sources[i : i + _CHUNK] for i in range(0, len(sources), _CHUNK)]
    jobs = min(jobs or os.cpu_count() or 1, len(chunks))
    label = f"reading {name}"
    if jobs == 1 or all(song.ending == ".krn" for song in sources):
        return [_parse(song) for song in progress(sources, label)]
    from joblib import Parallel, delayed

    done = Parallel(n_jobs=jobs, return_as="generator")(delayed(_parse_chunk)(chunk) for chunk in chunks)
    return [result for chunk in progress(done, label, total=len(chunks)) for result in chunk]


def _parse_chunk(sources: list[_Source]) -> list[_Result]:
    return [_parse(source) for source in sources]


def _parse(song: _Source) -> _Result:
    if song.error:
        return _Result(song.name, None, *song.error)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # music21's own; what matters is in the remarks
            parsed = files.parse_song(song.ending, song.source, song.first_line, song.text, song.modes_named)
    except SongError as error:
        return _Result(song.name, None, error.cause, str(error))
    return _Result(song.name, replace(parsed, remarks=song.remarks + parsed.remarks))


# --- The cache -----------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where read songs are kept: ``TUNESMITH_HOME``, or the user's cache folder."""
    from platformdirs import user_cache_path

    home = os.environ.get("TUNESMITH_HOME")
    return Path(home) if home else user_cache_path("tunesmith", appauthor=False)


def _fingerprint(sources: list[_Source]) -> str:
    """A hash of all that the result depends on: the songs, our readers' code, music21's version."""
    digest = hashlib.sha256(f"music21 {version('music21')}".encode())
    for module in (abc, draft, files, kern, key, melody):
        digest.update(Path(module.__file__).read_bytes())
    for song in sources:
        digest.update(repr(song).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _from_cache(fingerprint: str, count: int) -> list[_Result] | None:
    """The songs as cached; None if they are not there, or damaged."""
    path = cache_folder() / "songs" / f"{fingerprint}.json"
    try:
        results = [_from_json(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    return results if len(results) == count else None


def _to_cache(fingerprint: str, results: list[_Result]) -> None:
    folder = cache_folder() / "songs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps([_as_json(result) for result in results], separators=(",", ":"))
        files.write_whole(folder / f"{fingerprint}.json", text.encode("utf-8"))
    except OSError as error:
        message = f"the songs can't be cached in {folder} ({error.strerror}): they are read anew each time"
        warnings.warn(message, stacklevel=3)


def _as_json(result: _Result) -> dict[str, object]:
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


def _from_json(entry: dict) -> _Result:
    if "notes" not in entry:
        return _Result(entry["name"], None, entry["cause"], entry["detail"])
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
    return _Result(entry["name"], Parsed(song, written, tuple(entry["remarks"])))


@lru_cache(maxsize=4096)
def _note(pitch: int | None, duration: str) -> Note:
    return Note(pitch, exact(duration))  # immutable, so songs may share it
