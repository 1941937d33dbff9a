"""One ComfyUI server over HTTP: every answer bounded, timed, and checked before it is believed."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from vibes.catalog.sidecars import MAX_PREVIEW
from vibes.decoding import MAX_BYTES
from vibes.errors import GraphRefused, NotComfyUI, RenderFailed, ServerUnreachable
from vibes.settings import ServerConfig

from . import replies, wire
from .replies import CatalogPage, Device, FileRef, Finished, ModelFile, QueueState

_JSON_LIMIT = 16 * 1024 * 1024  # bytes; /queue repeats every waiting graph
_LISTING_LIMIT = 64 * 1024 * 1024  # bytes; /object_info with many node packs has tens of megabytes
_SHORT = 64 * 1024  # bytes; decoding more is left to a thread
_MOST_PARTS = 2_000_000  # commas; decoding more would hold up everything else for seconds
_FRAME_LIMIT = 64 * 1024 * 1024  # bytes; results of large graphs pass aiohttp's own 4 MiB
_HEARTBEAT = 25.0  # seconds; the server itself never pings
_ANSWER = aiohttp.ClientTimeout(total=20, sock_connect=5)  # seconds
_TRANSFER = aiohttp.ClientTimeout(total=300, sock_connect=5, sock_read=30)  # seconds


def new_session() -> aiohttp.ClientSession:
    """A session for all servers: no limit on connections, no cookies, no redirects.

    A WebSocket handshake would follow a redirect, too, and take the server's headers along.
    """

    async def refuse(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
        raise aiohttp.ClientConnectionError(f"it redirects ({redirect.response.status})")

    no_redirects = aiohttp.TraceConfig()
    no_redirects.on_request_redirect.append(refuse)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[no_redirects],
    )


class ComfyClient:
    """Speaks to one server.

    Raises ``ServerUnreachable`` when no usable answer comes (a request may still have had its
    effect), ``NotComfyUI`` when the answer is no ComfyUI answer, and what the methods add.
    Redirects are not followed; the headers of a server are sent to that server only.
    ``queue_seconds`` is how long the one question that judges a server's health may take.
    """

    def __init__(
        self, config: ServerConfig, session: aiohttp.ClientSession, *, queue_seconds: float = 8
    ):
        self.server = config.name
        self.base = str(config.url).rstrip("/")
        self._headers: Mapping[str, str] = dict(config.headers)
        self._ca_file = config.ca_file
        self._session = session
        self._files: dict[str, dict[str, ModelFile]] = {}  # by folder, as last told
        self._queue_timeout = aiohttp.ClientTimeout(total=queue_seconds, sock_connect=5)

    @cached_property
    def _tls(self) -> ssl.SSLContext | bool:
        """How its certificate is checked; OSError when the authority's file cannot be read."""
        return True if self._ca_file is None else ssl.create_default_context(cafile=self._ca_file)

    @property
    def address(self) -> str:
        """Where it is, as it may be shown: a user name and password in it are left out."""
        return str(URL(self.base).with_user(None))

    async def device(self) -> Device:
        """Name and memory of the device; also the test that this is ComfyUI."""
        stats = await self._json("GET", "/system_stats")
        if not replies.is_system_stats(stats):
            raise self._not_comfyui("its /system_stats has another shape")
        return replies.device(stats)

    async def features(self) -> dict[str, Any]:
        """The server's feature flags; empty where it has none."""
        flags = await self._optional("/features")
        return flags if isinstance(flags, dict) else {}

    async def models(self, folder: str) -> tuple[str, ...]:
        """File names in one model folder, in the server's spelling; empty for unknown folders."""
        return replies.strings(await self._optional(f"/models/{folder}"))

    async def model_files(self, folder: str) -> dict[str, ModelFile]:
        """Sizes and times of files by name, where the server tells them."""
        reply = await self._optional(f"/experiment/models/{folder}")
        self._files[folder] = await asyncio.to_thread(replies.model_files, reply)
        return self._files[folder]

    async def model_metadata(self, folder: str, name: str) -> dict[str, str]:
        """The metadata in a safetensors header; empty where there is none or it is too large."""
        found = await self._optional(f"/view_metadata/{folder}", filename=name)
        return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    async def catalog_page(self, folder: str, offset: int) -> CatalogPage | None:
        """What the node pack there knows of some files; None where it is not or is an older one."""
        query = {"offset": str(offset), "limit": str(replies.PAGE)}
        reply = await self._optional(f"/vibes/catalog/{folder}", **query)
        return await asyncio.to_thread(replies.catalog_page, reply)

    async def boot(self) -> str | None:
        """The name of this run of the server, another one after a restart; None without the pack.

        A pack of an older version has none either.
        """
        return replies.boot(await self._optional("/vibes/health"))

    async def model_preview(self, folder: str, name: str) -> bytes | None:
        """The picture beside a model file; None where the server shows none, or too large a one."""
        path = f"/vibes/catalog/{folder}/preview"
        return await self._picture(path, name=name) or await self.core_preview(folder, name)

    async def core_preview(self, folder: str, name: str) -> bytes | None:
        """The same by a route that servers without the node pack have, too."""
        known = self._files.get(folder, {}).get(name, ModelFile())
        place = f"{folder}/{known.path_index}/{quote(name)}"
        return await self._picture(f"/experiment/models/preview/{place}")

    async def _picture(self, path: str, **params: str) -> bytes | None:
        try:
            status, data = await self._exchange("GET", path, limit=MAX_PREVIEW, params=params)
        except NotComfyUI:  # too long for a preview
            return None
        return data if status == 200 else None

    async def embeddings(self) -> tuple[str, ...]:
        """Names of textual inversions, without extension."""
        return replies.strings(await self._optional("/embeddings"))

    async def object_info(self) -> dict[str, Any]:
        """Every node class the server can run, with its inputs."""
        info = await self._json("GET", "/object_info", limit=_LISTING_LIMIT, timeout=_TRANSFER)
        if not isinstance(info, dict):
            raise self._not_comfyui("its /object_info has another shape")
        return info

    async def node_definition(self, name: str) -> dict[str, Any]:
        """Inputs and outputs of one node class; empty where the server has none of that name."""
        reply = await self._optional(f"/object_info/{quote(name, safe='')}")
        found = reply.get(name) if isinstance(reply, dict) else None
        return found if isinstance(found, dict) else {}

    async def queue(self) -> QueueState:
        """What is running and what is waiting there, whoever sent it."""
        reply = await self._json("GET", "/queue", timeout=self._queue_timeout)
        if not replies.is_queue(reply):
            raise self._not_comfyui("its /queue has another shape")
        return replies.queue_state(reply)

    async def finished(self, prompt_id: str) -> Finished | None:
        """How the prompt ended; None while it is unknown or not finished."""
        reply = await self._json("GET", f"/history/{prompt_id}")
        return replies.finished(reply, prompt_id)

    async def post_prompt(
        self,
        graph: Mapping[str, Any],
        *,
        prompt_id: str,
        client_id: str,
        extra_pnginfo: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue the graph whole; ``GraphRefused`` when the server will not run all of it.

        A client id is always sent: without one the server broadcasts progress to everybody.
        ``extra_pnginfo`` is saved in the pictures, each key as a text of its own.
        """
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": client_id}
        if extra_pnginfo:
            body["extra_data"] = {"extra_pnginfo": extra_pnginfo}
        status, data = await self._exchange("POST", "/prompt", json=body)
        reply = _decoded(data)
        if status not in (200, 400, 413, 500) or (status == 200 and not isinstance(reply, dict)):
            raise self._unreachable(f"answers {status} to /prompt, and not like ComfyUI")
        if status == 200 and not reply.get("node_errors"):
            return
        if status not in (400, 413):
            # Part of the graph may be queued (200 with faults, some 500): it must not run.
            await self.delete_pending(prompt_id)
        why = replies.refusal(reply) if isinstance(reply, dict) else f"it answers {status}"
        raise GraphRefused(f"{self.server} refuses the graph: {why}.", server=self.server)

    async def delete_pending(self, prompt_id: str) -> None:
        """Take a prompt out of the queue if it is still waiting there; no sign either way."""
        await self._tell("/queue", {"delete": [prompt_id]})

    async def interrupt(self, prompt_id: str) -> None:
        """Interrupt this prompt if it is the one running; never anybody else's."""
        await self._tell("/interrupt", {"prompt_id": prompt_id})

    async def upload_image(self, name: str, data: bytes) -> str:
        """Store a picture among the server's inputs; the name a LoadImage node must use there."""
        form = aiohttp.FormData()
        form.add_field("image", data, filename=name, content_type="application/octet-stream")
        form.add_field("subfolder", "vibes")
        form.add_field("type", "input")
        reply = await self._json("POST", "/upload/image", timeout=_TRANSFER, data=form)
        stored = reply.get("name") if isinstance(reply, dict) else None
        if not isinstance(stored, str):
            raise self._not_comfyui("its /upload/image does not name the stored file")
        subfolder = reply.get("subfolder")
        return f"{subfolder}/{stored}" if subfolder else stored

    async def view(self, file: FileRef) -> bytes:
        """The bytes of a file the server made; ``RenderFailed`` when it is not there any more."""
        params = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
        status, data = await self._exchange(
            "GET", "/view", limit=MAX_BYTES, timeout=_TRANSFER, params=params
        )
        if status == 200:
            return data
        if status >= 500:
            raise self._unreachable(f"answers {status} to /view")
        raise RenderFailed(
            f"{self.server} made the picture but does not hand it out (it answers {status}).",
            server=self.server,
        )

    @asynccontextmanager
    async def listen(self, client_id: str) -> AsyncIterator[AsyncIterator[str | bytes]]:
        """The frames of a WebSocket under this id, while the block lasts or the socket does.

        Raises what aiohttp raises.
        """
        async with self._session.ws_connect(
            f"{self.base}/ws",
            params={"clientId": client_id},
            headers=self._headers,
            ssl=self._tls,
            heartbeat=_HEARTBEAT,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),  # a dead peer does not say goodbye
            max_msg_size=_FRAME_LIMIT,
        ) as socket:
            await socket.send_str(wire.FEATURE_FLAGS)
            yield _frames(socket)

    async def _optional(self, path: str, **params: str) -> Any:
        """A route not every version or folder has: None where it is missing."""
        status, data = await self._exchange("GET", path, params=params)
        if status >= 500:
            raise self._unreachable(f"answers {status} to {path}")
        if status != 200:
            return None
        long = len(data) > _SHORT
        if (reply := await asyncio.to_thread(_decoded, data) if long else _decoded(data)) is None:
            raise self._not_comfyui(f"it answers {path} with something that is not JSON")
        return reply

    async def _tell(self, path: str, body: Mapping[str, Any]) -> None:
        status, _ = await self._exchange("POST", path, json=body)
        if status >= 500:
            raise self._unreachable(f"answers {status} to {path}")

    async def _json(
        self,
        method: str,
        path: str,
        *,
        limit: int = _JSON_LIMIT,
        timeout: aiohttp.ClientTimeout = _ANSWER,
        data: aiohttp.FormData | None = None,
    ) -> Any:
        status, body = await self._exchange(method, path, limit=limit, timeout=timeout, data=data)
        if status >= 500:
            raise self._unreachable(f"answers {status} to {path}")
        if status in (401, 403):
            raise self._unreachable(f"answers {status}: check the headers set for it")
        if status != 200:
            raise self._not_comfyui(f"it answers {status} to {path}")
        reply = _decoded(body)
        if reply is None:
            raise self._not_comfyui(f"it answers {path} with something that is not JSON")
        return reply

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        limit: int = _JSON_LIMIT,
        timeout: aiohttp.ClientTimeout = _ANSWER,
        **content: Any,
    ) -> tuple[int, bytes]:
        try:
            async with self._session.request(
                method,
                self.base + path,
                headers=self._headers,
                ssl=self._tls,
                allow_redirects=False,
                timeout=timeout,
                **content,
            ) as response:
                return response.status, await self._read(response, limit)
        except ValueError as error:  # a header or an address that cannot be sent
            raise self._unreachable(f"cannot be asked ({replies.plain(error)})") from error
        except aiohttp.ClientResponseError as error:
            why = replies.plain(error.message)
            raise self._not_comfyui(f"it does not speak HTTP ({why})") from error
        except asyncio.TimeoutError as error:
            raise self._unreachable(f"gives no answer to {path} in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(f"does not answer at {self.address} ({_why(error)})") from error

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise self._not_comfyui(f"an answer is longer than {limit} bytes")
        return bytes(body)

    def _unreachable(self, what: str) -> ServerUnreachable:
        return ServerUnreachable(f"{self.server} {what}.", server=self.server)

    def _not_comfyui(self, what: str) -> NotComfyUI:
        return NotComfyUI(
            f"{self.server} answers, but not like ComfyUI: {what}.", server=self.server
        )


def _why(error: Exception) -> str:
    """In a few words; aiohttp's own repeat the address and name its classes."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    number = getattr(cause, "errno", None)
    return os.strerror(number) if number and number > 0 else replies.plain(cause)


async def _frames(socket: aiohttp.ClientWebSocketResponse[bool]) -> AsyncIterator[str | bytes]:
    async for frame in socket:
        if frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            yield frame.data


def _decoded(data: bytes) -> Any:
    """The JSON in the bytes, None where there is none."""
    if data.count(b",") > _MOST_PARTS:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
