"""The commands `compare` and `ablation`, on the few songs that the course encoded itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tunesmith as ts
from tunesmith.commands import ablation, compare
from tunesmith.commands.experiments import SongSplit, grow_table, song_split, spread, table_text
from tunesmith.music.data import data_path

SONGS = data_path("songs")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data() -> SongSplit:
    return song_split(str(SONGS))


def test_songs_are_divided_with_their_metres(data: SongSplit):
    assert len(data.train) > len(data.valid) >= 1 <= len(data.test)
    assert {"4/4", "3/4"} <= set(data.metres) and data.collections == [str(SONGS)]
    assert all(isinstance(song, ts.BarredSong) and song.collection == str(SONGS) for song in data.train)


def test_what_is_added_has_no_variants_of_held_out_songs(tmp_path: Path):
    for path in SONGS.glob("*.krn"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    copies = song_split(str(SONGS), [str(tmp_path)])
    held_out = {song.tokens for song in [*copies.valid, *copies.test]}
    assert copies.more and not held_out & {song.tokens for song in copies.more}
    assert {song.tokens for song in copies.more} <= {song.tokens for song in copies.train}
    assert copies.collections == [str(SONGS), str(tmp_path)]


def test_every_addition_can_be_built_trained_and_measured(data: SongSplit):
    for row in ablation.rows(1):
        model = row.build(data)
        songs = row.songs(data.train, data) if row.songs else data.train
        assert len(songs) >= len(data.train)
        ts.fit(model, songs[:4], data.valid, **{**row.fit, "epochs": 1, "batches_per_epoch": 1})
    names = [row.name for row in ablation.rows(1)]
    assert len(names) == len(set(names))


def test_transposed_copies_are_the_same_tune_in_other_keys(data: SongSplit):
    copies = ablation.transposed(data.train, data)
    assert set(data.train) <= set(copies) and len(copies) > 2 * len(data.train)
    assert set(data.vocabulary).issuperset(token for song in copies for token in song)
    song = ts.BarredSong("60 _ r 62", "2/4")
    assert ablation.moved_by(song, -3) == ts.BarredSong("57 _ r 59", "2/4")


def test_the_budget_is_counted_in_batches():
    for batches in (100, 1000, 1500):
        fit = ablation.schedule(batches)
        assert fit["epochs"] * fit["batches_per_epoch"] == batches
        assert fit["decay"] ** fit["epochs"] == pytest.approx(ablation.SLOWEST)


def test_networks_of_a_fair_comparison_are_of_one_size(data: SongSplit):
    from tunesmith.models.token_model import count_parameters

    wide = ts.Vocabulary(["_", "r", *map(str, range(50, 89))])  # as large as that of erk
    widened = SongSplit(data.name, [*data.train, ts.BarredSong(tuple(wide)[1:])], data.valid, data.test)
    for row in compare.networks(1):
        if row.name != "WindowLSTM":
            assert 300_000 < count_parameters(row.build(widened)) < 400_000, row.name


def test_an_ablation_from_the_command_line(run, tmp_path: Path):
    out = tmp_path / "table.json"
    asked = ("ablation", SONGS, "--more", "--batches", 1, "--rows", "base", "memory", "--out", out)
    code, shown, _ = run(*asked, "--seeds", 1)
    table = json.loads(out.read_text(encoding="utf-8"))
    assert code == 0 and [row["name"] for row in table["rows"]] == ["base", "memory"]
    base, memory = table["rows"]
    assert base["valid"] == memory["valid"] and base["test"] != memory["test"]
    assert "base" in shown and "seconds" in shown and str(out) in shown
    code, shown, _ = run(*asked, "--seeds", 2)  # goes on: the first seed stays
    again = json.loads(out.read_text(encoding="utf-8"))
    assert code == 0 and again["rows"][0]["runs"][0] == base["runs"][0] and len(again["rows"][0]["runs"]) == 2
    assert again["rows"][0]["valid"]["deviation"] is not None
    code, _, error = run(*asked, "--seeds", 2, "--batches", 2)
    assert code == 2 and "other settings" in error


def test_a_comparison_from_the_command_line(run, tmp_path: Path):
    out = tmp_path / "table.json"
    rows = ("Markov, order 0", "Markov, order 2", "GRU", "Transformer")
    code, shown, _ = run("compare", SONGS, "--batches", 1, "--seeds", 1, "--rows", *rows, "--out", out)
    table = json.loads(out.read_text(encoding="utf-8"))
    assert code == 0 and tuple(row["name"] for row in table["rows"]) == rows
    assert all(0 < row["test"]["mean"] < 10 for row in table["rows"]) and "Transformer" in shown
    assert table["rows"][2]["runs"][0]["weights"] > 10_000


@pytest.mark.parametrize(("command", "known"), [("ablation", "base, bar"), ("compare", "MelodyLSTM")])
def test_an_unknown_row_is_refused_with_those_there_are(run, tmp_path: Path, command: str, known: str):
    code, _, error = run(command, SONGS, "--rows", "magic", "--out", tmp_path / "t.json")
    assert code == 2 and "there is no row magic; there are: " in error and known in error


def test_spread_and_table():
    assert spread([1.0]) == {"mean": 1.0, "deviation": None}
    assert spread([1.0, 3.0]) == {"mean": 2.0, "deviation": 1.4142}
    runs = [{"seconds": 10, "weights": 7}, {"seconds": 20, "weights": 7}]
    table = {"rows": [{"name": "a", "runs": runs, "valid": spread([1.0, 3.0]), "test": spread([1.5])}]}
    assert table_text(table).splitlines()[1].split() == ["a", "2.000", "±", "1.414", "1.500", "±", "0.000", "7", "15"]


def test_a_table_is_written_after_each_row(tmp_path: Path):
    out = tmp_path / "t.json"

    def measure(name: str, seed: int) -> dict:
        if name == "second":
            raise KeyboardInterrupt
        return {"seed": seed, "valid": 1.0, "test": 2.0}

    with pytest.raises(KeyboardInterrupt):
        grow_table(out, {}, {"first": 1, "second": 1}, measure)
    assert [row["name"] for row in json.loads(out.read_text(encoding="utf-8"))["rows"]] == ["first"]
