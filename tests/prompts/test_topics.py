"""Topics say which words are about the same thing."""

from __future__ import annotations

import pytest

from vibes.errors import ConfigError
from vibes.prompts import keywords, load_topics, topics


def test_what_a_prompt_says_finds_its_topics():
    said = keywords("misty forests at the ocean, oil painting, starry night, two lighthouses")
    found = {word: topics()[word] for word in said if word in topics()}
    assert found["forest"] == "woods"
    assert found["ocean"] == found["lighthouse"] == "water"
    assert found["oil painting"] == found["painting"] == "painted"
    assert found["starry night"] == "night"


def test_most_words_of_a_topic_are_keywords_as_prompts_give_them():
    reached = [word for word in topics() if word in keywords(f"{word}, something")]
    assert len(reached) > 0.9 * len(topics())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sea: beach\nland: beach, hill", "'beach' stands in the topics 'sea' and 'land'"),
        ("sea: [beach]", "words of topic 'sea' are one text"),
        ("- beach", "no mapping"),
        ("sea: {", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_list_of_topics_is_refused(tmp_path, text, message):
    path = tmp_path / "topics.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_topics(path)
