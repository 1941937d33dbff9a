"""The bin: pictures are put aside and come back; only the user throws them away."""

from __future__ import annotations

from pathlib import Path

from tests.studio.scored import BOAT, MODEL, calibrate, score
from vibes.storage import check
from vibes.storage.scorebook import ScoreBook

OFF = {"enabled": False}


async def test_what_is_put_aside_comes_back_as_it_was(start_studio):
    async with start_studio(scoring=OFF) as api:
        session = await api.session()
        grid = await api.grid(session)
        first, second, third, _ = [image["id"] for image in grid["images"]]
        await api.ok("PUT", f"/api/images/{first}/selection", {"selection": "selected"})
        put = await api.ok("POST", "/api/bin", {"images": [first, second, third, "nobody"]})
        assert put["binned"] == [second, third]
        assert [kept["id"] for kept in put["kept"]] == [first, "nobody"]
        assert put["kept"][0]["reason"] == "It is a pick."
        assert {image["id"] for image in await api.ok("GET", "/api/bin")} == {second, third}
        assert (await api.ok("GET", f"/api/images/{second}"))["binned"].endswith("Z")
        refusal = await api.refused(
            "PUT", f"/api/images/{second}/selection", 409, {"selection": "selected"}
        )
        assert "in the bin" in refusal
        restored = await api.ok("POST", "/api/bin/restore", {"images": [second, first]})
        assert restored == {"restored": [second]}
        assert (await api.ok("POST", "/api/bin/restore")) == {"restored": [third]}
        assert (await api.ok("GET", f"/api/batches/{grid['id']}")) == {
            **grid,
            "images": [
                {**image, "selection": "selected" if image["id"] == first else "none"}
                for image in grid["images"]
            ],
        }


async def test_an_emptied_bin_leaves_no_trace_and_its_grid_goes_on(start_studio, tmp_path):
    async with start_studio(scoring=OFF) as api:
        session = await api.session()
        grid = await api.grid(session)
        ids = [image["id"] for image in grid["images"]]
        bytes_ = sum(path.stat().st_size for path in tmp_path.rglob(f"*{ids[1]}.*"))
        await api.ok("POST", "/api/bin", {"images": ids[:2]})
        emptied = await api.ok("DELETE", "/api/bin", {"images": [ids[1], ids[2]]})
        assert emptied == {"deleted": 1, "bytes": bytes_}
        assert list(tmp_path.rglob(f"*{ids[1]}.*")) == []
        left = await api.ok("GET", f"/api/batches/{grid['id']}")
        assert [image["id"] for image in left["images"]] == [ids[0], *ids[2:]]
        assert (left["state"], left["total_count"]) == ("done", 3)
        await api.refused("GET", f"/api/images/{ids[1]}", 404)
        following = await api.iterate(session, left, 1)
        assert following["state"] == "done"
        put = await api.ok("POST", "/api/bin", {"images": [ids[2]]})
        assert put["binned"] == []  # it was picked, and another picture was made from it
        assert (await api.ok("DELETE", "/api/bin"))["deleted"] == 1
        assert await api.ok("GET", "/api/bin") == []
    assert check(tmp_path) == []


async def test_what_was_seen_in_a_picture_goes_with_it(start_studio, tmp_path):
    async with start_studio(scoring=OFF) as api:
        session = await api.session()
        ids = [image["id"] for image in (await api.grid(session))["images"]]
    await score(tmp_path, {image: {BOAT: 0.5} for image in ids})
    async with start_studio(scoring=OFF) as api:
        await api.ok("POST", "/api/bin", {"images": ids[:1]})
        await api.ok("DELETE", "/api/bin")
        assert set(seen_in(tmp_path)) == set(ids[1:])
        await api.ok("DELETE", f"/api/sessions/{session}")
    assert seen_in(tmp_path) == []


def seen_in(directory: Path) -> list[str]:
    book = ScoreBook(directory)
    found = book.embeddings(MODEL).pixel_hashes
    book.close()
    return found


async def test_failed_pictures_are_put_aside_by_their_tag_once_there_are_percentages(
    start_studio, tmp_path
):
    async with start_studio(scoring=OFF) as api:
        session = await api.session()
        grid = await api.grid(session)
        ids = [image["id"] for image in grid["images"]]
        wanted = {"session_id": session, "tag": "failed"}
        assert "No picture is tagged" in await api.refused("POST", "/api/bin", 409, wanted)
    await score(tmp_path, {ids[0]: {BOAT: 0.99}, ids[1]: {BOAT: 0.01}, ids[2]: {BOAT: 0.02}})
    calibrate(tmp_path)
    async with start_studio(scoring=OFF) as api:
        await api.ok("PUT", f"/api/images/{ids[2]}/selection", {"selection": "selected"})
        shown = (await api.ok("GET", f"/api/batches/{grid['id']}"))["images"]
        tags = [image["adherence"] and image["adherence"]["tag"] for image in shown]
        assert tags == ["success", "failed", "failed", None]
        put = await api.ok("POST", "/api/bin", {"batch_id": grid["id"], "tag": "failed"})
        assert (put["binned"], [kept["id"] for kept in put["kept"]]) == ([ids[1]], [ids[2]])
        assert (await api.ok("POST", "/api/bin", wanted))["binned"] == []
        await api.refused("POST", "/api/bin", 404, {"batch_id": "nobody", "tag": "failed"})


async def test_a_request_names_images_or_a_tag_of_one_place(start_studio):
    async with start_studio(scoring=OFF, wait=False) as api:
        for body in (
            {},
            {"tag": "failed"},
            {"images": [], "tag": "failed"},
            {"batch_id": "a", "session_id": "b", "tag": "failed"},
            {"batch_id": "a"},
        ):
            assert "name the images" in await api.refused("POST", "/api/bin", 422, body)
