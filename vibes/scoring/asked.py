"""What a prompt asks a picture to show: its words put into slots and bound to their nouns.

"two red boats at dusk" asks for two boats, for red ones and for dusk. A describing word goes with
the thing after it, an action with the one before it: a red house beside a blue boat must not pass
for a red boat. Words that stand in no list are things too, with the words before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from vibes.prompts.analysis import asked_segments
from vibes.prompts.concepts import Segment
from vibes.prompts.lexicon import english
from vibes.prompts.weights import Break, Choice, Node, Nodes, Prompt, Weighted, parse

from .alternatives import DESCRIBING, Alternatives, Home, article
from .alternatives_lexicon import base

OTHER = Home("other", "")
COUNTS = ("one", "two", "three", "four", "five", "six")
_NUMBERS = {word: number for number, word in enumerate(COUNTS, start=1)} | {
    str(number): number for number in range(1, len(COUNTS) + 1)
}
_PLACING = frozenset(
    ("in", "on", "at", "by", "under", "over", "near", "beside", "behind", "above", "below")
) | frozenset(
    ("inside", "outside", "through", "across", "along", "between", "among", "around", "before")
)
_ALONE = {  # what a describing word is asked for with where no thing follows it
    "colour": "{} picture",
    "look": "{} thing",
    "expression": "{} face",
    "weather": "{} weather",
    "mood": "{} mood",
}
_COUNTED = re.compile(r"([1-6])((girl|boy)s?)")  # tags of pictures of people, "2girls"
_ARTICLE = re.compile(r"\ban? (?=(\w+))")
_EMBEDDING = re.compile(r"\bembedding:\S+", re.IGNORECASE)
_MOST_WORDS = 4  # of a thing that stands in no list: its name is at the end

Frame = Callable[[str], str]
"""Puts an alternative where the word itself stands."""


@dataclass(frozen=True)
class Asked:
    """One thing asked for; ``key`` in base form, ``start`` and ``size`` in words of the prompt."""

    text: str
    key: str
    home: Home
    frame: Frame
    start: int
    size: int
    describing: bool = False
    rivals: tuple[str, ...] = ()  # what the same thing is to be as well: "red and blue"


def plain_prompt(prompt: str | Prompt) -> str:
    """The words a picture is held against: no weights, LoRA tags, embeddings or open choices.

    What is weighted with 0 is not asked for, and of ``{a|b}``, which is settled when a picture is
    planned, nobody knows which was.
    """
    parsed = parse(prompt) if isinstance(prompt, str) else prompt
    return _EMBEDDING.sub(" ", Prompt(_settled(parsed.nodes)).plain())


def asked(segments: Sequence[Segment], lexicon: Alternatives) -> Iterator[Asked]:
    """What the segments ask for, in their order."""
    start = 0
    for segment in segments:
        yield from _Reader(segment, lexicon, start).read()
        start += len(segment.words)


def segments_of(prompt: str | Prompt) -> list[Segment]:
    """The words of a prompt between punctuation marks; nothing of what follows "no"."""
    return asked_segments(plain_prompt(prompt), english())


def agreeing(text: str) -> str:
    """The text with "a" or "an" as the word behind it asks for."""
    return _ARTICLE.sub(lambda match: f"{article(match[1])} ", text)


@dataclass
class _Reader:
    """Reads one segment from left to right; what waits for its noun is kept meanwhile."""

    segment: Segment
    lexicon: Alternatives
    offset: int
    determiner: str = ""
    placing: str = ""
    number: int = 0
    last: str = ""  # the thing an action belongs to
    describing: list[tuple[int, int, str]] = field(default_factory=list)  # place, size, key
    unknown: list[int] = field(default_factory=list)  # places

    def read(self) -> Iterator[Asked]:
        hits = {hit.start: hit for hit in self.lexicon.words.hits(self.segment)}
        place = 0
        while place < len(self.segment.words):
            hit = hits.get(place)
            if hit is None:
                yield from self._word(place)
            else:
                yield from self._known(hit.start, hit.size, hit.entry)
            place += hit.size if hit else 1
        yield from self._flush()

    def _known(self, place: int, size: int, key: str) -> Iterator[Asked]:
        counted = _COUNTED.fullmatch(self.segment.words[place])
        if counted:
            self.number, key = int(counted[1]), counted[3]
        key = base(key) if base(key) in self.lexicon.homes else key
        home = self.lexicon.homes[key]
        bare = home.model is None or home.model.describes
        if home.slot in DESCRIBING and (bare or self._goes_on(home, place + size)):
            self.describing.append((place, size, key))
        elif home.slot == "action":
            yield from self._action(place, size, key)
        elif home.slot:
            yield from self._thing(place, size, key, home)
        elif self._is_noun(key):
            yield from self._bound(self._noun(place, size), place)
            self._forget()

    def _word(self, place: int) -> Iterator[Asked]:
        word = self.segment.words[place]
        if word in ("a", "an", "the"):
            yield from self._flush()
            self.determiner = word
        elif word in _NUMBERS and not self.unknown:
            self.number = _NUMBERS[word]
        elif word in ("and", "or") and self.describing and not self.unknown:
            pass  # "red and blue boats"
        elif word in english().stop_words:
            yield from self._flush()
            self.placing = word if word in _PLACING else ""
        elif self.last and word.endswith("ing") and not english().is_noun(word):
            yield from self._action(place, 1, word)
        elif len(word) > 1 and not word.endswith("ly") and not word.isdecimal():
            self.unknown.append(place)

    def _thing(self, place: int, size: int, key: str, home: Home) -> Iterator[Asked]:
        if home.slot == "style" and self.placing == "by":
            home = home._replace(group="artist")
        noun = self._noun(place, size)
        yield from self._bound(noun, place)
        yield Asked(self._phrase(key, home), key, home, str, self.offset + place, size)
        if home.slot == "subject" or (home.slot == "place" and not self.last):
            self.last = self._determined(noun if self.unknown else key)
        self._forget()

    def _action(self, place: int, size: int, key: str) -> Iterator[Asked]:
        yield from self._flush()
        frame = _before(self.last) if self.last else str
        home = self.lexicon.homes.get(key, Home("action", "doing"))
        doing = " ".join(self.segment.words[place : place + size])
        yield Asked(frame(doing), key, home, frame, self.offset + place, size)

    def _flush(self) -> Iterator[Asked]:
        """What waits for a noun that does not come: a thing that stands in no list, or nothing."""
        if self.unknown:
            *_, place = self.unknown
            noun = self._noun(place, 1)
            key = self.segment.lemmas[place]
            yield from self._bound(noun, place)
            words = [self.segment.words[i] for i in self.unknown[-_MOST_WORDS:]]
            thing = agreeing(f"{self.determiner} {' '.join(words)}".strip())
            text = f"{self.placing} {thing}" if self.placing and self.determiner else thing
            first = self.unknown[-_MOST_WORDS:][0]
            size = place - first + 1
            yield Asked(text, key, OTHER, str, self.offset + first, size)
            self.last = thing
        else:
            yield from self._bound("", len(self.segment.words))
        self._forget()

    def _bound(self, noun: str, place: int) -> Iterator[Asked]:
        """The describing words before a noun, and how many of it; each to be seen on the noun."""
        keys = tuple(key for _, _, key in self.describing)
        for start, size, key in self.describing:
            home = self.lexicon.homes[key]
            frame = self._frame(noun) if noun else self._alone(home.slot)
            rivals = tuple(other for other in keys if other != key)
            start += self.offset
            yield Asked(frame(key), key, home, frame, start, size, describing=True, rivals=rivals)
        if self.number > 1 and noun and english().lemma(noun.split()[-1]) != noun.split()[-1]:
            home = Home("count", "")
            frame = _counting(noun)
            text = frame(COUNTS[self.number - 1])
            yield Asked(text, "", home, frame, self.offset + place, 1)

    def _frame(self, noun: str) -> Frame:
        determined = "the {} {}" if self.determiner == "the" else "{} {}"
        if determined == "{} {}" and self.lexicon.with_article(noun) != noun:
            determined = "a {} {}"
        return lambda word: agreeing(determined.format(word, noun))

    def _alone(self, slot: str) -> Frame:
        form = _ALONE[slot]
        put = form if slot == "weather" else f"a {form}"
        return lambda word: agreeing(put.format(word))

    def _noun(self, place: int, size: int) -> str:
        """The words of a thing as they were typed, those before it that stand in no list too."""
        words = " ".join(self.segment.words[place : place + size])
        counted = _COUNTED.fullmatch(words)
        words = counted[2] if counted else words
        before = [self.segment.words[i] for i in self.unknown if i < place][-_MOST_WORDS + 1 :]
        return " ".join([*before, words])

    def _phrase(self, key: str, home: Home) -> str:
        """How a model reads the thing: as the lexicon writes it, else as the prompt does."""
        before = [self.segment.words[i] for i in self.unknown][-_MOST_WORDS + 1 :]
        words = " ".join([*before, key])
        model = home.model
        if self.determiner == "the" and before:  # "the eiffel tower" is a name
            return self._placed(self._determined(words))
        if model:
            is_like = home.slot != "camera" and key != model.base and _replaces(key, model.key)
            own = key if is_like else model.key
            named = " ".join([*before, own])
            return agreeing(re.sub(rf"\b{model.key}\b", named, model.phrase, count=1))
        if home.slot == "style":
            return f"in the style of {words}" if self.placing == "by" else f"{words} style"
        thing = self._determined(words)
        if home.slot == "clothing":
            return f"wearing {thing}"
        if home.slot == "place":
            return self._placed(thing)
        return words if home.slot in ("light", "camera") and not self.determiner else thing

    def _determined(self, words: str) -> str:
        return f"the {words}" if self.determiner == "the" else self.lexicon.with_article(words)

    def _placed(self, thing: str) -> str:
        return f"{self.placing} {thing}".strip()

    def _goes_on(self, home: Home, place: int) -> bool:
        """Whether a thing follows a colour, as in "a black and white cat"."""
        following = self.segment.words[place : place + 1]
        return (
            home.slot == "colour" and not {*following} <= english().stop_words | english().fillers
        )

    def _is_noun(self, key: str) -> bool:
        return bool(self.describing or self.number) and key not in english().quality

    def _forget(self) -> None:
        self.determiner, self.placing, self.number = "", "", 0
        self.describing, self.unknown = [], []


def _replaces(key: str, model: str) -> bool:
    """Whether a word can stand in the phrase of one like it: "dusk" in "at sunset" can."""
    return len(key.split()) == len(model.split()) or {*model.split()} < {*key.split()}


def _before(thing: str) -> Frame:
    return lambda action: f"{thing} {action}"


def _counting(plural: str) -> Frame:
    *first, last = plural.split()
    single = " ".join([*first, english().lemma(last)])
    return lambda number: f"{number} {single if number == COUNTS[0] else plural}"


def _settled(nodes: Nodes) -> Nodes:
    """The nodes without what is weighted with nothing and without choices nobody made yet."""
    kept: list[Node] = []
    for node in nodes:
        if isinstance(node, Choice):
            alone = len(node.options) == 1
            kept.extend(_settled(node.options[0]) if alone else (Break("BREAK"),))
        elif isinstance(node, Weighted):
            asked_for = node.weight > 0
            kept.append(
                Weighted(node.opening, _settled(node.children), node.closing)
                if asked_for
                else Break("BREAK")
            )
        else:
            kept.append(node)
    return tuple(kept)
