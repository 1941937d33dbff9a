"""Errors as replies: ``{"code", "detail"}``, one sentence, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from vibes.errors import (
    Conflict,
    InvalidInput,
    NoServerCan,
    NotFound,
    ScoringUnavailable,
    ServerError,
    StorageError,
    VibesError,
)

from .armour import policies

log = logging.getLogger(__name__)

STATUS: Mapping[type[VibesError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    NoServerCan: 503,
    ScoringUnavailable: 503,
    ServerError: 502,
    StorageError: 500,
}

CODES = {400: "bad_request", 405: "method_not_allowed", 413: "too_large"}
"""What the framework's own refusals are called."""

MORE = frozenset({"matches", "reasons", "problems"})
"""What errors carry beside their sentence."""

SECRETS = frozenset({"headers", "url"})
"""Fields that may hold a password: what was given for them is not repeated."""


def install(app: FastAPI) -> None:
    """Answer every error of the application in our shape."""
    app.add_exception_handler(VibesError, _deliberate)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """The one shape of an error reply."""
    # Here too: what answers the unforeseen stands outside the gate.
    headers = policies("application/json")
    return JSONResponse({"code": code, "detail": detail, **more}, status, headers)


async def _deliberate(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VibesError)
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    more = {key: value for key, value in vars(error).items() if key in MORE}
    if status == 500:
        log.error("%s %s failed: %s", request.method, request.url.path, error)
    return problem(status, error.code, str(error), **more)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    sentences = [_sentence(fault) for fault in error.errors()]
    return problem(422, "invalid_input", " ".join(sentences))


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return f"The body is not valid JSON: {fault['ctx']['error']}."
    place = ".".join(str(part) for part in fault["loc"][1:]) or "The body"
    if fault["type"] == "missing":
        return f"{place} is missing."
    if fault["type"] == "extra_forbidden":
        return f"{place} is not a field of this request."
    given = None if SECRETS.intersection(fault["loc"]) else fault.get("input")
    shown = f"; got {given!r}" if isinstance(given, str | int | float | bool) else ""
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{place}: {message}{shown[:200]}."


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        path = request.url.path
        return problem(404, "not_found", f"There is no {path} here. /docs lists what there is.")
    code = CODES.get(error.status_code, "http_error")
    return problem(error.status_code, code, f"{error.detail.rstrip('.')}.")


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(
        500,
        "internal",
        "The studio failed to answer this request; its log says why. Nothing else was affected.",
    )


async def no_route(request: Request) -> JSONResponse:
    """Answer for the paths below /api that do not exist: the page must not swallow them."""
    detail = f"There is no {request.method} {request.url.path}. /docs lists what there is."
    return problem(404, "not_found", detail)
