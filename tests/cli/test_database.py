from __future__ import annotations


def test_a_directory_without_a_database_is_left_alone(vibes, tmp_path):
    result = vibes("db", "check", "--data-dir", tmp_path / "data")
    assert result.returncode == 0
    assert "no database yet" in result.stdout
    assert not (tmp_path / "data").exists()


def test_a_picture_that_is_gone_is_found(vibes, config, tmp_path):
    data = tmp_path / "data"
    own = ["--config", config, "--data-dir", data]
    assert vibes("generate", "x", "--count", "2", "--out", tmp_path / "o", *own).returncode == 0
    assert vibes("db", "check", "--data-dir", data).returncode == 0
    next(path for path in data.rglob("*.png") if path.is_file()).unlink()
    result = vibes("db", "check", "--data-dir", data)
    assert result.returncode == 1
    assert "its picture is gone" in result.stderr


def test_a_damaged_database_is_told_without_a_traceback(vibes, tmp_path):
    (tmp_path / "vibes.db").write_bytes(b"this is not SQLite" * 1000)
    result = vibes("db", "check", "--data-dir", tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("vibes: ")
    assert "Traceback" not in result.stderr
