"""``servers.yaml``: whole, private, and clear about what is wrong in it."""

from __future__ import annotations

import os
import stat

import pytest

from vibes.errors import ConfigError, StorageError
from vibes.settings import AddedServers, server_config
from vibes.storage import ServersFile

SERVER = server_config(
    name="studio-3", url="http://anna:secret@10.0.0.3:8188", headers={"X-Key": "geheim: 1"}
)


def test_without_a_file_nothing_was_added(tmp_path):
    assert ServersFile(tmp_path).read() == AddedServers()


def test_what_was_written_is_read_back(tmp_path):
    file = ServersFile(tmp_path)
    file.write(AddedServers(servers=(SERVER,)))
    added = AddedServers(servers=(SERVER,), drained=("studio-1",))
    file.write(added)
    assert file.read() == added
    assert sorted(path.name for path in tmp_path.iterdir()) == ["servers.yaml"]


@pytest.mark.skipif(os.name == "nt", reason="permissions work differently on Windows")
def test_only_its_owner_may_read_it_even_where_a_crash_left_an_open_file(tmp_path):
    (tmp_path / "servers.part").write_text("")
    ServersFile(tmp_path).write(AddedServers(servers=(SERVER,)))
    assert stat.S_IMODE((tmp_path / "servers.yaml").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("servers:\n  - name: a\n    ulr: http://a", 3, "did you mean 'url'?"),
        ("servers:\n  - name: a\n    url: ftp://u:pw@a", 3, "an address as in http://"),
        ("servers:\n  - {name: a, url: 'http://a'}\n  - {name: a, url: 'http://b'}", 3, "two serv"),
        ("drained: everything", 1, "a list is expected"),
        ("draind: []", 1, "did you mean 'drained'?"),
        ("host: 0.0.0.0", 1, "unknown key 'host'."),
        ("servers: [", 1, "this is not YAML"),
        ("servers:\n  - name: a\n    url: http://a\n    headers: {X-Key: 1234}", 4, "text is exp"),
    ],
)
def test_nonsense_written_by_hand_is_one_sentence_with_file_and_line(tmp_path, text, line, told):
    (tmp_path / "servers.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        ServersFile(tmp_path).read()
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path / 'servers.yaml'}:{line}: ")
    assert told in sentence
    assert "\n" not in sentence
    assert "pw" not in sentence
    assert "1234" not in sentence


def test_a_disk_that_does_not_take_it_leaves_the_old_file(tmp_path):
    file = ServersFile(tmp_path)
    file.write(AddedServers(drained=("a",)))
    (tmp_path / "servers.part").mkdir()  # in the way
    with pytest.raises(StorageError, match=r"servers\.yaml could not be written"):
        file.write(AddedServers())
    assert file.read().drained == ("a",)
