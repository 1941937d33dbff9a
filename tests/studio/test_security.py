from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from companion_app.api import is_loopback

TOKEN = "s3cret-token"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "[bad", "::1:x", ""]
)
async def test_a_foreign_host_is_refused(api, host):
    reply = await api.http.get("/api/sessions", headers={"host": host})
    assert (reply.status_code, reply.json()["code"]) == (403, "foreign_host")


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "127.0.0.2", "LOCALHOST", "[::1]:7860"])
async def test_a_loopback_host_is_served(api, host):
    assert (await api.http.get("/health", headers={"host": host})).status_code == 200


async def test_a_write_from_a_page_of_another_site_is_refused(api):
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://[", ""):
        reply = await api.http.post("/api/sessions", headers={"origin": origin})
        assert (reply.status_code, reply.json()["code"]) == (403, "foreign_origin")
    own = await api.http.post("/api/sessions", headers={"origin": "http://127.0.0.1"})
    assert own.status_code == 201


async def test_a_flood_is_refused_before_it_is_read(api):
    reply = await api.http.post("/api/sessions", headers={"content-length": str(2**40)})
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("length", ["abc", "-1", "", "9" * 5000])
async def test_a_length_that_is_no_number_is_refused(api, length):
    reply = await api.http.post("/api/sessions", headers={"content-length": length})
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("path", "mebibytes"),
    [("/api/sessions", 2), ("/api/preferences/events", 2), ("/api/preferences/import", 64)],
)
async def test_a_flood_that_hides_its_length_is_cut_off(api, path, mebibytes):
    sent = 0

    async def flood():
        nonlocal sent
        for _ in range(70):
            sent += 1
            yield b" " * 2**20

    reply = await api.http.post(path, content=flood())
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert f"{mebibytes} MiB" in reply.json()["detail"]
    assert sent == mebibytes + 1


async def test_an_import_may_be_larger_than_other_requests(api):
    body = b" " * 3 * 2**20
    assert (await api.http.post("/api/preferences/events", content=body)).status_code == 413
    assert (await api.http.post("/api/preferences/import", content=body)).status_code == 422


async def test_no_method_answers_a_page_of_another_site(api):
    for method in ("OPTIONS", "HEAD", "PATCH"):
        reply = await api.http.request(method, "/api/images", headers={"origin": "http://evil"})
        assert reply.status_code == 403
        assert "access-control-allow-origin" not in reply.headers


async def test_a_failing_database_is_a_sentence_not_a_traceback(api, tmp_path):
    session = await api.session()
    with closing(sqlite3.connect(tmp_path / "vibes.db")) as db:
        db.execute("ALTER TABLE sessions RENAME TO lost")
        db.commit()
    reply = await api.http.get(f"/api/sessions/{session}")
    assert (reply.status_code, reply.json()["code"]) == (500, "storage")
    assert str(tmp_path / "vibes.db") in reply.json()["detail"]


async def test_with_a_token_everything_but_health_needs_it(start_studio):
    async with start_studio(token=TOKEN, page=True) as api:
        assert (await api.http.get("/health")).status_code == 200
        for path in ("/", "/api/sessions", "/api/events", "/gradio_api/info", "/docs"):
            reply = await api.http.get(path, headers={"host": "studio.lan"})
            assert (reply.status_code, reply.json()["code"]) == (401, "token_needed")


async def test_a_bearer_opens_rest(start_studio):
    async with start_studio(token=TOKEN) as api:
        right = {"authorization": f"Bearer {TOKEN}", "host": "studio.lan"}
        assert (await api.http.get("/api/sessions", headers=right)).status_code == 200
        wrong = {"authorization": "Bearer guess"}
        assert (await api.http.get("/api/sessions", headers=wrong)).status_code == 401


async def test_the_token_in_the_address_is_swapped_for_a_cookie(start_studio):
    async with start_studio(token=TOKEN) as api:
        reply = await api.http.get(f"/?token={TOKEN}&tab=queue")
        assert (reply.status_code, reply.headers["location"]) == (303, "/?tab=queue")
        cookie = reply.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie  # a strict one gets lost after a link from another site
        assert (await api.http.get("/api/sessions")).status_code == 200  # the client kept it


async def test_studios_on_two_ports_of_a_host_keep_their_cookies_apart(start_studio):
    async with start_studio(token=TOKEN) as api:
        here, there = ({"host": f"studio.lan:{port}"} for port in (7860, 7861))
        await api.http.get(f"/?token={TOKEN}", headers=here)
        assert list(api.http.cookies) == ["vibes_token_7860"]
        assert (await api.http.get("/api/sessions", headers=here)).status_code == 200
        assert (await api.http.get("/api/sessions", headers=there)).status_code == 401


async def test_odd_cookies_of_other_sites_on_the_host_do_no_harm(start_studio):
    async with start_studio(token=TOKEN) as api:
        for cookie in (f'odd={{"a": 1}}; vibes_token={TOKEN}', f"=; a,b=c d; vibes_token={TOKEN}"):
            reply = await api.http.get("/api/sessions", headers={"cookie": cookie})
            assert reply.status_code == 200
        wrong = {"cookie": "vibes_token=guess", "host": "["}
        assert (await api.http.get("/api/sessions", headers=wrong)).status_code == 401


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.5", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_only_addresses_of_this_machine_count_as_loopback(host, expected):
    assert is_loopback(host) is expected
