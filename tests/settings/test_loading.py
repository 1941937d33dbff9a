from __future__ import annotations

import re
from pathlib import Path

import pytest

import comfy_nodes
import companion_app
from vibes.errors import ConfigError
from vibes.settings import ServerConfig, Settings, data_root, load_settings


@pytest.fixture
def config(tmp_path):
    """Write a configuration file and get its path."""

    def write(text):
        path = tmp_path / "studio.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_shipped_files_alone_make_complete_settings():
    settings = load_settings()
    assert [stage.size for stage in settings.stages] == [20, 8, 3, 1]
    assert "sd15_draft" in settings.tiers
    assert settings.servers == ()
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)


def test_no_setting_is_without_effect():
    packages = (Path(package.__path__[0]) for package in (comfy_nodes, companion_app))
    files = (path for package in packages for path in package.rglob("*.py"))
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    read = set(re.findall(r"(?:settings(?:\(\))?|told)\.(\w+)", code))
    assert Settings.model_fields.keys() <= read


def test_data_root_holds_the_configuration_and_the_workflows():
    assert (data_root() / "config" / "pools.yaml").is_file()
    assert (data_root() / "workflows").is_dir()


def test_a_config_file_replaces_the_keys_it_names_and_leaves_the_others(config):
    path = config(
        "servers: [{name: a, url: 'http://a:8188'}]\n"
        "stages: [{name: Only, size: 2, template: draft}]"
    )
    settings = load_settings(path)
    assert [server.name for server in settings.servers] == ["a"]
    assert [stage.name for stage in settings.stages] == ["Only"]
    assert settings.tiers == load_settings().tiers


def test_an_empty_config_file_changes_nothing(config):
    assert load_settings(config("# nothing yet\n")) == load_settings()


def test_environment_is_stronger_than_files_and_arguments_are_stronger_still(config, monkeypatch):
    path = config("port: 1111")
    assert load_settings(path).port == 1111
    monkeypatch.setenv("VIBES_PORT", "2222")
    assert load_settings(path).port == 2222
    assert load_settings(path, port=3333).port == 3333
    assert load_settings(path, port=None).port == 2222


def test_an_environment_variable_reaches_one_value_inside_a_table(monkeypatch):
    monkeypatch.setenv("VIBES_TIERS__SD15_DRAFT__STEPS", "12")
    tier = load_settings().tiers["sd15_draft"]
    assert (tier.steps, tier.family) == (12, "sd15")


def test_servers_can_be_given_as_json_in_the_environment(monkeypatch):
    monkeypatch.setenv("VIBES_SERVERS", '[{"name": "a", "url": "http://a:8188"}]')
    assert load_settings().servers == (ServerConfig(name="a", url="http://a:8188"),)


def test_an_empty_environment_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("VIBES_PORT", "")
    assert load_settings().port == 7860


def test_settings_made_directly_do_not_read_the_environment(monkeypatch):
    shipped = load_settings()
    monkeypatch.setenv("VIBES_PORT", "2222")
    assert Settings(tiers=shipped.tiers, stages=shipped.stages).port == 7860


def test_a_table_may_build_on_another_with_a_yaml_merge(config):
    path = config(
        "default_tier: slow\n"
        "tiers:\n"
        "  fast: &fast\n"
        "    {family: sd15, sizes: {portrait: [64, 96], landscape: [96, 64], square: [64, 64]},\n"
        "     steps: 3, cfg: 1, sampler: euler, scheduler: normal}\n"
        "  slow: {<<: *fast, steps: 30}\n"
    )
    assert load_settings(path).tiers["slow"].steps == 30


SIZES = "{portrait: [64, 96], landscape: [96, 64], square: [64, 64]}"


def tier(sizes=SIZES, steps=3):
    """A file whose second line defines one tier."""
    defaults = "cfg: 1, sampler: euler, scheduler: normal"
    return f"tiers:\n  a: {{family: sd15, sizes: {sizes}, steps: {steps}, {defaults}}}"


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (
            "servers:\n  - name: a\n    ulr: http://a",
            3,
            "unknown key 'ulr' in servers[0]; did you mean 'url'?",
        ),
        ("port: 80\nprot: 81", 2, "unknown key 'prot'; did you mean 'port'?"),
        ("1: 2", 1, "unknown key '1'."),
        ("servers:\n  - name: a", 2, "'url' is missing in servers[0]."),
        ("port: 99999", 1, "port: input should be less than or equal to 65535, not 99999."),
        ("port: true", 1, "port: a number is expected, not True."),
        ("refresh_seconds: .inf", 1, "refresh_seconds: a number is expected, not inf."),
        ("host: ''", 1, "host: at least 1 character needed, not ''."),
        (
            "servers:\n- {name: a, url: '192.168.1.20:8188'}",
            2,
            "url: an address begins with http:// or https://; write http://192.168.1.20:8188.",
        ),
        (
            "servers:\n- {name: a, url: 'localhost:8188'}",
            2,
            "write http://localhost:8188.",
        ),
        (
            "servers:\n- {name: a, url: 'ftp://x'}",
            2,
            "url: an address as in http://192.168.1.20:8188 is expected, not 'ftp://x'.",
        ),
        (
            "servers:\n- {name: a b, url: 'http://a'}",
            2,
            "name: only letters, digits, '.', '_' and '-' are allowed, not 'a b'.",
        ),
        (
            "stages:\n- {name: a, size: 3, template: darft}",
            2,
            "stages[0].template: there is no template 'darft'; did you mean 'draft'?",
        ),
        (
            "stages:\n- {name: a, size: 3, template: ../api/draft}",
            2,
            "stages[0].template: there is no template '../api/draft'",
        ),
        ("port: many", 1, "port: a whole number is expected, not 'many'."),
        ("servers: null", 1, "servers: a list is expected."),
        ("servers:\n- 3", 2, "servers[0]: a table of settings is expected, not 3."),
        ("stages: []", 1, "stages: at least 1 needed."),
        ("policy: selection", 1, "did you mean 'selection_rate'?"),
        ("port: 1\nport: 2", 2, "'port' was already given on line 1."),
        ("a: [1", 1, "this is not YAML"),
        ("a: !!python/object:os.system x", 1, "this is not YAML"),
        ("? [a, b]\n: 3", 1, "a key must be a single word."),
        (
            "default_tier: sd15_drafts",
            1,
            "there is no tier 'sd15_drafts'; did you mean 'sd15_draft'?",
        ),
        (
            "stages:\n- {name: a, size: 3, template: draft, tier: sdxl_standrad}",
            2,
            "stages[0].tier: there is no tier 'sdxl_standrad'; did you mean 'sdxl_standard'?",
        ),
        (
            "servers:\n- {name: a, url: 'http://a'}\n- {name: a, url: 'http://b'}",
            3,
            "servers[1].name: two servers are named 'a'.",
        ),
        (
            tier(sizes="{protrait: [64, 96]}"),
            2,
            "unknown key 'protrait' in tiers.a.sizes; did you mean 'portrait'?",
        ),
        (tier(steps=0), 2, "steps: input should be greater than or equal to 1, not 0."),
        (
            tier(sizes=SIZES.replace("[64, 64]", "[64]")),
            2,
            "item 2 is missing in tiers.a.sizes.square.",
        ),
        (tier(sizes="{square: [64, 64]}"), 2, "tiers.a.sizes: at least 3 needed."),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_its_line(config, text, line, sentence):
    path = config(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert sentence in str(caught.value)
    assert caught.value.line == line
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"- 1", "a table of settings is expected"),
        (b"a: \xff\xfe", "not text in UTF-8"),
        (b"a: \x07", "this is not YAML"),
        (b"a: 2026-13-01", "this is not YAML: month must be in 1..12."),
    ],
)
def test_a_file_that_cannot_be_understood_is_named(tmp_path, content, sentence):
    path = tmp_path / "studio.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert sentence in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_settings(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("VIBES_PORT", "x", "VIBES_PORT: port: a whole number is expected, not 'x'."),
        ("VIBES_SERVERS", "[", "VIBES_SERVERS: a list or table is given as JSON, and this is not."),
        ("VIBES_SERVERS", '[{"name": "b"}]', "VIBES_SERVERS: 'url' is missing in servers[0]."),
        (
            "VIBES_TIERS__SD15_DRAFT__STEPS",
            "1000",
            "VIBES_TIERS__SD15_DRAFT__STEPS: tiers.sd15_draft.steps: "
            "input should be less than or equal to 150, not '1000'.",
        ),
        (
            "VIBES_TIERS__NEW__STEPS",
            "3",
            "VIBES_TIERS__NEW__STEPS: 'family' is missing in tiers.new.",
        ),
        ("VIBES_SERVERS__0__URL", "x", "VIBES_SERVERS__0__URL: servers: a list is expected."),
        ("VIBES_PROT", "1", "VIBES_PROT is no setting; did you mean VIBES_PORT?"),
        ("VIBES_TIER__A__STEPS", "1", "VIBES_TIER is no setting; did you mean VIBES_TIERS?"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(caught.value) == sentence


def test_a_fault_in_a_file_is_not_blamed_on_a_variable_beside_it(config, monkeypatch):
    path = config(tier(steps="many"))
    monkeypatch.setenv("VIBES_TIERS__A__CFG", "2")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value).startswith(f"{path}:2: tiers.a.steps: ")


@pytest.mark.parametrize("name", ["VIBES_BROWSER", "VIBES_OF_ANOTHER_PROGRAM"])
def test_a_variable_that_is_like_no_setting_is_left_to_others(monkeypatch, name):
    monkeypatch.setenv(name, "x")
    load_settings()


def test_a_mistake_in_an_argument_names_no_file():
    with pytest.raises(ConfigError) as caught:
        load_settings(port=-1)
    assert str(caught.value) == "port: input should be greater than or equal to 0, not -1."


def test_a_file_that_contains_itself_is_refused_without_hanging(config):
    with pytest.raises(ConfigError):
        load_settings(config("servers: &again [*again]"))


@pytest.mark.parametrize(
    ("scoring", "sentence"),
    [
        ("{thresholds: {success: 101}}", "scoring.thresholds.success"),
        ("{thresholds: {partial: 90}}", "`partial` must not be above `success`"),
        ("{thresholds: {succes: 90}}", "'succes' in scoring.thresholds; did you mean 'success'"),
        ("{device: tpu}", "'tpu' is no device: auto, cpu, cuda"),
        ("{models: {}}", "unknown key 'models' in scoring"),
    ],
)
def test_what_is_wrong_within_a_table_is_told_with_its_line(config, scoring, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        load_settings(config(f"scoring: {scoring}\n"))
    assert caught.value.line == 1
