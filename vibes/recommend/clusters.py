"""Words and the topics they belong to, also those that no list holds: by what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vibes.prompts.encoders import TextEncoder

from .meaning import TopicMeanings

_REMEMBERED = 1 << 16  # words


class Clusters(Mapping[str, str]):
    """The ``known`` words with their topics; any other word is looked up by its meaning.

    Iterating gives the known words only. The same word always gets the same topic.
    """

    def __init__(self, known: Mapping[str, str], encoder: TextEncoder | None):
        self._known = known
        self._meanings = TopicMeanings(encoder, known) if encoder else None
        self._found: dict[str, str | None] = {}

    def __getitem__(self, word: str) -> str:
        """The topic; KeyError for a word that belongs to none."""
        topic = self._known.get(word)
        if topic is None and self._meanings is not None:
            if word not in self._found:
                if len(self._found) >= _REMEMBERED:
                    self._found.clear()
                self._found[word] = self._meanings.topic_of(word)
            topic = self._found[word]
        if topic is None:
            raise KeyError(word)
        return topic

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
