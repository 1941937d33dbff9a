from __future__ import annotations

import pytest

from companion_app.api import is_loopback

TOKEN = "s3cret-token"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "[bad"])
async def test_a_foreign_host_is_refused(api, host):
    reply = await api.http.get("/api/sessions", headers={"host": host})
    assert (reply.status_code, reply.json()["code"]) == (403, "foreign_host")


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "[::1]:7860"])
async def test_a_loopback_host_is_served(api, host):
    assert (await api.http.get("/health", headers={"host": host})).status_code == 200


async def test_a_write_from_a_page_of_another_site_is_refused(api):
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        reply = await api.http.post("/api/sessions", headers={"origin": origin})
        assert (reply.status_code, reply.json()["code"]) == (403, "foreign_origin")
    own = await api.http.post("/api/sessions", headers={"origin": "http://127.0.0.1"})
    assert own.status_code == 201


async def test_a_flood_is_refused_before_it_is_read(api):
    reply = await api.http.post("/api/sessions", headers={"content-length": str(2**40)})
    assert reply.status_code == 413


async def test_with_a_token_everything_but_health_needs_it(start_studio):
    async with start_studio(token=TOKEN) as api:
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
        cookie = reply.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert (await api.http.get("/api/sessions")).status_code == 200  # the client kept it


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
