"""Handing a stored content to a browser: nothing in it may run, and only its own reader may keep it."""

from __future__ import annotations

import re
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from . import store

POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
"""A browser that shows the file by itself gets no script, no form and no origin for it."""
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Piece:
    """A part of a file, for players that ask for the second minute first."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self.file, self.left = file, length

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes of what is left of the part."""
        wanted = self.left if size < 0 else min(size, self.left)
        data = self.file.read(wanted)
        self.left -= len(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def deliver(
    request: HttpRequest, digest: str, *, name: str, content_type: str, inline: bool, thumbnail: bool = False
) -> HttpResponseBase:
    """The response with a content, a part of it, or word that the browser has it already.

    It is kept by this browser alone, and asked for again each time, so that a lost right counts at
    once. Refused (FileNotFoundError) when the content is not on the disk.
    """
    etag = f'"{digest[:40]}{"-t" if thumbnail else ""}"'
    known = get_conditional_response(request, etag=etag)
    response: HttpResponseBase
    if known is not None and known.status_code == 304:
        response = known
    else:
        response = _with_content(request, store.opened(digest, thumbnail=thumbnail), etag, content_type)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Accept-Ranges"] = "bytes"
    return response


def _with_content(request: HttpRequest, file: BinaryIO, etag: str, content_type: str) -> HttpResponseBase:
    size = file.seek(0, 2)
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or not any(asked.groups()) or request.headers.get("If-Range", etag) != etag:
        file.seek(0)
        return FileResponse(file, content_type=content_type)
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    file.seek(start)
    length = end - start + 1
    part = FileResponse(Piece(file, length), content_type=content_type, status=206)
    part["Content-Range"] = f"bytes {start}-{end}/{size}"
    part["Content-Length"] = str(length)
    return part
