"""Fetch one file whole and as it is known, or not at all: resumed after an interruption, checked before it is used."""

from __future__ import annotations

import hashlib
import http.client
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from voicemail.models.catalogue import ModelFile

SECONDS = 30.0
"""How long the publisher may say nothing."""

PIECE = 1 << 20
_RANGE_NOT_SATISFIABLE = 416
_PARTIAL = 206
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Progress = Callable[[int, int | None], None]
"""Told the bytes that are there and, where it is known, how many there will be."""


class FetchProblem(Exception):
    """A file could not be had. The text is one sentence that says what to do."""


class _StaySecure(HTTPRedirectHandler):
    """A publisher sends on to its store, but never from https to http."""

    def redirect_request(self, *parts: object, **more: object) -> Request | None:
        request = super().redirect_request(*parts, **more)  # type: ignore[arg-type]
        if request is not None:
            _must_be_secure(request.full_url)
        return request


def fetch(file: ModelFile, url: str, target: Path, progress: Progress) -> str:
    """Get `file` from `url` (an address or a path) into `target`; gives its SHA-256. Raises FetchProblem or OSError.

    What came before an interruption stays in `<target>.part`, and the next attempt goes on from there. A file whose
    checksum is not the pinned one is deleted.
    """
    part = target.with_name(f"{target.name}.part")
    if urlsplit(url).scheme in ("http", "https"):
        _must_be_secure(url)
        _download(url, part, progress)
    else:
        source = Path(url)
        if not source.is_file():
            raise FetchProblem(f"{source} is not there: give the path of {file.name}.")
        shutil.copyfile(source, part)
    found = sha256_of(part)
    if file.sha256 is not None and found != file.sha256:
        part.unlink()
        raise FetchProblem(
            f"{file.name} is not the file that is known here (SHA-256 {found}): it was deleted. Try again."
        )
    part.replace(target)
    return found


def sha256_of(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _download(url: str, part: Path, progress: Progress) -> None:
    try:
        _transfer(url, part, progress)
    except HTTPError as error:
        error.close()
        raise FetchProblem(f"{_host(url)} answers {error.code} for {url}: look whether the model has moved.") from None
    except (URLError, TimeoutError, ConnectionError, http.client.HTTPException):
        raise FetchProblem(
            f"{_host(url)} cannot be reached or broke off: run the same command again, it goes on where it stopped; "
            "without a network fetch the file elsewhere and give it with --from."
        ) from None


def _transfer(url: str, part: Path, progress: Progress) -> None:
    there = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        answer = build_opener(_StaySecure).open(request, timeout=SECONDS)
    except HTTPError as error:
        if error.code == _RANGE_NOT_SATISFIABLE and there:
            error.close()
            return  # it is all there; its checksum tells whether it is right
        raise
    with answer, part.open("ab" if answer.status == _PARTIAL else "wb") as out:
        done = out.tell()
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        progress(done, total)
        while piece := answer.read(PIECE):
            out.write(piece)
            done += len(piece)
            progress(done, total)
    if total is not None and done < total:
        raise ConnectionError("the connection ended early")


def _must_be_secure(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise FetchProblem(f"{url} is not an https address: models are fetched over https only.")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
