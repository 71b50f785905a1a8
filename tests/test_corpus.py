"""Collections and folders: what is read, what is left out and why, names, the filter, the cache."""

import json
import os
import re
import warnings
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest

from melodies import collection, one_clear_line
from tunesmith.music import cache, corpus, files
from tunesmith.music.corpus import DURATIONS, load
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody
from tunesmith.music.report import Outcome, Report
from tunesmith.music.skyline import Line
from tunesmith.music.sources import COLLECTIONS, find_sources, is_essen

HEAD = "**kern\n*C:\n*M4/4\n"
GOOD = f"!!!OTL: Good\n{HEAD}=1\n1c\n=2\n2d\n2e\n==\n*-\n"
TUNES = """X:1\nT:One\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|

X:2\nT:Two\nM:4/4\nL:1/4\nK:D\nDEFG|[M:3/4]ABc|

X:3\nT:Three\nM:3/4\nL:1/4\nK:none\nCEG|G3|
"""


@pytest.fixture
def folder(tmp_path, home):
    """Puts files into a folder, with an empty cache; gives the folder."""

    def put(**contents):
        for name, content in contents.items():
            path = tmp_path / "tunes" / name.replace("__", "/").replace("_krn", ".krn").replace("_abc", ".abc")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "tunes"

    return put


def quietly(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load(*arguments, **options)


# --- The collections of music21 -----------------------------------------------------------------


def test_erk():
    songs = collection("erk")
    assert (len(songs.report), len(songs), len(songs.names)) == (1781, 1780, 1780)
    assert [str(outcome) for outcome in songs.report.left_out] == [
        "erk10-395: left out: erk10.abc, tune 395, line 5487: no bar lines for over 32 quarters: "
        "mark each bar of 5/4 with |"
    ]
    assert sum(bool(song.upbeat) for song in songs) == 1373
    assert all(song.key and song.time_signature and song.title for song in songs)
    assert len(set(songs.names)) == 1780
    assert songs.report[0].name == "erk5-01" and songs.names[-1].startswith("erk30-")


def test_the_essen_files_name_the_tonic_and_the_mode_is_estimated():
    songs = collection("erk")
    assert {song.key.mode for song in songs} == {"major", "minor"}
    assert 80 < sum(song.key.mode == "minor" for song in songs) < 200
    assert all(outcome in songs.report.read for outcome in songs.report.doubtful_keys)


def test_a_duration_is_judged_before_ties_are_joined():
    songs = collection("erk")
    longer = [song for song in songs if any(note.duration not in DURATIONS for note in song.notes)]
    assert len(longer) == 29  # and one more has a tie between B flat and B, which joins nothing
    assert [o.name for o in songs.report if "joins nothing" in o.detail] == ["erk10-280", "erk10-450", "erk30-531"]


def test_kinder():
    songs = collection("kinder")
    assert (len(songs), len(songs.report)) == (213, 213)
    assert songs.report.lines[0].startswith("kinder0-001: read")
    assert repr(songs) == "<Songs kinder: 213 read, 0 left out>"


def test_a_warm_load_parses_nothing(monkeypatch):
    first = collection("kinder")

    def fail(*arguments):
        raise AssertionError("parsed again")

    monkeypatch.setattr(corpus, "_parse", fail)
    monkeypatch.setattr(corpus, "_parse_all", fail)
    again = quietly("kinder")
    assert again.melodies == first.melodies
    assert again.report == first.report and again.names == first.names
    assert [(a.title, a.source) for a in again] == [(b.title, b.source) for b in first]


COUNTS = {
    "altdeu": 629,
    "american": 56,
    "ballad": 1174,
    "boehme": 719,
    "dva": 192,
    "erk": 1781,
    "essen": 8514,
    "fink": 570,
    "han": 1224,
    "haydn": 50,
    "irish": 2009,
    "irl": 62,
    "kinder": 213,
    "lot": 504,
    "lux": 614,
    "northumbrian": 129,
    "ryan": 1059,
    "scottish": 1180,
    "variant": 29,
    "zuccal": 701,
}


def test_every_collection_is_whole():
    found = {name: find_sources(name) for name in COLLECTIONS}
    assert {name: len(sources) for name, (_, sources) in found.items()} == COUNTS
    assert list(COLLECTIONS) == sorted(COLLECTIONS)
    for name, (label, sources) in found.items():
        assert label == name and not any(song.error or song.remarks for song in sources)
        assert len({song.name.lower() for song in sources}) == len(sources)


def test_no_file_is_in_two_collections_but_in_essen():
    parts = [name for name in COLLECTIONS if name != "essen"]
    files_of = {name: {song.source.split(", tune")[0] for song in find_sources(name)[1]} for name in COLLECTIONS}
    assert all(not files_of[one] & files_of[two] for one, two in combinations(parts, 2))
    essen = set().union(*(files_of[name] for name in parts if is_essen(name)))
    assert (
        files_of["essen"] - essen == {"test0.abc", "test1.abc", "testd.abc", "teste.abc"} and essen < files_of["essen"]
    )


@pytest.mark.parametrize("name", COUNTS)
def test_a_handful_of_every_collection(name):
    """Not all: a fresh machine has no cache, and a large one takes minutes."""
    sources = find_sources(name)[1]
    results = [corpus._parse(song) for song in sources[:: max(1, len(sources) // 3)][:3]]
    read = [result.parsed.melody for result in results if result.parsed]
    assert len(read) >= 2, results
    assert all(song.key and song.title and song.pitches for song in read)
    assert all(song.modes_named != is_essen(name) for song in sources) or name in ("haydn", "essen")


def test_where_modes_are_named_they_are_kept():
    def first(name, field):
        song = next(song for song in find_sources(name)[1] if f"\nK:{field}" in song.text.replace("K: ", "K:"))
        return corpus._parse(song).parsed.melody.key

    assert first("irish", "Dmix") == Key("D", "mixolydian")
    assert first("ryan", "Ador") == Key("A", "dorian")
    assert first("scottish", "E Minor") == Key("E", "minor")
    assert first("haydn", "Gm") == Key("G", "minor")


def test_the_licence_of_weights_tells_essen_from_others():
    from tunesmith.learn.card import _licence

    essen = {name for name in COLLECTIONS if is_essen(name)}
    assert {*COLLECTIONS} - essen == {"american", "irish", "northumbrian", "ryan", "scottish"}
    assert all("Non-commercial use only" in _licence(name) for name in essen)
    for name in {*COLLECTIONS} - essen:
        assert "Essen" not in _licence(name) and "no licence" in _licence(name) and "may not" in _licence(name)
    assert "music21" not in _licence("my folder")


def test_the_page_on_data_has_every_collection(root):
    page = (root / "data" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", page, re.MULTILINE))
    assert {name: int(count.replace(",", "")) for name, count in rows.items()} == COUNTS


def test_music21_without_its_songs(monkeypatch, tmp_path):
    class Spec:
        origin = str(tmp_path / "music21" / "__init__.py")

    monkeypatch.setattr("tunesmith.music.sources.find_spec", lambda name: Spec)
    with pytest.raises(ValueError, match="without its songs") as error:
        load("erk")
    one_clear_line(error.value)


# --- Folders ------------------------------------------------------------------------------------


def test_a_folder_with_broken_files_still_loads(folder):
    path = folder(
        a_krn=GOOD,
        b_krn=f"{HEAD}=1\n4c\n4x\n*-\n",
        c_krn="",
        d_krn=os.urandom(500) + b"\x00",
        e_abc=TUNES,
        f_abc="T:no header\nCDEF|\n",
        g__h_krn=GOOD.replace("Good", "Deep"),
        i_krn=GOOD.replace("Good", "Für").encode("latin-1"),
        notes="no song",
    )
    songs = quietly(path)
    assert songs.names == ("a", "e-1", "e-3", "h", "i")
    assert [song.title for song in songs] == ["Good", "One", "Three", "Deep", "Für"]
    assert [song.source for song in songs] == ["a.krn", "e.abc, tune 1", "e.abc, tune 3", "g/h.krn", "i.krn"]
    assert songs.name == "tunes"
    for line, words in zip(
        songs.report.lines,
        [
            "a: read",
            "b: left out: b.krn, line 6: '4x' is not a note",
            "c: left out: c.krn: the file is empty",
            "d: left out: d.krn, line",
            "e-1: read",
            "e-2: left out: e.abc, tune 2: the metre changes (4/4 to 3/4)",
            "e-3: read: no key named: C major estimated",
            "f: left out: f.abc, line 1: the tune has no X: field",
            "h: read",
            "i: read: not UTF-8: read as Latin-1",
        ],
        strict=True,
    ):
        one_clear_line(line.replace("key doubtful", ""), words)
    assert songs.report.causes == {"broken file": 2, "empty file": 1, "metre": 1, "broken header": 1}
    assert [outcome.name for outcome in songs.report.doubtful_keys] == ["e-3"]


def test_a_folder_of_every_format_with_one_broken_file_of_each(tmp_path, home):
    tune = Melody.of([(60, 1), (62, 1), (64, 2), (67, 4)], time_signature="4/4", key="C major", tempo=96)
    places = ("a.krn", "b/B.ABC", "c.mid", "d.MIDI", "e/f/e.musicxml", "f.xml", "g.MXL")
    for place in places:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        content = files.WRITERS[path.suffix.lower().replace(".xml", ".musicxml")](tune)
        content = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(content)
        path.with_stem("broken").write_bytes(content[:20])
    (tmp_path / "h.txt").write_text("60 62 64 67\n60 _ 62\n60 67\n", encoding="utf-8")
    (tmp_path / "README.txt").write_text("These are tunes.\n", encoding="utf-8")
    (tmp_path / "page.xml").write_text("<html/>", encoding="utf-8")
    (tmp_path / "no tune.pdf").write_text("x", encoding="utf-8")
    songs = quietly(tmp_path)
    read = dict(zip(songs.names, songs, strict=True))
    assert set(read) == {*"aBcdefg", "h-1", "h-3"}
    assert all(read[name] == tune for name in "aBcdefg") and read["h-1"].pitches == (60, 62, 64, 67)
    causes = {outcome.name: outcome.cause for outcome in songs.report.left_out}
    assert {name for name, cause in causes.items() if cause == "no song"} == {"README", "page"}
    assert causes.pop("h-2") == "tokens" and len(causes) == len(places) + 2
    for outcome in songs.report.left_out:
        one_clear_line(outcome.detail)
    assert songs.report.losses["no durations"] == 2
    again = load(tmp_path, jobs=1)
    assert again.melodies == songs.melodies and again.report == songs.report


def test_every_error_of_a_metre_or_key_is_the_songs_own(folder):
    songs = quietly(folder(a_krn=GOOD, b_krn=GOOD.replace("*M4/4", "*M4/5"), c_krn=GOOD.replace("*C:", "*C###:")))
    assert songs.names == ("a",)
    assert songs.report.causes == {"broken header": 2}


def test_a_file_that_cannot_be_opened_is_listed(folder, monkeypatch):
    path = folder(a_krn=GOOD, b_krn=GOOD)
    read_content = files.read_content

    def read(file):
        if file.name == "b.krn":
            raise PermissionError(13, "Permission denied")
        return read_content(file)

    monkeypatch.setattr(files, "read_content", read)
    assert load(path).report.lines[1] == "b: left out: can't be opened: Permission denied"


def test_names_are_unique_whatever_the_case(folder):
    songs = load(
        folder(tune_krn=GOOD, tune_abc=TUNES.split("\n\n")[0], Tune_krn=GOOD, jigs__tune_krn=GOOD, other_krn=GOOD)
    )
    assert len(songs) == len(songs.report) == 5
    lower = [name.lower() for name in songs.names]
    assert len(set(lower)) == 5 and "other" in lower
    assert {"tune-abc", "jigs-tune-krn"} <= set(lower)


def test_a_renamed_song_takes_no_others_name(folder):
    songs = load(folder(**{"tune_krn": GOOD, "tune_abc": TUNES.split("\n\n")[0], "tune-krn_krn": GOOD}))
    assert sorted(songs.names) == ["tune-abc", "tune-krn", "tune-krn-2"]


def test_nor_one_that_differs_by_case_alone(folder):
    songs = load(folder(**{"a-t-krn_krn": GOOD, "a__T_krn": GOOD, "t_krn": GOOD}))
    assert songs.names == ("a-t-krn", "a-T-krn-2", "t-krn")


@pytest.mark.parametrize("name", ["nowhere", "erk2", "./erk"])
def test_an_unknown_source(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"neither a collection \(altdeu, .*erk, .*\) nor a folder") as error:
        load(name)
    one_clear_line(error.value, name)


def test_a_folder_without_songs(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"x")
    (tmp_path / "b.krn").mkdir()
    with pytest.raises(ValueError, match="there are no songs in") as error:
        load(tmp_path)
    one_clear_line(error.value, *files.READS)


def test_a_single_file(folder):
    path = folder(all_abc=TUNES)
    songs = load(path / "all.abc")
    assert songs.name == "all.abc"
    assert songs.names == ("all-1", "all-3")


# --- The filter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bar, detail",
    [
        ("[4c\n=2\n16c]\n8.d\n2d", None),  # 1 + 1/4, tied, is 5/4 long
        ("4%5c\n=2\n1c", "bar 1 has a note value of 5 quarters"),
        ("1c\n=2\n2d\n12c\n", "bar 2 has a note value of 1/3 quarters"),
        ("4c\n=1\n1c\n=2\n5c", "bar 2 has a note value of 4/5 quarters"),
        ("1c\n=2\n1d\n=3\n32d", "bar 3 has a note value of 1/8 quarters"),
        ("1c\n=2\n0d", "bar 2 has a note value of 8 quarters"),
        ("1c\n=2\n32r\n4d", "bar 2 has a note value of 1/8 quarters"),
    ],
)
def test_the_filter_names_the_bar(folder, bar, detail):
    (outcome,) = load(folder(a_krn=f"{HEAD}{bar}\n==\n*-\n")).report
    assert (outcome.cause, outcome.detail) == (("durations", detail) if detail else ("", ""))


def test_the_bars_are_counted_as_in_the_score(folder):
    (outcome,) = load(folder(a_krn=f"{HEAD}=1\n1c\n=2\n1d\n=3\n32d\n*-\n")).report
    assert outcome.detail.startswith("bar 3 ")


def test_durations_is_a_parameter(folder):
    path = folder(
        a_krn=GOOD, b_krn=f"{HEAD}=1\n4c\n8c\n8c\n2c\n==\n*-\n", c_krn=f"{HEAD}=1\n12c\n12d\n12e\n2.c\n==\n*-\n"
    )
    assert load(path).names == ("a", "b")
    assert load(path, durations=None).names == ("a", "b", "c")
    assert load(path, durations=[4, "2"]).names == ("a",)
    assert load(path, durations=(*DURATIONS, "1/3")).names == ("a", "b", "c")
    assert load(path, durations=[0.5, 1, 2]).names == ("b",)
    with pytest.raises(ValueError, match="not a duration"):
        load(path, durations=["short"])


# --- All cores ----------------------------------------------------------------------------------


def test_one_process_and_two_read_the_same(folder, monkeypatch):
    tunes = "\n\n".join(f"X:{i}\nT:T{i}\nM:4/4\nL:1/4\nK:C\nCDE{'F' if i % 9 else 'x'}|GABc|\n" for i in range(1, 41))
    path = folder(many_abc=tunes, z_krn=GOOD)
    monkeypatch.setattr(cache, "from_cache", lambda *arguments: None)
    one, two = load(path, jobs=1), load(path, jobs=2)
    assert one.melodies == two.melodies and one.report == two.report and one.names == two.names
    assert len(one) == 41


# --- The cache ----------------------------------------------------------------------------------


def cache_file(home):
    (path,) = (home / "songs").iterdir()
    return path


def test_cold_and_warm_give_the_same(folder, home):
    path = folder(a_krn=GOOD, b_krn="noise", e_abc=TUNES)
    cold = load(path, durations=[1, 2, 4])
    warm = load(path, durations=[1, 2, 4])
    assert cold.melodies == warm.melodies and cold.report == warm.report
    assert cold.report.lines == warm.report.lines and str(cold.report) == str(warm.report)
    assert [(s.title, s.source) for s in cold] == [(s.title, s.source) for s in warm]
    cache_file(home)  # one file, and nothing beside it
    assert len(load(path)) == len(cold) + 1  # another filter needs no other cache
    cache_file(home)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[",
        "{}",
        "null",
        "[]",
        "[1]",
        '[{"name": "a"}]',
        '{"a": 1}',
        '[{"name": "a", "notes": [[60, "x"]]}]',
        "\x00",
    ],
)
def test_a_damaged_cache_is_rebuilt(folder, home, content):
    path = folder(a_krn=GOOD)
    first = load(path)
    whole = cache_file(home).read_bytes()
    cache_file(home).write_text(content)
    again = quietly(path)
    assert again.melodies == first.melodies and again.report == first.report
    assert cache_file(home).read_bytes() == whole


@pytest.mark.parametrize(
    "field, value", [("tempo", "x"), ("key", 5), ("key", "H"), ("upbeat", "1/0"), ("time_signature", 3)]
)
def test_a_cache_with_a_wrong_value_is_rebuilt(folder, home, field, value):
    path = folder(a_krn=GOOD)
    first = load(path)
    entries = json.loads(cache_file(home).read_text())
    entries[0][field] = value
    cache_file(home).write_text(json.dumps(entries))
    assert quietly(path).melodies == first.melodies


def test_a_cut_cache_is_rebuilt(folder, home):
    path = folder(a_krn=GOOD, b_krn=GOOD)
    load(path)
    cache_file(home).write_bytes(cache_file(home).read_bytes()[:-40])
    assert len(quietly(path)) == 2


def test_a_changed_file_is_read_anew(folder):
    path = folder(a_krn=GOOD)
    assert load(path)[0].pitches == (60, 62, 64)
    folder(a_krn=GOOD.replace("2e", "2g"))
    assert load(path)[0].pitches == (60, 62, 67)


def test_a_changed_reader_reads_anew(folder, monkeypatch):
    path = folder(a_krn=GOOD)
    sources = find_sources(path)[1]
    before = cache.fingerprint(sources)
    assert cache.fingerprint(sources) == before
    monkeypatch.setattr(cache, "version", lambda name: "99")
    assert cache.fingerprint(sources) != before


def test_every_reader_is_in_the_fingerprint():
    """A module of this room that is neither named as one that decides nothing nor hashed would be forgotten."""
    rooms = {path.stem for path in Path(cache.__file__).parent.glob("*.py")}
    readers = {
        "abc",
        "draft",
        "files",
        "kern",
        "key",
        "measures",
        "melody",
        "midi",
        "musicxml",
        "mxl",
        "numbers",
        "text",
    }
    assert readers <= rooms - cache._DECIDE_NOTHING and rooms >= cache._DECIDE_NOTHING


def test_an_unwritable_cache_is_one_warning(folder, home):
    path = folder(a_krn=GOOD, b_krn=GOOD)
    home.write_text("a file where a folder should be")
    with pytest.warns(UserWarning, match="can't be cached") as caught:
        songs = load(path)
    assert len(songs) == 2
    assert len(caught) == 1
    one_clear_line(caught[0].message, "read anew each time")
    assert caught[0].filename == __file__


def test_the_cache_is_where_the_variable_says(monkeypatch, home):
    assert cache.cache_folder() == home
    monkeypatch.delenv("TUNESMITH_HOME")
    assert cache.cache_folder().name == "tunesmith"


# --- The report ---------------------------------------------------------------------------------

REPORT = Report(
    "tunes",
    [
        Outcome("a", "A", "", ""),
        Outcome("b", "B", "", "key doubtful: G is named, the notes speak for D major"),
        Outcome("c", "", "metre", "c.krn: the metre changes"),
        Outcome("d", "", "durations", "bar 2 has a note value of 1/3 quarters"),
        Outcome("e", "", "durations", "bar 9 has a note value of 1/3 quarters"),
    ],
)


def test_report_prints_a_summary():
    assert str(REPORT).splitlines() == [
        "tunes: 5 songs, 2 read, 3 left out",
        "      2 left out: durations (the first: d: bar 2 has a note value of 1/3 quarters)",
        "      1 left out: metre (the first: c: c.krn: the metre changes)",
        "      1 read: key doubtful (the first: b: G is named, the notes speak for D major)",
    ]


def test_a_report_is_not_wide():
    long = Report(
        "tunes", [Outcome("a", "", "", f"grace notes dropped: {'9' * 200}"), Outcome("b", "", "metre", "x" * 90)]
    )
    assert [len(line) for line in str(long).splitlines()[1:]] == [100, 100]
    assert all(line.endswith("…)") for line in str(long).splitlines()[1:])
    assert "x" * 90 in long.lines[1]


def test_losses_are_counted_by_song():
    report = Report(
        "tunes",
        [
            Outcome("a", "", "", "grace notes dropped: 7; key doubtful: G is named, the notes speak for D major"),
            Outcome("b", "", "", "2 voices: only the first is read; 3 parts: only the first is read"),
            Outcome(
                "c", "", "", "no key named: C major estimated; a tie in bar 1 joins nothing; not UTF-8: read as Latin-1"
            ),
            Outcome("d", "", "", "no mode named: C major estimated; chords cut down to one note: 1"),
            Outcome("e", "", "", "repeat signs are read once; something that nobody has classified"),
            Outcome("f", "", "durations", "chords cut down to one note: 1"),
        ],
    )
    once = ("grace notes", "key doubtful", "voices", "ties", "encoding", "chords", "repeats", "other")
    assert report.losses == {**dict.fromkeys(once, 1), "key estimated": 2}
    assert [outcome.name for outcome in report.doubtful_keys] == ["a", "c", "d"]
    assert str(report).splitlines()[2].startswith("      2 read: key estimated (the first: c: no key named")
    assert report.as_json()["losses"] == dict(report.losses)


def test_report_as_lines_and_json():
    assert REPORT.lines[3] == "d: left out: bar 2 has a note value of 1/3 quarters"
    assert REPORT.lines[:2] == ["a: read", "b: read: key doubtful: G is named, the notes speak for D major"]
    plain = json.loads(json.dumps(REPORT.as_json()))
    assert {name: plain[name] for name in plain if name != "songs"} == {
        "source": "tunes",
        "read": 2,
        "left_out": 3,
        "causes": {"durations": 2, "metre": 1},
        "losses": {"key doubtful": 1},
        "doubtful_keys": 1,
    }
    assert plain["songs"][2] == {"name": "c", "title": "", "cause": "metre", "detail": "c.krn: the metre changes"}


def test_report_and_songs_are_sequences():
    assert len(REPORT) == 5 and REPORT[0].name == "a" and len(REPORT[1:]) == 4
    songs = collection("kinder")
    assert list(songs)[5] == songs[5] == songs[5:6][0]
    assert Fraction(1) in DURATIONS


_ABC = "X:1\nM:4/4\nL:1/4\nK:{}\n{}\n"
_KERN = "**kern\n*C:\n*M4/4\n{}\n*-\n"


@pytest.mark.parametrize(
    "ending, content, loss",
    [
        (".abc", _ABC.format("C", "{d}CDEF|GABc|"), "grace notes"),
        (".abc", _ABC.format("C", "[CE]DEF|GABc|"), "chords"),
        (".abc", _ABC.format("none", "CDEF|GABc|"), "key estimated"),
        (".abc", _ABC.format("C", "CDEF|[K:G]GABc|"), "key changes"),
        (".abc", _ABC.format("C", "V:1\nCDEF|\nV:2\nGABc|"), "voices"),
        (".abc", _ABC.format("C", "|:CDEF|1GABc|2c4|d4:|[2e4|]"), "repeats"),
        (".abc", _ABC.format("C", "|::CDEF::|G4|"), "repeats"),
        (".krn", _KERN.format("4c\n4d]\n4e\n4c"), "ties"),
        (".krn", _KERN.format("4c\n=:|!\n4d\n4e"), "repeats"),
        (".krn", "**kern\t**kern\n*C:\t*\n4c\t4e\n*-\t*-\n", "voices"),
        (".txt", "60 62 64 65 67", "no durations"),
    ],
)
def test_every_remark_of_a_reader_is_counted_by_name(ending, content, loss):
    remarks = files.parse_song(ending, "a", 1, content, modes_named=True).remarks
    losses = Outcome("a", "", "", "; ".join(remarks)).losses
    assert loss in losses and "other" not in losses


def test_every_remark_in_the_readers_code_is_counted_by_name():
    """Those that a short text does not bring about, MIDI's above all."""
    said = {
        "2 parts: only the first is read": "voices",
        "a key signature that is none passed over": "key estimated",
        "notes without an end, cut at the next of their pitch or the track's: 2": "endless notes",
        "silent bars at the start dropped: 2": "silence",
        "the tempo changes: the first is kept, 90 quarters a minute": "tempo changes",
        "not UTF-8: read as Latin-1": "encoding",
        "UTF-16, not UTF-8": "encoding",
        "no mode named: C major estimated": "key estimated",
        **{line: "overlaps" for line in Line(cut=1, under=1).remarks()},
        **{line: "quantised" for line in Line(short=1, closed=1, moved=[Fraction(1, 9)]).remarks()},
    }
    for remark, loss in said.items():
        assert Outcome("a", "", "", remark).losses == (loss,)
