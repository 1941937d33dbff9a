"""``POST /vibes/rate``, ``GET /vibes/ratings`` and ``GET /vibes/statistics``.

What the editor tells of pictures, what was said of them last, and what came of all of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from vibes.errors import InvalidInput
from vibes.preferences.standings import rank
from vibes.preferences.tally import Count

from .process import memory
from .replies import answering, read_object

if TYPE_CHECKING:
    from .memory import Learned, Rated

TOP = 10
MOST_IMAGES = 200
"""Pictures asked for at once; their ids fill most of the longest address a server reads."""
_FIELDS = frozenset({"image", "overall", "flaws", "tags", "comment"})
_LONGEST_LIST = 50


def rating_routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.post("/vibes/rate", rate),
        web.get("/vibes/ratings", ratings),
        web.get("/vibes/statistics", statistics),
    ]


@answering
async def rate(request: web.Request) -> web.Response:
    """Take down a rating of a picture that was shown here."""
    body = await read_object(request, _FIELDS)
    rated = await asyncio.to_thread(_rate, body)
    return web.json_response(asdict(rated))


@answering
async def ratings(request: web.Request) -> web.Response:
    """The stars each picture has by now; null for one that nobody rated."""
    images = request.query.getall("image", [])
    if len(images) > MOST_IMAGES:
        raise InvalidInput(f"At most {MOST_IMAGES} pictures are told of at once.")
    told = {"ratings": await asyncio.to_thread(_ratings, images)}
    return web.json_response(told, headers={"Cache-Control": "no-store"})


@answering
async def statistics(request: web.Request) -> web.Response:
    """What was learned here; 304 while that is the same."""
    text = await asyncio.to_thread(_statistics)
    etag = hashlib.sha256(text.encode()).hexdigest()[:32]
    headers = {"ETag": f'"{etag}"', "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(text=text, content_type="application/json", headers=headers)


def _rate(body: dict[str, Any]) -> Rated:
    image, overall, comment = body.get("image"), body.get("overall"), body.get("comment")
    if not isinstance(image, str):
        raise InvalidInput("image is the id of a picture, as a text.")
    if not isinstance(overall, int) or isinstance(overall, bool) or not 1 <= overall <= 5:
        raise InvalidInput("overall is a whole number from 1 to 5.")
    if comment is not None and not isinstance(comment, str):
        raise InvalidInput("comment is a text.")
    flaws, tags = _words(body, "flaws"), _words(body, "tags")
    return memory().rate(image, overall, flaws=flaws, tags=tags, comment=comment)


def _ratings(images: Sequence[str]) -> dict[str, int | None]:
    known = memory().learned().ratings
    found = {image: known.of(image) for image in images}
    return {image: rating.overall if rating else None for image, rating in found.items()}


def _words(body: dict[str, Any], name: str) -> list[str]:
    words = body.get(name) or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InvalidInput(f"{name} is a list of texts.")
    if len(words) > _LONGEST_LIST:
        raise InvalidInput(f"{name} has at most {_LONGEST_LIST} entries.")
    return words


def _statistics() -> str:
    here = memory()
    learned = here.learned()
    view = {
        "profile": here.profile,
        "source": "studio" if learned.from_studio else "local",
        "ratings": len(learned.ratings),
        "top_checkpoints": top_checkpoints(learned),
    }
    return json.dumps(view, ensure_ascii=False)


def top_checkpoints(learned: Learned) -> list[dict[str, Any]]:
    """The checkpoints liked most surely: in the studio's grids, and by ratings here."""
    selected: Counter[str] = Counter()
    total: Counter[str] = Counter()
    rated = [(name, count) for (name,), count in learned.ratings.best("checkpoint", 10 * TOP)]
    for name, count in (*learned.checkpoints, *rated):
        selected[name] += count.selected
        total[name] += count.total
    best = sorted(total, key=lambda name: (*rank((selected[name], total[name])), name))
    return [_row(name, Count(selected[name], total[name])) for name in best[:TOP]]


def _row(name: str, count: Count) -> dict[str, Any]:
    return {
        "checkpoint": name,
        "selected": count.selected,
        "total": count.total,
        "selection_rate": count.rate,
        "interval": list(count.interval),
    }
