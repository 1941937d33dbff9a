from __future__ import annotations


async def test_a_session_is_created_listed_renamed_and_deleted(api):
    session = await api.ok("POST", "/api/sessions", {"name": "Beach", "profile": "holiday"})
    assert session["name"] == "Beach"
    assert (session["flow"], session["profile"], session["stage"]) == ("draft_grid", "holiday", 0)
    renamed = await api.ok("PATCH", f"/api/sessions/{session['id']}", {"name": "Sea"})
    assert renamed["name"] == "Sea"
    assert [one["name"] for one in await api.ok("GET", "/api/sessions")] == ["Sea"]
    await api.ok("DELETE", f"/api/sessions/{session['id']}")
    assert await api.ok("GET", "/api/sessions") == []


async def test_a_session_needs_no_body_and_gets_a_name(api):
    reply = await api.http.post("/api/sessions")
    assert reply.status_code == 201
    assert reply.json()["name"].startswith("Session of ")


async def test_deleting_a_session_removes_its_pictures_but_not_what_it_taught(api, tmp_path):
    session = await api.session()
    await api.iterate(session, await api.grid(session), 0)
    assert list(tmp_path.glob("images/*/*.png"))
    await api.ok("DELETE", f"/api/sessions/{session}")
    assert not list(tmp_path.glob("images/*/*.png"))
    assert (await api.ok("GET", "/api/preferences/stats"))["total_preferences"] == 4


async def test_the_path_of_a_session_names_stages_and_picks(api):
    session = await api.session()
    grid = await api.iterate(session, await api.grid(session), 0, 1)
    detail = await api.ok("GET", f"/api/sessions/{session}")
    assert [(s["name"], s["total_count"], s["selected_count"]) for s in detail["path"]] == [
        ("Drafts", 4, 2),
        ("Refine", 8, 0),
    ]
    assert (detail["can_back"], detail["can_forward"]) == (True, False)
    assert detail["path"][-1]["batch_id"] == grid["id"]
    assert detail["prompt"] == "a beach at sunset"


async def test_a_selection_is_kept_and_can_be_taken_back(api):
    grid = await api.grid(await api.session())
    image = grid["images"][1]["id"]
    for selection in ("selected", "rejected", "none"):
        body = {"selection": selection}
        assert (await api.ok("PUT", f"/api/images/{image}/selection", body)) == {
            "id": image,
            "selection": selection,
        }
        assert (await api.ok("GET", f"/api/images/{image}"))["selection"] == selection
