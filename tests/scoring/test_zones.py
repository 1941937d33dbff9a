from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vibes.errors import ScoringUnavailable
from vibes.scoring.pictures import Fit
from vibes.scoring.zones import MAX_ZONES, Zone, crops, find_detector, zones


class Faces:
    """A detector that finds what it is told to."""

    licence = "MIT"

    def __init__(self, *boxes: tuple[float, float, float, float]):
        self.boxes = boxes

    def faces(self, picture: Image.Image):
        return self.boxes


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((512, 768), ["top", "middle", "bottom"]),
        ((512, 512), ["top", "middle", "bottom"]),
        ((768, 512), ["left", "middle", "right"]),
    ],
)
def test_without_a_detector_zones_lie_along_the_longer_side(size, names: list[str]) -> None:
    assert [zone.name for zone in zones(Image.new("RGB", size))] == names


@given(st.integers(1, 300), st.integers(1, 300))
def test_zones_lie_within_the_picture_and_cover_it(width: int, height: int) -> None:
    found = zones(Image.new("RGB", (width, height)))
    assert all(0 <= zone.box.left < zone.box.right <= width for zone in found)
    assert all(0 <= zone.box.top < zone.box.bottom <= height for zone in found)
    assert min(zone.box.left for zone in found) == min(zone.box.top for zone in found) == 0
    assert max(zone.box.right for zone in found) == width
    assert max(zone.box.bottom for zone in found) == height


def test_a_face_is_looked_at_with_its_hair_and_no_more_than_a_few_of_them() -> None:
    picture = Image.new("RGB", (400, 400))
    [zone] = zones(picture, Faces((100, 100, 200, 200)))
    assert zone == Zone("face", (40, 40, 260, 260))
    assert len(zones(picture, Faces(*[(0, 0, 10, 10)] * 9))) == MAX_ZONES


def test_where_no_face_is_found_the_thirds_are_looked_at() -> None:
    assert len(zones(Image.new("RGB", (400, 400)), Faces())) == 3


def test_crops_show_their_zone_alone() -> None:
    picture = Image.new("RGB", (100, 300), "black")
    picture.paste("red", (0, 0, 100, 100))
    picture.paste("blue", (0, 200, 100, 300))
    top, _, bottom = crops(picture, zones(picture), Fit(32, "squash"))
    assert top.shape == (32, 32, 3)
    assert (top[..., 0].max(), top[..., 2].max()) == (255, 0)
    assert (bottom[..., 0].max(), bottom[..., 2].max()) == (0, 255)
    assert crops(picture, (), Fit(32)).shape == (0, 32, 32, 3)


def test_an_installed_detector_is_found_and_one_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_detector() is None
    (tmp_path / "finder.py").write_text("class Finder:\n    licence = 'MIT'\n")
    about = tmp_path / "finder-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: finder\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[vibes.detectors]\nfinder = finder:Finder\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert type(find_detector()).__name__ == "Finder"
    (about / "entry_points.txt").write_text("[vibes.detectors]\nlost = finder:Lost\n")
    with pytest.raises(ScoringUnavailable, match="The detector 'lost' fails"):
        find_detector()
