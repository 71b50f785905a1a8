"""A folder of Kern files to tokens: `tunesmith`, and the pipeline of the usual tutorial.

That pipeline reads each file with music21, keeps the songs whose note values are all in a list, transposes each to
C major or A minor, and writes a token for each sixteenth; one file after the other. It strikes a tied note again,
where we join it; so files with ties, and those that name no key, are timed but not compared. Its interval to C goes by
the written octave: here both sides take the shortest way, down 6 for F sharp.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tunesmith as ts
from bench.measure import Findings, Result, median_seconds, seconds
from tunesmith.music.corpus import DURATIONS

FILES = 1_700
GOAL = 40


def run() -> Findings:
    """The benchmark: write the folder, read it both ways, compare the tokens."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as name:
        folder = Path(name, "songs")
        write_folder(ts.load("erk")[:FILES], folder)
        import music21  # noqa: F401  (neither side pays for imports)

        with no_cache():
            tokens_ours(Path(ts.data_path("songs")))  # what is imported at first use
        our_seconds, ours = median_seconds(lambda: tokens_ours(folder), 3)
        their_seconds, theirs = seconds(lambda: tokens_theirs(folder))
        return judge(our_seconds, ours, their_seconds, theirs, comparable_files(folder), len(list(folder.iterdir())))


def judge(
    our_seconds: float,
    ours: dict[str, str],
    their_seconds: float,
    theirs: dict[str, str],
    comparable: set[str],
    files: int,
) -> Findings:
    """The line of the table, and a failure for each file whose tokens should agree and don't."""
    findings = Findings()
    ratio = their_seconds / our_seconds
    what = f"Kern, {files:,} files to tokens"
    findings.results.append(Result(what, f"{our_seconds:.2f} s", f"{their_seconds:.1f} s", ratio, GOAL))
    compared = sorted(comparable & (ours.keys() | theirs.keys()))
    different = [name for name in compared if ours.get(name) != theirs.get(name)]
    findings.remarks.append(
        f"Kern: {len(compared) - len(different):,} of {len(compared):,} files that name their key and have no ties "
        "give the same tokens"
    )
    if not compared:
        findings.failures.append("Kern: there was no file to compare")
    if different:
        shown = ", ".join(different[:3])
        findings.failures.append(f"Kern: {len(different)} files give other tokens, the first: {shown}")
    return findings


def write_folder(songs: list[ts.Melody], folder: Path) -> None:
    """The songs as Kern files, one each, in a new folder."""
    folder.mkdir(parents=True)
    for number, song in enumerate(songs, 1):
        (folder / f"song{number:04d}.krn").write_text(ts.kern_text(song), encoding="utf-8", newline="\n")


def comparable_files(folder: Path) -> set[str]:
    """The names of files that name their key and have no ties."""
    names = set()
    for path in folder.glob("*.krn"):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("!")]
        names_key = any(re.fullmatch(r"\*[A-Ga-g][#-]*:", line) for line in lines)
        if names_key and not any("[" in line for line in lines if not line.startswith("*")):
            names.add(path.stem)
    return names


# ---------------------------------------------------------------- ours


def tokens_ours(folder: Path) -> dict[str, str]:
    """File name → tokens, as the lessons do it. Nothing is found in a cache, and what is read goes into one."""
    with no_cache():
        songs = ts.load(folder, jobs=1)
        return {Path(song.source).stem: " ".join(ts.encode(ts.to_empty_signature(song))) for song in songs}


@contextmanager
def no_cache() -> Iterator[None]:
    """An empty cache for as long as it lasts."""
    before = os.environ.get("TUNESMITH_HOME")
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as home:
        os.environ["TUNESMITH_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["TUNESMITH_HOME"]
            else:
                os.environ["TUNESMITH_HOME"] = before


# ---------------------------------------------------------------- theirs

_VALUES = {float(value) for value in DURATIONS}
_SIXTEENTH = 0.25


def tokens_theirs(folder: Path) -> dict[str, str]:
    """File name → tokens, by music21 from beginning to end."""
    from music21 import converter

    tokens = {}
    for path in sorted(folder.glob("*.krn")):
        # The tutorial calls `converter.parse(path)`, which unpickles from a shared folder; this only parses.
        score = converter.parseData(path.read_text(encoding="utf-8"), format="humdrum")
        if any(float(event.quarterLength) not in _VALUES for event in score.flatten().notesAndRests):
            continue
        tokens[path.stem] = _steps(_in_c_or_a(score))
    return tokens


def _in_c_or_a(score):
    """The score moved to C major or A minor, the shortest way."""
    from music21 import interval, key, pitch

    named = score.parts[0].recurse().getElementsByClass(key.Key).first() or score.analyze("key")
    target = pitch.Pitch("A" if named.mode == "minor" else "C")
    tonic = named.tonic
    semitones = (target.pitchClass - tonic.pitchClass + 6) % 12 - 6
    start = pitch.Pitch(tonic.name, octave=4)
    target.octave = 4
    target.octave += round((start.ps + semitones - target.ps) / 12)
    return score.transpose(interval.Interval(start, target))


def _steps(score) -> str:
    """A token for each sixteenth: a pitch or a rest where it begins, then holds."""
    tokens: list[str] = []
    for event in score.flatten().notesAndRests:
        tokens.append("r" if event.isRest else str(event.pitch.midi))
        tokens += ["_"] * (int(event.quarterLength / _SIXTEENTH) - 1)
    return " ".join(tokens)
