from __future__ import annotations

import pytest

from tests.workflows.marked import with_markers
from vibes.errors import Conflict, InvalidInput, NotFound
from vibes.workflows import Templates, load_template, template_names
from vibes.workflows.compile import compile_workflow
from vibes.workflows.template import Template, to_template


def own(name: str) -> Template:
    return to_template(name, compile_workflow(with_markers("draft")))


def test_shipped_and_own_templates_are_found_by_one_kind_of_name() -> None:
    templates = Templates([own("mine")])
    assert set(templates.names()) == {"mine", *template_names()}
    assert templates.get("draft") == load_template("draft")
    assert templates.get("mine").name == "mine"
    assert (*templates.own, *templates.shipped) == ("mine", *template_names())


def test_an_unknown_name_is_answered_with_the_nearest_of_both() -> None:
    with pytest.raises(NotFound, match="did you mean 'portrait'"):
        Templates([own("portrait")]).get("portrat")


def test_what_is_added_is_there_and_what_is_removed_is_not() -> None:
    templates = Templates()
    templates.add(own("mine"))
    assert "mine" in templates.names()
    templates.remove("mine")
    with pytest.raises(NotFound):
        templates.remove("mine")


@pytest.mark.parametrize("name", ["draft", "DRAFT", "mine", "Mine"])
def test_a_name_is_taken_once_however_it_is_written(name: str) -> None:
    with pytest.raises(Conflict):
        Templates([own("mine")]).add(own(name))


@pytest.mark.parametrize("name", ["", "a b", "a.b", "../a", "a/b", "x" * 61, "\ud800"])
def test_what_could_be_no_file_is_no_name(name: str) -> None:
    with pytest.raises(InvalidInput, match="is no name for a workflow"):
        Templates().check_new(name)


def test_a_shipped_template_stays() -> None:
    with pytest.raises(Conflict, match="comes with Vibes"):
        Templates().remove("draft")


@pytest.mark.parametrize("name", ["nul", "CON", "com1"])
def test_what_windows_calls_a_device_is_no_name(name: str) -> None:
    with pytest.raises(InvalidInput, match="on Windows"):
        Templates().check_new(name)


def test_a_damaged_one_is_told_keeps_its_name_and_can_be_let_go() -> None:
    templates = Templates([own("mine")], {"Old": "it holds no slots."})
    with pytest.raises(NotFound, match="'Old' is damaged: it holds no slots"):
        templates.get("Old")
    with pytest.raises(Conflict, match="'Old' is damaged"):
        templates.add(own("old"))
    templates.remove("Old")
    templates.add(own("old"))


def test_one_whose_name_vibes_took_later_gives_way_and_can_be_let_go() -> None:
    templates = Templates([own("draft"), own("mine")])
    assert templates.own.keys() == {"mine"}
    assert "rename" in templates.broken["draft"]
    templates.remove("draft")
    assert templates.broken == {}
    assert templates.get("draft") == templates.shipped["draft"]
