"""Every template there is, shipped and the user's own, by one kind of name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from vibes.errors import Conflict, InvalidInput, NotFound

from .template import Template, load_template, no_template, template_names

LONGEST_NAME = 60
"""Characters; names become names of files."""

_OF_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)  # on Windows


class Templates:
    """The shipped templates, and those made of the user's own workflows.

    Equal names in upper and lower case are one name: not every disk tells them apart. ``broken``
    are the user's files that hold none, by name, with the reasons.
    """

    def __init__(self, own: Iterable[Template] = (), broken: Mapping[str, str] | None = None):
        self._shipped = {name: load_template(name) for name in template_names()}
        self._own = {template.name: template for template in own}
        self._broken = dict(broken or {})
        for name in self._own.keys() & self._shipped.keys():  # brought before Vibes had one
            del self._own[name]
            self._broken[name] = f"Vibes has a workflow '{name}' itself: rename the files of yours."

    @property
    def shipped(self) -> Mapping[str, Template]:
        """Those that come with Vibes."""
        return MappingProxyType(self._shipped)

    @property
    def own(self) -> Mapping[str, Template]:
        """Those of the user's own workflows."""
        return MappingProxyType(self._own)

    @property
    def broken(self) -> Mapping[str, str]:
        """Why each of the user's files that hold no template does not."""
        return MappingProxyType(self._broken)

    def get(self, name: str) -> Template:
        """The template of exactly that name; raises NotFound with the nearest one."""
        found = self._shipped.get(name) or self._own.get(name)
        if found is None and name in self._broken:
            raise NotFound(f"The workflow '{name}' is damaged: {self._broken[name]}")
        if found is None:
            raise NotFound(no_template(name, self.names()))
        return found

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted({*self._shipped, *self._own}))

    def check_new(self, name: str) -> None:
        """Raise InvalidInput for what is no name, Conflict for one that is taken."""
        if not re.fullmatch(rf"[\w-]{{1,{LONGEST_NAME}}}", name):
            raise InvalidInput(
                f"'{name[:LONGEST_NAME]}' is no name for a workflow: letters, digits, _ and -, "
                f"at most {LONGEST_NAME}."
            )
        if _OF_DEVICES.fullmatch(name):
            raise InvalidInput(f"No file may be called '{name}' on Windows. Choose another name.")
        names = (*self.names(), *self._broken)
        same = next((one for one in names if one.casefold() == name.casefold()), None)
        if same in self._shipped:
            raise Conflict(f"The workflow '{same}' comes with Vibes. Choose another name.")
        if same in self._broken:
            raise Conflict(f"The file of a workflow '{same}' is damaged. Remove it first.")
        if same is not None:
            raise Conflict(
                f"There is a workflow '{same}' already. Remove it first, or choose another name."
            )

    def add(self, template: Template) -> None:
        """Take in one of the user's own; raises as ``check_new`` does."""
        self.check_new(template.name)
        self._own[template.name] = template

    def remove(self, name: str) -> None:
        """Let go of one of the user's own; raises NotFound, and Conflict for a shipped one."""
        if self._broken.pop(name, None) is not None:
            return
        self.get(name)
        if name in self._shipped:
            raise Conflict(f"The workflow '{name}' comes with Vibes and stays.")
        del self._own[name]
