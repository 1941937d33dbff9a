from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from companion_app.scoring.desk import Equipment, Scored, ScoringDesk, Task, Unscorable
from vibes.scoring.torch_modules import missing_modules

from .conftest import TINY_CLIP

pytestmark = pytest.mark.skipif(bool(missing_modules()), reason="torch is not installed here")
OWN = "subject: {airship: 'a zeppelin, a blimp, an airship, a dirigible'}"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (96, 96), "red").save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_word_lists_of_the_users_own_say_what_a_thing_is_contrasted_with(picture: Path) -> None:
    words = picture.parent / "words"
    words.mkdir()
    (words / "alternatives.yaml").write_text(OWN)
    desk = ScoringDesk(Equipment(model=TINY_CLIP, name="tiny", device="cpu", lexicons=words))
    [answer] = desk.score([Task("image", picture, "a zeppelin at dusk")])
    assert isinstance(answer, Scored)
    [asked] = [i.requirement for i in answer.adherence.items if "zeppelin" in i.requirement.text]
    assert asked.slot == "subject"
    assert {"a blimp", "an airship", "a dirigible"} <= set(asked.alternatives)


def test_what_is_no_picture_has_no_score_but_a_reason_and_the_others_have_theirs(
    picture: Path,
) -> None:
    broken = picture.with_name("broken.png")
    broken.write_bytes(b"no picture")
    desk = ScoringDesk(Equipment(model=TINY_CLIP, name="tiny", device="cpu"))
    answers = desk.score([Task("b", broken, "a boat"), Task("p", picture, "a boat")])
    assert isinstance(answers[0], Unscorable)
    assert "unusable" in answers[0].why
    assert isinstance(answers[1], Scored)
