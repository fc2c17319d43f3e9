"""Answer with a WAV file, or with the part of it that is asked for (RFC 9110, section 14)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from pbx.web.api.problems import problem


def sound_answer(request: web.Request, wav: bytes) -> web.Response:
    """The whole sound, or one range of it. Several ranges in one request are not served."""
    headers = {"Cache-Control": "no-store", "Accept-Ranges": "bytes"}
    if "Range" not in request.headers:
        return web.Response(body=wav, content_type="audio/wav", headers=headers)
    found = _range(request, len(wav))
    if found is None:
        away = {**headers, "Content-Range": f"bytes */{len(wav)}"}
        return problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "the sound has no such part", away)
    first, end = found
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(wav)}"
    return web.Response(
        body=wav[first:end], status=HTTPStatus.PARTIAL_CONTENT, content_type="audio/wav", headers=headers
    )


def _range(request: web.Request, size: int) -> tuple[int, int] | None:
    """The first byte and the one behind the last; None where there is no such part."""
    try:
        wanted = request.http_range
    except ValueError:
        return None
    first, end, _ = wanted.indices(size)
    return (first, end) if first < end else None
