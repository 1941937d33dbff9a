"""The prompt language: ``(x:1.2)``, ``[x]``, ``[a:b:0.5]``, ``{a|b}``, ``BREAK``, ``<lora:n:0.7>``.

A prompt is a lossless tree: rendering what was parsed gives the same text, whatever the text.
Brackets without a partner, and brackets nested deeper than ``MAX_DEPTH``, are plain text, so
parsing never fails and the tree can be walked recursively.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Union

from vibes.recipes import LoraUse

if TYPE_CHECKING:
    from numpy.random import Generator

MAX_DEPTH = 64
EMPHASIS = 1.1  # what one plain round bracket multiplies the weight by; a square one divides by it

Node = Union["Text", "Weighted", "Schedule", "Choice", "Lora", "Break"]
Nodes = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they were typed, backslash escapes included."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _plain(self) -> str:
        return _ESCAPE.sub(r"\1", self.text)


@dataclass(frozen=True, slots=True)
class Weighted:
    """``(x)``, ``(x:1.2)`` or ``[x]``; ``closing`` is the bracket with the weight before it."""

    opening: str
    children: Nodes
    closing: str

    @property
    def weight(self) -> float:
        """What the attention to the children is multiplied by."""
        if self.opening == "[":
            return 1 / EMPHASIS
        return float(self.closing[1:-1]) if len(self.closing) > 1 else EMPHASIS

    def __str__(self) -> str:
        return self.opening + _render(self.children) + self.closing

    def _plain(self) -> str:
        return _plain(self.children)


@dataclass(frozen=True, slots=True)
class Schedule:
    """``[a:b:0.5]`` or ``[a|b]``: prompt editing while sampling; kept as it is."""

    children: Nodes

    def __str__(self) -> str:
        return f"[{_render(self.children)}]"

    def _plain(self) -> str:
        return f",{_SCHEDULE_PARTS.sub(',', _plain(self.children))},"


@dataclass(frozen=True, slots=True)
class Choice:
    """``{a|b}``: one of the options; ``{x}`` is a choice of one, so the braces just go away."""

    options: tuple[Nodes, ...]

    def __str__(self) -> str:
        return "{" + "|".join(map(_render, self.options)) + "}"

    def _plain(self) -> str:
        return ",".join(map(_plain, self.options))


@dataclass(frozen=True, slots=True)
class Lora:
    """``<lora:name>``, ``<lora:name:0.7>`` or ``<lora:name:0.7:0.5>``: model, then text encoder."""

    tag: str
    use: LoraUse
    clip_strength: float

    def __str__(self) -> str:
        return self.tag

    def _plain(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Break:
    """``BREAK`` or ``AND``: what stands on its two sides is encoded apart."""

    word: str

    def __str__(self) -> str:
        return self.word

    def _plain(self) -> str:
        return ","


@dataclass(frozen=True, slots=True)
class Prompt:
    """A parsed prompt."""

    nodes: Nodes

    def render(self) -> str:
        """The text this was parsed from, exactly."""
        return _render(self.nodes)

    def plain(self) -> str:
        """Words only: brackets and weights gone, escapes undone, LoRA tags left out.

        Commas separate the alternatives of a choice or schedule and the two sides of a ``BREAK``.
        """
        return _plain(self.nodes)

    def for_encoder(self) -> str:
        """As ComfyUI's text encoder reads it: it knows ``(x:1.2)`` but not ``[x]``."""
        return _for_encoder(self.nodes)

    @property
    def loras(self) -> tuple[LoraUse, ...]:
        """Every LoRA tag, in order, those in options not yet chosen included."""
        return tuple(node.use for node in _walk(self.nodes) if isinstance(node, Lora))

    def without_loras(self) -> Prompt:
        """The prompt without its LoRA tags and without the commas and spaces they leave behind."""
        if not self.loras:
            return self
        result, *pieces = _around_loras(self.render())
        for piece in pieces[:-1]:
            # A run of tags with only separators between them leaves one gap, not several.
            result = _close_gap(result, piece) if piece.strip(_SEPARATORS) else result + piece
        result = _close_gap(result, pieces[-1])
        return parse(result).without_loras()  # removing a tag may have completed another one

    def choose(self, rng: Generator) -> Prompt:
        """Every ``{a|b}`` replaced by one of its options, each equally likely."""
        return parse(_render(_choose(self.nodes, rng)))


def parse(text: str) -> Prompt:
    """Parse any text; ``parse(text).render() == text`` always holds."""
    tokens = list(_tokens(text))
    pairs = _pairs(tokens)
    closers = set(pairs.values())
    stack = [_Frame("", [[]])]
    flattened: set[int] = set()
    for index, token in enumerate(tokens):
        if index in pairs and len(stack) <= MAX_DEPTH:
            stack.append(_Frame(token.text, [[]]))
        elif index in pairs:
            flattened.add(pairs[index])
            stack[-1].add(Text(token.text))
        elif index in closers and index not in flattened:
            closed = stack.pop().close(token.text)
            stack[-1].add(closed)
        elif token.text == "|" and stack[-1].opening == "{":
            stack[-1].options.append([])
        else:
            stack[-1].add(token.node())
    return Prompt(tuple(stack[0].options[0]))


_NUMBER = r"[+-]?(?:[0-9]{1,4}(?:\.[0-9]*)?|\.[0-9]+)"  # so always a finite float
_TOKEN = re.compile(
    rf"""
      (?P<escape>\\.)
    | (?P<lora><lora:(?P<name>[^<>:]+)(?::(?P<model>{_NUMBER}))?(?::(?P<clip>{_NUMBER}))?>)
    | (?P<break>\b(?:BREAK|AND)\b)
    | (?P<open>[(\[{{])
    | (?P<close>:\s*{_NUMBER}\s*\)|[)\]}}])
    | (?P<bar>\|)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SCHEDULE_PARTS = re.compile(rf":\s*{_NUMBER}\s*$|[:|]")
_PARTNER = {")": "(", "]": "[", "}": "{"}
_SEPARATORS = ", \t\r\n"


class _Token(NamedTuple):
    kind: str
    text: str
    match: re.Match[str] | None = None

    def node(self) -> Node:
        if self.kind == "break":
            return Break(self.text)
        if self.kind != "lora" or self.match is None:
            return Text(self.text)
        strength = float(self.match["model"] or 1)
        clip_strength = float(self.match["clip"] or strength)
        return Lora(self.text, LoraUse(self.match["name"].strip(), strength), clip_strength)


class _Frame(NamedTuple):
    """A bracket being read: its nodes so far, one list for each ``|``-separated option."""

    opening: str
    options: list[list[Node]]

    def add(self, node: Node) -> None:
        nodes = self.options[-1]
        if isinstance(node, Text) and nodes and isinstance(nodes[-1], Text):
            nodes[-1] = Text(nodes[-1].text + node.text)
        else:
            nodes.append(node)

    def close(self, closing: str) -> Node:
        if self.opening == "{":
            return Choice(tuple(map(tuple, self.options)))
        children = tuple(self.options[0])
        if self.opening == "[" and any(
            isinstance(node, Text) and _SCHEDULE_PARTS.search(node.text) for node in children
        ):
            return Schedule(children)
        return Weighted(self.opening, children, closing)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    for match in _TOKEN.finditer(text):
        if match.start() > position:
            yield _Token("text", text[position : match.start()])
        yield _Token(match.lastgroup or "", match[0], match)
        position = match.end()
    if position < len(text):
        yield _Token("text", text[position:])


def _pairs(tokens: list[_Token]) -> dict[int, int]:
    """Indices of opening brackets to those of their partners.

    A closing bracket pairs with the nearest open one of its kind; what was opened in between and
    is still open stays without a partner.
    """
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    counts = dict.fromkeys("([{", 0)
    for index, token in enumerate(tokens):
        if token.kind == "open":
            waiting.append(index)
            counts[token.text] += 1
        elif token.kind == "close" and counts[opening := _PARTNER[token.text[-1]]]:
            while tokens[start := waiting.pop()].text != opening:
                counts[tokens[start].text] -= 1
            counts[opening] -= 1
            pairs[start] = index
    return pairs


def _render(nodes: Nodes) -> str:
    return "".join(str(node) for node in nodes)


def _for_encoder(nodes: Nodes) -> str:
    return "".join(
        f"({_for_encoder(node.children)}:{node.weight:.3g})"
        if isinstance(node, Weighted) and node.opening == "["
        else node.opening + _for_encoder(node.children) + node.closing
        if isinstance(node, Weighted)
        else str(node)
        for node in nodes
    )


def _plain(nodes: Nodes) -> str:
    return "".join(node._plain() for node in nodes)


def _branches(node: Node) -> tuple[Nodes, ...]:
    if isinstance(node, Choice):
        return node.options
    return (node.children,) if isinstance(node, (Weighted, Schedule)) else ()


def _walk(nodes: Nodes) -> Iterator[Node]:
    for node in nodes:
        yield node
        for branch in _branches(node):
            yield from _walk(branch)


def _choose(nodes: Nodes, rng: Generator) -> Nodes:
    chosen: list[Node] = []
    for node in nodes:
        if isinstance(node, Choice):
            chosen.extend(_choose(node.options[int(rng.integers(len(node.options)))], rng))
        elif isinstance(node, Weighted):
            chosen.append(Weighted(node.opening, _choose(node.children, rng), node.closing))
        elif isinstance(node, Schedule):
            chosen.append(Schedule(_choose(node.children, rng)))
        else:
            chosen.append(node)
    return tuple(chosen)


def _around_loras(text: str) -> list[str]:
    """The pieces of text before, between and after the LoRA tags."""
    pieces: list[list[str]] = [[]]
    for token in _tokens(text):
        if token.kind == "lora":
            pieces.append([])
        else:
            pieces[-1].append(token.text)
    return ["".join(piece) for piece in pieces]


def _close_gap(before: str, after: str) -> str:
    """Join what stood on the two sides of a removed tag with at most one comma and one space."""
    left, right = before.rstrip(_SEPARATORS), after.lstrip(_SEPARATORS)
    if not left or not right or left[-1] in "([{|" or right[0] in ")]}|:":
        return left + right
    gap = before[len(left) :] + after[: len(after) - len(right)]
    comma = "," if "," in gap else ""
    return left + comma + ("\n" if "\n" in gap else " " if " " in gap else "") + right
