"""A bound on what a request may pour onto the disk before any page looks at it."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from .limits import MB

ONE_FILE = 40 * MB
"""More than any page accepts, so the page can still say what was wrong."""
ONE_REQUEST = 450 * MB


class BoundedUpload(FileUploadHandler):
    """Drops what a file has beyond any accepted size, and breaks off a request without measure."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.total = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """The chunk, or None once the file is larger than any page accepts."""
        self.total += len(raw_data)
        if self.total > ONE_REQUEST:
            raise StopUpload(connection_reset=True)
        return raw_data if start < ONE_FILE else None

    def file_complete(self, file_size: int) -> None:
        """The handlers behind this one make the file."""
