"""What is said of a studio that cannot be asked: real sockets, and no word of a socket."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from comfy_nodes import studio_client
from comfy_nodes.studio_client import StudioAway, StudioClient
from tests.ports import free_port
from vibes.settings import StudioAccess, typed

Answer = Callable[[asyncio.StreamWriter], Awaitable[object]]
JARGON = re.compile(r"ssl:default|Errno|\[|0x|Error\b|_ssl|None")


async def told(url: str) -> str:
    """The sentence for an address that no studio answers at."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(StudioAway) as away:
            await StudioClient(typed(StudioAccess, url=url), session).snapshot("default", "")
    sentence = str(away.value)
    assert not JARGON.search(sentence), sentence
    assert sentence.endswith(("?", "."))
    return sentence


@asynccontextmanager
async def listening(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port at which each request gets this answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        await answer(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"who is there?\r\n\r\n")


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def unknown_issuer(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("There is no openssl to make a certificate with.")
    folder: Path = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_where_nothing_runs_it_is_asked_whether_it_runs(host: str) -> None:
    url = f"http://{host}:{free_port()}"
    assert await told(url) == f"The studio at {url} does not answer: is it running there?"


async def test_a_studio_that_hangs_up_is_one_that_does_not_answer() -> None:
    async with listening(hang_up) as port:
        assert "is it running there?" in await told(f"http://127.0.0.1:{port}")


async def test_a_name_that_no_machine_has_is_told() -> None:
    assert "'studio.invalid'" in await told("http://studio.invalid:7860")


async def test_a_studio_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_client, "_ANSWER", aiohttp.ClientTimeout(total=0.2))
    asked = asyncio.Event()
    async with listening(lambda _: asked.wait()) as port:
        assert "no answer in time" in await told(f"http://127.0.0.1:{port}")
        asked.set()


async def test_a_certificate_of_an_unknown_issuer_is_told(unknown_issuer: ssl.SSLContext) -> None:
    async with listening(hang_up, unknown_issuer) as port:
        sentence = await told(f"https://127.0.0.1:{port}")
    assert re.search(r"is not trusted here \(self.signed certificate\)", sentence)


async def test_what_speaks_neither_https_nor_http_is_told() -> None:
    async with listening(garbage) as port:
        assert "speaks no https" in await told(f"https://127.0.0.1:{port}")
        assert "speaks no http:" in await told(f"http://127.0.0.1:{port}")
