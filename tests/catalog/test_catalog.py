from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.catalog import Catalog, FileEntry, Listing, build_catalog, facts_of
from vibes.catalog.names import stem, words
from vibes.errors import AmbiguousName, NotFound
from vibes.recipes import Candidate, LoraUse

LINUX = Listing(
    checkpoints=(FileEntry("dreamshaper_8.safetensors"), FileEntry("xl/dreamXL_v2.safetensors")),
    loras=(FileEntry("styles/ink.safetensors"), FileEntry("neon_city.safetensors")),
    embeddings=(FileEntry("easynegative"),),
    node_classes=frozenset({"KSampler", "VibesSave"}),
)
WINDOWS = Listing(
    checkpoints=(FileEntry("dreamshaper_8.safetensors"), FileEntry("xl\\dreamXL_v2.safetensors")),
    loras=(FileEntry("styles\\ink.safetensors"),),
    node_classes=frozenset({"KSampler"}),
)


@pytest.fixture
def catalog() -> Catalog:
    return build_catalog({"studio-1": LINUX, "studio-2": WINDOWS})


def test_a_file_of_one_name_is_one_record_with_each_servers_spelling(catalog: Catalog) -> None:
    assert list(catalog.loras) == ["neon_city.safetensors", "styles/ink.safetensors"]
    ink = catalog.loras["styles/ink.safetensors"]
    assert ink.servers == ("studio-1", "studio-2")
    assert catalog.spelling("studio-1", "lora", ink.name) == "styles/ink.safetensors"
    assert catalog.spelling("studio-2", "lora", ink.name) == "styles\\ink.safetensors"


def test_a_file_that_is_not_on_a_server_is_known_to_be_missing_there(catalog: Catalog) -> None:
    assert catalog.spelling("studio-2", "lora", "neon_city.safetensors") is None
    assert catalog.spelling("studio-2", "embedding", "easynegative") is None
    assert catalog.spelling("studio-1", "lora", "nowhere.safetensors") is None
    assert catalog.spelling("studio-9", "lora", "neon_city.safetensors") is None


def test_servers_that_can_make_a_candidate_have_all_of_it(catalog: Catalog) -> None:
    ink = LoraUse("styles/ink.safetensors", 0.5)
    neon = LoraUse("neon_city.safetensors", 0.5)
    dream = "xl/dreamXL_v2.safetensors"
    assert catalog.servers_for(Candidate(dream, (ink,))) == ("studio-1", "studio-2")
    assert catalog.servers_for(Candidate(dream, (ink, neon))) == ("studio-1",)
    assert catalog.servers_for(Candidate("none.safetensors")) == ()


def test_a_refusal_says_what_is_missing_where(catalog: Catalog) -> None:
    candidate = Candidate("dreamshaper_8.safetensors", (LoraUse("neon_city.safetensors", 0.5),))
    assert catalog.refusal("studio-1", candidate) is None
    assert catalog.refusal("studio-2", candidate) == "studio-2: LoRA neon_city is not there"
    needs = frozenset({"KSampler", "VibesSave"})
    assert catalog.refusal("studio-1", candidate, needs) is None
    assert (
        catalog.refusal("studio-2", candidate, needs)
        == "studio-2: LoRA neon_city, node VibesSave are not there"
    )
    assert catalog.refusal("studio-2", Candidate("gone.ckpt")) == (
        "studio-2: checkpoint gone is not there"
    )
    assert catalog.refusal("studio-9", candidate) == "studio-9: what it has is not known yet"


@pytest.mark.parametrize(
    "text",
    [
        *("xl/dreamXL_v2.safetensors", "xl\\dreamXL_v2.safetensors", "XL/DREAMxl_v2"),
        *("xl/dreamXL_v2", "dreamXL_v2", " dreamxl_v2 ", "dreamxl", "xl/dr"),
    ],
)
def test_a_model_is_found_by_any_unmistakable_name(catalog: Catalog, text: str) -> None:
    assert catalog.resolve("checkpoint", text).name == "xl/dreamXL_v2.safetensors"


def test_a_prefix_of_several_models_is_ambiguous(catalog: Catalog) -> None:
    with pytest.raises(AmbiguousName) as refused:
        catalog.resolve("checkpoint", "dream")
    assert refused.value.matches == ("dreamshaper_8.safetensors", "xl/dreamXL_v2.safetensors")


def test_a_whole_name_beats_a_longer_one_it_begins() -> None:
    names = ("ink.safetensors", "ink_v2.safetensors", "Ink.safetensors")
    catalog = build_catalog({"s": Listing(loras=tuple(map(FileEntry, names)))})
    assert catalog.resolve("lora", "ink.safetensors").name == "ink.safetensors"
    assert catalog.resolve("lora", "Ink.safetensors").name == "Ink.safetensors"
    with pytest.raises(AmbiguousName):
        catalog.resolve("lora", "INK")


def test_a_name_that_is_nowhere_is_answered_with_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match=r"LoRA 'neon_cty'. Did you mean neon_city\?"):
        catalog.resolve("lora", "neon_cty")
    with pytest.raises(NotFound):
        catalog.resolve("lora", "")
    with pytest.raises(NotFound):
        Catalog().resolve("checkpoint", "anything")


@given(st.lists(st.from_regex(r"\A([a-z]{1,3}[/\\]){0,2}[a-zA-Z0-9_.-]{1,8}\Z"), unique=True))
def test_every_name_resolves_to_itself_in_every_servers_spelling(names: list[str]) -> None:
    catalog = build_catalog({"s": Listing(checkpoints=tuple(map(FileEntry, names)))})
    for name, record in catalog.checkpoints.items():
        assert catalog.resolve("checkpoint", name) is record
        spelled = catalog.spelling("s", "checkpoint", name)
        assert spelled in names
        assert catalog.resolve("checkpoint", str(spelled)) is record


def test_files_of_one_name_but_different_families_have_none() -> None:
    name = "x_sdxl.safetensors"

    def listing(architecture: str) -> Listing:
        facts = facts_of("lora", name, metadata={"modelspec.architecture": architecture})
        return Listing(loras=(FileEntry(name, None, facts),))

    catalog = build_catalog(
        {"a": listing("stable-diffusion-v1"), "b": listing("stable-diffusion-xl-v1-base")}
    )
    record = catalog.loras["x_sdxl.safetensors"]
    assert (record.family, record.family_source) == (None, "unknown")


def test_metadata_of_one_server_counts_where_another_gives_none() -> None:
    metadata = {"ss_base_model_version": "sd_v1", "modelspec.trigger_phrase": "ink"}
    facts = facts_of("lora", "ink_xl.safetensors", metadata=metadata)
    with_metadata = Listing(loras=(FileEntry("ink_xl.safetensors", 9, facts),))
    by_name = facts_of("lora", "ink_xl.safetensors", metadata={})
    without = Listing(loras=(FileEntry("ink_xl.safetensors", None, by_name),))
    record = build_catalog({"a": without, "b": with_metadata}).loras["ink_xl.safetensors"]
    assert (record.family, record.family_source) == ("sd15", "metadata")
    assert record.triggers == ("ink",)
    assert record.size == 9
    assert record.servers == ("a", "b")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("beach_sunset.safetensors", ("beach", "sunset")),
        ("styles\\neonCity-v2.1.safetensors", ("neon", "city")),
        ("SDXLWatercolor.pt", ("sdxl", "watercolor")),
        ("35mm photo.safetensors", ("mm", "photo")),
        ("樱花lora.safetensors", ("樱花", "lora")),
    ],
)
def test_the_words_of_a_file_name_are_found(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


def test_dots_inside_a_name_are_no_extension() -> None:
    assert stem("a/model_v1.5.safetensors") == "model_v1.5"
    assert stem("model_v1.5") == "model_v1.5"
