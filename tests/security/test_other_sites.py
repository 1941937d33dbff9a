"""Pages of other sites, as what their requests look like."""

from __future__ import annotations

import pytest

from . import raw
from .conftest import Studio

WRITE = ("POST /api/sessions HTTP/1.1", "Content-Length: 0")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "localhost.evil.example",
        "evil.localhost:{port}",
        "localhost.:{port}",
        "127.0.0.1.:{port}",
        "127.1:{port}",
        "2130706433",
        "0x7f000001",
        "0.0.0.0:{port}",
        "[::]:{port}",
        "[::ffff:192.168.1.5]:{port}",
        "evil.example@127.0.0.1:{port}",
        "127.0.0.1:{port}@evil.example",
        "127.0.0.1/evil.example",
        "127.0.0.1#evil.example",
        "127.0.0.1:{port}:{port}",
        "127.0.0.1:x",
        "[127.0.0.1",
        "",
    ],
)
def test_a_name_that_is_not_this_machine_is_refused(local: Studio, host: str) -> None:
    port = local.netloc.rpartition(":")[2]
    reply = raw.ask(local, "GET /api/sessions HTTP/1.1", f"Host: {host.format(port=port)}")
    assert reply.status in (400, 403)


def test_no_host_two_hosts_and_a_host_in_the_target_are_refused(local: Studio) -> None:
    own = f"Host: {local.netloc}"
    assert raw.ask(local, "GET /api/sessions HTTP/1.1").status == 400
    assert raw.ask(local, "GET /api/sessions HTTP/1.0").status == 403
    assert raw.ask(local, "GET /api/sessions HTTP/1.1", own, own).status == 400
    forwarded = [f"{name}: {local.netloc}" for name in ("X-Forwarded-Host", "Forwarded")]
    evil = "Host: evil.example"
    assert raw.ask(local, "GET /api/sessions HTTP/1.1", evil, *forwarded).status == 403
    assert raw.ask(local, f"GET http://{local.netloc}/api/sessions HTTP/1.1", evil).status == 403
    assert raw.ask(local, "GET http://evil.example/api/sessions HTTP/1.1", own).status == 404


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://sub.{netloc}",
        "http://{host}",
        "http://{host}:1",
        "http://{netloc}0",
        "http://{netloc}.",
        "http://{netloc}/",
        "http://{netloc}@evil.example",
        "http://user@{netloc}",
        "http://localhost:{port}",
        "http://[::1]:{port}",
        "http://[{netloc}",
        "//{netloc}",
        "{netloc}",
        "http://",
        "chrome-extension://{netloc}",
        "file://{netloc}",
        "http://{netloc} https://evil.example",
    ],
)
def test_an_origin_that_is_not_the_studio_is_refused(local: Studio, origin: str) -> None:
    host, _, port = local.netloc.partition(":")
    given = origin.format(netloc=local.netloc, host=host, port=port)
    for first in (WRITE, ("GET /api/sessions HTTP/1.1",)):
        reply = raw.ask(local, *first, f"Host: {local.netloc}", f"Origin: {given}")
        assert (reply.status, "foreign_origin" in reply.text) == (403, True)


def test_of_two_origins_both_must_be_the_studio(local: Studio) -> None:
    own, evil = f"Origin: {local.url}", "Origin: https://evil.example"
    for pair in ((own, evil), (evil, own)):
        assert raw.ask(local, *WRITE, f"Host: {local.netloc}", *pair).status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_studio_s_own_page_may_write_by_whichever_name_it_was_opened(
    local: Studio, host: str
) -> None:
    name = f"{host}:{local.netloc.rpartition(':')[2]}"
    own = f"Origin: http://{name.lower()}"  # browsers write names small
    assert raw.ask(local, *WRITE, f"Host: {name}", own).status == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none, cross-site", "?"])
def test_what_another_site_asks_for_without_an_origin_is_refused(local: Studio, site: str) -> None:
    about = (f"Host: {local.netloc}", f"Sec-Fetch-Site: {site}")
    assert raw.ask(local, *WRITE, *about).status == 403
    for destination in ("image", "script", "iframe", "empty"):
        asked = ("GET /api/events HTTP/1.1", *about, f"Sec-Fetch-Dest: {destination}")
        assert raw.ask(local, *asked).status == 403


def test_a_link_from_another_site_leads_here_but_its_form_does_not(local: Studio) -> None:
    about = (f"Host: {local.netloc}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")
    followed = raw.ask(local, "GET / HTTP/1.1", *about, "Sec-Fetch-Dest: document")
    assert followed.status == 200
    assert raw.ask(local, *WRITE, *about, "Sec-Fetch-Dest: document").status == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_what_the_page_itself_and_the_address_bar_ask_for_is_answered(
    local: Studio, site: str
) -> None:
    asked = ("GET /api/sessions HTTP/1.1", f"Host: {local.netloc}", f"Sec-Fetch-Site: {site}")
    assert raw.ask(local, *asked).status == 200


def test_the_cookie_does_not_excuse_a_foreign_origin(guarded: Studio) -> None:
    cookie = f"Cookie: vibes_token_{guarded.netloc.rpartition(':')[2]}={guarded.token}"
    about = (f"Host: {guarded.netloc}", cookie)
    assert raw.ask(guarded, *WRITE, *about).status == 201
    assert raw.ask(guarded, *WRITE, *about, "Origin: https://evil.example").status == 403


def test_a_read_cannot_be_made_a_write_by_a_header(local: Studio) -> None:
    names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    for name in names:
        told = (f"Host: {local.netloc}", f"{name}: DELETE")
        assert raw.ask(local, "GET /api/sessions?_method=DELETE HTTP/1.1", *told).status == 200
        assert (
            raw.ask(local, "POST /api/generate HTTP/1.1", *told, "Content-Length: 0").status == 422
        )
