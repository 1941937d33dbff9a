"""``vibes servers`` and ``vibes queue`` as a user runs them."""

from __future__ import annotations

import httpx
import pytest


@pytest.fixture(scope="module")
def here(start, config, tmp_path_factory):
    """The data directory of a running studio, and its address."""
    directory = tmp_path_factory.mktemp("servers")
    with start("serve", "--config", config, "--port", "0", "--data-dir", directory) as process:
        yield directory, process.address


def names(vibes, directory):
    listed = vibes("servers", "--data-dir", directory).stdout.splitlines()
    return [line.split("\t")[:2] for line in listed[1:]]


def test_a_server_is_tested_added_drained_used_and_removed(vibes, here):
    directory, address = here
    there = ["--data-dir", directory]
    url = httpx.get(f"{address}/api/gpus").json()[0]["url"]
    tested = vibes("servers", "test", url, *there)
    assert (tested.returncode, tested.stderr) == (0, "")
    assert "checkpoints" in tested.stdout
    added = vibes("servers", "add", "third", url, "--header", "X-Key: s3cr3t", *there)
    assert added.stdout.startswith(f"third at {url} is added")
    assert "third" in dict(names(vibes, directory))
    again = vibes("servers", "add", "third", url, *there)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("vibes: There is a server 'third' already.")
    assert vibes("servers", "drain", "third", *there).returncode == 0
    assert vibes("servers", "use", "third", *there).stdout.startswith("third is in use")
    assert vibes("servers", "remove", "third", *there).stdout == "third is removed.\n"
    assert "third" not in dict(names(vibes, directory))


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["test", "http://127.0.0.1:9"], 1, "127.0.0.1:9"),
        (["test", "ftp://anna:geheim@there"], 2, "an address as in http://"),
        (["add", "third", "http://there", "--header", "geheim"], 2, "'NAME: VALUE'"),
        (["add", "third", "http://there", "--ca-file", "nowhere.pem"], 2, "there is no such file"),
        (["remove", "fast"], 1, "stands in the configuration"),
        (["remove", "nobody/.."], 2, "nobody"),
        (["drain", "nobody"], 2, "There is no server 'nobody'."),
    ],
)
def test_what_cannot_be_done_to_a_server_is_one_sentence(vibes, here, arguments, code, told):
    result = vibes("servers", *arguments, "--data-dir", here[0])
    assert (result.returncode, result.stdout) == (code, "")
    assert told in result.stderr
    assert result.stderr.startswith("vibes: ")
    assert result.stderr.count("\n") == 1
    assert "geheim" not in result.stderr


def test_without_a_studio_what_is_added_is_kept_for_the_next_one(vibes, here, tmp_path):
    url = httpx.get(f"{here[1]}/api/gpus").json()[0]["url"]
    there = ["--data-dir", tmp_path]
    assert vibes("servers", "add", "third", url, *there).returncode == 0
    assert names(vibes, tmp_path) == [["third", "online"]]
    (tmp_path / "servers.yaml").write_text("servers:\n  - name: third\n")
    broken = vibes("servers", *there)
    assert broken.returncode == 2
    assert broken.stderr == f"vibes: {tmp_path}/servers.yaml:2: 'url' is missing in servers[0].\n"


def test_options_before_a_command_are_not_lost_silently(vibes, tmp_path):
    result = vibes("servers", "--data-dir", tmp_path, "drain", "fast")
    assert result.returncode == 2
    assert "after 'drain'" in result.stderr


def test_the_queue_is_a_table(vibes, here):
    directory, address = here
    empty = vibes("queue", "--data-dir", directory)
    assert (empty.returncode, empty.stderr) == (0, "Nothing waits and nothing has failed.\n")
    with httpx.Client(base_url=address) as studio:
        for name in ("fast", "slow"):
            studio.post(f"/api/gpus/{name}/drain").raise_for_status()
        session = studio.post("/api/sessions", json={"name": "Beach"}).json()["id"]
        request = {"session_id": session, "prompt": "misty\n forest", "count": 3}
        batch = studio.post("/api/generate/batch", json=request).raise_for_status().json()
        shown = vibes("queue", "--data-dir", directory)
        studio.post(f"/api/batches/{batch['batch_id']}/cancel").raise_for_status()
    columns, row = (line.split("\t") for line in shown.stdout.splitlines())
    assert columns[:4] == ["batch", "session", "prompt", "state"]
    assert row[:4] == [batch["batch_id"], "Beach", "misty forest", "queued"]
    assert row[4:7] == ["normal", "0 of 3", ""]


def test_without_a_database_there_is_no_queue(vibes, tmp_path):
    result = vibes("queue", "--data-dir", tmp_path)
    assert result.returncode == 1
    assert "holds no Vibes database" in result.stderr
