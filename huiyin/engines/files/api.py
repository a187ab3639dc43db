"""Reading attached files over the programming interface."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from ninja import Router

from huiyin.base.kit.api import PROBLEMS, must_hold, reached

from .registry import owner_kind
from .selectors import attachments, owner_of
from .serving import deliver

router = Router(tags=["files"])
BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
CONTENT = {
    "responses": {
        200: {"description": "The content", "content": BYTES},
        206: {"description": "The part asked for by Range", "content": BYTES},
        304: {"description": "As the client has it (If-None-Match)"},
        416: {"description": "The file has no such part"},
    }
}


@router.get("/files/{id}", response=PROBLEMS, summary="The content of a file", openapi_extra=CONTENT)
def content(request: HttpRequest, id: int) -> HttpResponseBase:
    """For those who may see the record it belongs to. Always as a download, never to be shown in place."""
    if not 0 < id < 2**63:
        raise Http404
    attachment = attachments().filter(pk=id).first()
    kind = owner_kind(attachment.owner_type) if attachment is not None else None
    if attachment is None or kind is None:
        raise Http404
    must_hold(kind.permission_view)
    reached(owner_of(attachment, kind.permission_view), kind.permission_view)
    try:
        return deliver(
            request,
            attachment.sha256,
            name=attachment.name,
            content_type=attachment.content_type,
            inline=False,
        )
    except FileNotFoundError as error:
        raise Http404 from error
