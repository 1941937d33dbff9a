from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.catalog import Catalog, Facts, FileEntry, Listing, ModelRecord, build_catalog
from vibes.recipes import Candidate, LoraUse

INK = "ink.safetensors"
A, B = "a" * 64, "b" * 64


def file(name: str = INK, size: int | None = 9, **facts: Any) -> FileEntry:
    return FileEntry(name, size, Facts(**facts))


def catalog(
    local: tuple[FileEntry, ...] = (), **servers: FileEntry | tuple[FileEntry, ...]
) -> Catalog:
    listings = {
        server: Listing(
            checkpoints=(FileEntry("c"),), loras=files if isinstance(files, tuple) else (files,)
        )
        for server, files in servers.items()
    }
    return build_catalog(listings, {"lora": {entry.name: entry for entry in local}})


def only(found: Catalog) -> ModelRecord:
    (record,) = found.loras.values()
    return record


def test_what_the_studio_read_outweighs_what_a_server_tells() -> None:
    told = file(family="sdxl", family_source="metadata", has_preview=True)
    read = file(family="sd15", family_source="weights", rank=8, modules=264, sha256=A)
    record = only(catalog((read,), one=told))
    assert (record.family, record.family_source, record.rank) == ("sd15", "weights", 8)
    assert (record.modules, record.sha256, record.previews) == (264, A, ("one",))


def test_a_file_of_another_size_is_not_the_one_the_studio_read() -> None:
    read = file(size=10, family="sd15", family_source="weights")
    told = file(family="sdxl", family_source="metadata")
    assert only(catalog((read,), one=told)).family == "sdxl"
    assert only(catalog((read,), one=replace(told, size=None))).family == "sd15"


def test_what_the_studio_read_is_known_on_every_server_in_its_spelling() -> None:
    read = file("styles/ink.safetensors", family="sd15", family_source="weights")
    windows = file("styles\\ink.safetensors")
    record = only(catalog((read,), one=windows))
    assert (record.name, record.family) == ("styles/ink.safetensors", "sd15")
    assert record.spellings == {"one": "styles\\ink.safetensors"}


def test_only_what_a_server_has_is_in_the_catalog() -> None:
    assert catalog((file("mine.safetensors"),), one=file()).loras.keys() == {INK}


def test_one_content_under_several_names_is_one_model() -> None:
    found = catalog(
        one=(file("old/ink_v1.safetensors", sha256=A), file(sha256=A), file("z.safetensors")),
        two=file("old\\ink_v1.safetensors", sha256=A),
    )
    assert list(found.loras) == [INK, "z.safetensors"]
    ink = found.loras[INK]
    assert ink.aliases == ("old/ink_v1.safetensors",)
    assert ink.spellings == {"one": INK, "two": "old\\ink_v1.safetensors"}
    for name in (INK, "old/ink_v1.safetensors"):
        assert found.find("lora", name) is ink
        assert found.spelling("two", "lora", name) == "old\\ink_v1.safetensors"
        assert found.refusal("two", Candidate("c", (LoraUse(name, 0.5),))) is None
        assert found.servers_for(Candidate("c", (LoraUse(name, 0.5),))) == ("one", "two")
    for text in ("old/ink_v1", "INK_V1", "ink_v", "old\\ink_v1.safetensors", "ink"):
        assert found.resolve("lora", text) is ink
    assert found.find("lora", "nothing") is None


def test_a_digest_told_for_files_of_several_sizes_makes_them_no_one_model() -> None:
    found = catalog(one=(file(sha256=A), file("other.safetensors", size=10, sha256=A)))
    assert len(found.loras) == 2


def test_files_of_one_name_and_different_sizes_are_in_conflict() -> None:
    record = only(catalog(one=file(size=9_000), two=file(size=9_001)))
    assert record.conflict == (
        "ink.safetensors is not the same file on one (9,000 bytes) and on two (9,001 bytes): "
        "rename one of them."
    )
    assert record.servers == ("one", "two")
    assert only(catalog(one=file(), two=file(size=None))).conflict is None


def test_digests_decide_where_both_are_known() -> None:
    assert only(catalog(one=file(sha256=A), two=file(sha256=B))).conflict
    assert only(catalog(one=file(sha256=A), two=file())).conflict is None


def test_files_in_conflict_have_a_family_only_if_they_share_it() -> None:
    sd15: dict[str, Any] = {"family": "sd15", "family_source": "weights"}
    sdxl: dict[str, Any] = {"family": "sdxl", "family_source": "weights"}
    assert only(catalog(one=file(**sd15), two=file(size=10, **sd15))).family == "sd15"
    found = only(catalog(one=file(**sd15), two=file(size=10, **sdxl)))
    assert (found.family, found.family_source) == (None, "unknown")


def test_a_file_in_conflict_is_not_taken_for_one_of_its_contents() -> None:
    found = catalog(one=file(sha256=A), two=(file(size=10), file("other.safetensors", sha256=A)))
    assert found.loras.keys() == {INK, "other.safetensors"}


def test_metadata_of_something_foreign_forbids_another_server_s_guess_by_name() -> None:
    foreign = file(family=None, family_source="metadata")
    guessed = file(family="sdxl", family_source="name")
    assert only(catalog(one=guessed, two=foreign)).family is None


def test_servers_that_tell_different_things_are_added_up() -> None:
    one = file(triggers=("ink",), tags=("tree", "sea"), tag_counts=(2, 1), title="Ink")
    two = file(triggers=("wash",), tags=("sea",), tag_counts=(5,), popularity=7, fault="Broken.")
    record = only(catalog(one=one, two=two))
    assert record.triggers == ("ink", "wash")
    assert (record.tags, record.tag_counts) == (("tree", "sea"), (2, 1))
    assert (record.title, record.popularity, record.fault) == ("Ink", 7, "Broken.")


names = st.sampled_from(["a", "b/a", "b\\a", "c", "Long/Name"])
digests = st.sampled_from([None, A, B])
entries = st.builds(
    lambda name, size, digest: file(name, size, sha256=digest),
    names,
    st.sampled_from([None, 1, 2]),
    digests,
)
listings = st.dictionaries(
    st.sampled_from(["one", "two", "three"]),
    st.lists(entries, unique_by=lambda entry: entry.name.replace("\\", "/")),
)


@given(listings, st.lists(entries, max_size=3))
def test_every_file_of_every_server_is_in_exactly_one_record(
    servers: dict[str, list[FileEntry]], local: list[FileEntry]
) -> None:
    found = catalog(tuple(local), **{server: tuple(files) for server, files in servers.items()})
    for server, files in servers.items():
        for entry in files:
            name = entry.name.replace("\\", "/")
            record = found.find("lora", name)
            assert record is not None
            assert server in record.servers
            assert record.name == name or name in record.aliases
            assert found.resolve("lora", record.name) is record
    every = [name for record in found.loras.values() for name in (record.name, *record.aliases)]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("kind", ["checkpoint", "embedding"])
def test_checkpoints_and_embeddings_are_recognised_by_content_too(kind: Any) -> None:
    files = (file("x/ink.pt", sha256=A), file("ink.pt", sha256=A))
    listing = Listing(checkpoints=files) if kind == "checkpoint" else Listing(embeddings=files)
    found = build_catalog({"one": listing})
    assert found.records(kind)["ink.pt"].aliases == ("x/ink.pt",)
