"""`python -m tunesmith doctor`: what works here, what does not, and what to do."""

import pytest

from tunesmith import __main__ as cli
from tunesmith.commands import doctor


@pytest.fixture
def lines(capsys):
    """Run the doctor: (exit code, the lines that it printed)."""

    def run():
        capsys.readouterr()
        return cli.main(["doctor"]), capsys.readouterr().out.splitlines()

    return run


def test_where_all_is_well_each_part_has_a_line(lines):
    code, (*parts, verdict) = lines()
    assert (code, verdict) == (0, "Everything works.")
    assert [line.split()[:2] for line in parts] == [["✓", name] for name in doctor.CHECKS]
    text = "\n".join(parts)
    for words in ("Python 3.", "torch ", "213 songs in kinder", "verovio", "s of MP3", "erk wrote", "CPU with"):
        assert words in text


def test_one_part_in_trouble_stops_no_other(lines, monkeypatch):
    def silent():
        raise doctor.Trouble("the sound is silent", "turn it up")

    def broken():
        raise ImportError("libGL.so.1: cannot open shared object file")

    checks = {"sound": silent, "picture": broken, "system": doctor._system}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    code, (sound, picture, system, verdict) = lines()
    assert (code, verdict) == (1, "In trouble: 2 of 3.")
    assert sound.startswith("✗ sound") and "silent. Do this: turn it up" in sound
    assert "libGL" in picture and "Do this: run `python tasks.py lab`" in picture
    assert system.startswith("✓ system")


@pytest.mark.parametrize(
    "needed, words",
    [
        ("no-such-package>=1", "no-such-package is missing"),
        ("torch>=99", "should be >=99"),
        ("numpy<2", "should be <2"),
    ],
)
def test_a_missing_or_too_old_package_is_named(monkeypatch, needed, words):
    monkeypatch.setattr(doctor, "_needed", lambda: ["mido>=1", needed])
    with pytest.raises(doctor.Trouble, match=words) as trouble:
        doctor._packages()
    assert "requirements.txt" in trouble.value.cure


def test_packages_for_other_computers_are_passed_over(monkeypatch):
    monkeypatch.setattr(doctor, "_needed", lambda: ["no-such-package; sys_platform == 'amiga'", "mido>=1"])
    assert "mido" in doctor._packages()


def test_a_cache_that_can_not_be_written_comes_with_a_way_out(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(doctor.Trouble, match="can't be written") as trouble:
        doctor._cache()
    assert "TUNESMITH_HOME" in trouble.value.cure


def test_the_cache_is_left_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path))
    (tmp_path / "songs.json").write_text("0" * 2_000_000)
    assert doctor._cache().endswith(", 2.0 MB")
    assert [path.name for path in tmp_path.iterdir()] == ["songs.json"]
