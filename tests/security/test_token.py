"""The token: how it is compared, and every way to get in without it."""

from __future__ import annotations

import ast
import inspect
import stat
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from companion_app.api import security

from . import raw
from .conftest import Studio


def test_the_token_is_compared_in_constant_time_and_nowhere_else() -> None:
    tree = ast.parse(inspect.getsource(security))
    holders = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert not [node for node in holders if "_token" in ast.unparse(node) and not _is_none(node)]
    knows = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "_knows")
    assert "hmac.compare_digest(" in ast.unparse(knows)


def _is_none(node: ast.Compare) -> bool:
    """``self._token is None`` tells nobody anything."""
    return isinstance(node.ops[0], ast.Is | ast.IsNot)


NO_BEARER = """
Bearer
Bearer guess
Bearer {token}x
Bearer {head}
Bearer {token} {token}
Bearer {token},x
Bearer {token}\xe9
Bearer \x00
Bearer\t{token}
Basic {token}
bearer={token}
{token}
"""


@pytest.mark.parametrize("authorization", [*NO_BEARER.split("\n"), "Bearer " + "x" * 9000])
def test_what_only_looks_like_the_token_is_refused(guarded: Studio, authorization: str) -> None:
    token = guarded.token or ""
    given = authorization.format(token=token, head=token[:-1])
    lines = ["GET /api/sessions HTTP/1.1", "Host: studio.lan", f"Authorization: {given}"]
    reply = raw.ask(guarded, *lines)
    assert reply.status in (400, 401)  # 400 for what is no header at all
    assert token not in reply.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_right_bearer_opens_whatever_its_case(guarded: Studio, scheme: str) -> None:
    with guarded.client(headers={"authorization": f"{scheme} {guarded.token}"}) as client:
        assert client.get("/api/sessions").status_code == 200


def test_two_bearers_are_none(guarded: Studio) -> None:
    lines = ["GET /api/sessions HTTP/1.1", "Host: studio.lan"]
    right = f"Authorization: Bearer {guarded.token}"
    assert raw.ask(guarded, *lines, right).status == 200
    for other in ("Authorization: Bearer guess", right):
        assert raw.ask(guarded, *lines, right, other).status == 401


NO_TOKEN = """
token
token=
token=guess
token=guess&token={token}
token={token}&token=guess
token={token}%00
token=%E9%FF
token[]={token}
TOKEN={token}
"""


@pytest.mark.parametrize("query", [*NO_TOKEN.split(), "token=" + "x" * 9000])
def test_what_only_looks_like_the_token_in_the_address_is_refused(
    guarded: Studio, query: str
) -> None:
    with guarded.client() as stranger:
        reply = stranger.get("/?" + query.format(token=guarded.token))
    assert reply.status_code == 401
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "DELETE"])
def test_the_token_in_the_address_opens_nothing_but_a_page(guarded: Studio, method: str) -> None:
    with guarded.client() as stranger:
        reply = stranger.request(method, "/api/sessions", params={"token": guarded.token})
    assert reply.status_code == 401


@pytest.mark.parametrize("path", ["//evil.example", "/%5cevil.example", "/%0d%0aSet-Cookie:x=y"])
def test_the_exchange_of_the_token_leads_nowhere_else(guarded: Studio, path: str) -> None:
    lines = [f"GET {path}?token={guarded.token}&tab=a&tab=b HTTP/1.1", "Host: studio.lan"]
    reply = raw.ask(guarded, *lines)
    head = reply.text.lower().partition("\r\n\r\n")[0]
    location = head.partition("\r\nlocation: ")[2].partition("\r\n")[0]
    assert location.startswith("/")
    assert location[1] not in "/\\"
    assert location.endswith("?tab=a&tab=b")
    assert head.count("\r\nset-cookie: ") == 1
    assert "\r\ncache-control: no-store" in head
    assert "; httponly; " in head


def test_the_token_leaves_the_address_bar_of_somebody_who_has_the_cookie_already(
    guarded: Studio,
) -> None:
    with guarded.client() as browser:
        for _ in range(2):
            reply = browser.get("/", params={"token": guarded.token})
            assert (reply.status_code, reply.headers["location"]) == (303, "/")


def test_a_cookie_of_a_neighbour_on_the_host_locks_nobody_out(guarded: Studio) -> None:
    name = f"vibes_token_{guarded.netloc.rpartition(':')[2]}"
    wrong, right = f"{name}=guess", f"{name}={guarded.token}"
    host = {"host": guarded.netloc}
    with guarded.client(headers=host) as client:
        for cookie, status in {
            f"{wrong}; {right}": 200,
            f"{right}; {wrong}": 200,
            f'{name}="{guarded.token}"': 200,
            wrong: 401,
            f"{wrong}; {wrong}": 401,
            f"vibes_token={guarded.token}": 401,  # of a studio at another port
            f"{name.upper()}={guarded.token}": 401,
            f"{name}=": 401,
            name: 401,
        }.items():
            reply = client.get("/api/sessions", headers={"cookie": cookie})
            assert reply.status_code == status, cookie


def test_behind_tls_the_cookie_keeps_to_it(guarded: Studio) -> None:
    with guarded.client(headers={"x-forwarded-proto": "https"}) as proxy:
        reply = proxy.get("/", params={"token": guarded.token})
    cookie = SimpleCookie(reply.headers["set-cookie"])
    assert next(iter(cookie.values()))["secure"]


def test_only_reading_health_is_open(guarded: Studio) -> None:
    with guarded.client() as stranger:
        assert set(stranger.get("/health").json()) == {"status", "version", "servers"}
        for path in ("/health/", "/health/x", "//health", "/HEALTH", "/health;x", "/health/../api"):
            assert raw.ask(guarded, f"GET {path} HTTP/1.1", "Host: x").status == 401, path
        for method in ("HEAD", "POST", "DELETE", "OPTIONS"):
            assert stranger.request(method, "/health").status_code == 401


def test_token_and_announcement_are_for_their_owner_only(guarded: Studio) -> None:
    for path in (guarded.data.parent / "token", guarded.data / "studio.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_private_file_never_goes_through_a_link(tmp_path: Path) -> None:
    from companion_app.serving.private_file import create_private

    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("kept")
    link.symlink_to(target)
    create_private(link, "secret")
    assert target.read_text() == "kept"
    assert not link.is_symlink()
    assert stat.S_IMODE(link.stat().st_mode) == 0o600


def test_the_log_never_holds_the_token(guarded: Studio) -> None:
    httpx.get(f"{guarded.url}/?token={guarded.token}&broken=%", trust_env=False)
    raw.ask(guarded, f"GET /?token={guarded.token} HTTP/9.9", "Host: x")
    raw.ask(guarded, f"GET /\x7f?token={guarded.token} HTTP/1.1", "Host: x")
    assert (guarded.token or "?") not in guarded.log.read_text()
