"""Pages of files. Whoever reaches the record that owns a file reaches the file."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from huiyin.base.kit.scope import SIGNED_IN, current
from huiyin.base.kit.service import Refused
from huiyin.base.kit.views import ActionView, Gate

from .forms import RemoveForm, UploadForm
from .models import Attachment
from .panels import panel
from .receiving import receive
from .registry import Owner, kind_of, owner_kind
from .selectors import attachments
from .services import attach, remove
from .serving import deliver

log = logging.getLogger(__name__)


def reached(kind: Owner | None, pk: int, permission: str) -> Any:
    """The record a file belongs to. 404 when it is out of reach, 403 when the right is held nowhere."""
    if kind is None:
        raise Http404
    rows: Any = kind.records()
    if not rows.filter(pk=pk).exists():
        raise Http404
    if not current().holds(permission):
        raise PermissionDenied(permission)
    owner = rows.allowed(permission).filter(pk=pk).first()
    if owner is None:
        raise Http404
    return owner


class FileGate(Gate):
    """A page about one attachment: which right it asks for is the owner's matter."""

    permission = SIGNED_IN
    model = Attachment
    changing = False

    def get_queryset(self) -> QuerySet[Any]:
        return attachments()

    def get_object(self) -> Attachment:
        attachment: Attachment = super().get_object()
        kind = owner_kind(attachment.owner_type)
        right = "" if kind is None else kind.permission_upload if self.changing else kind.permission_view
        self.owner = reached(kind, attachment.owner_id, right)
        return attachment


class Download(FileGate):
    """The file itself. The name in the address is there for whoever saves it."""

    thumbnail = False

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        attachment = self.get_object()
        if self.thumbnail and not attachment.is_image:
            raise Http404
        try:
            return deliver(
                request,
                attachment.sha256,
                name=attachment.name,
                content_type="image/jpeg" if self.thumbnail else attachment.content_type,
                inline=self.thumbnail or attachment.is_inline,
                thumbnail=self.thumbnail,
            )
        except FileNotFoundError:
            log.error("content of attachment %s is not on the disk", attachment.pk)
            raise Http404 from None


class Thumbnail(Download):
    """The small picture of an image."""

    thumbnail = True


class Upload(ActionView):
    """Attach files to a record; each file is taken or refused for itself."""

    permission = SIGNED_IN
    form_class = UploadForm
    service = attach
    title = gettext_lazy("Attach files")
    panel_name = "files/part_attachments.html#panel"

    def setup_subject(self) -> None:
        kind = owner_kind(self.kwargs["owner_type"])
        self.object = reached(kind, self.kwargs["owner_id"], kind.permission_upload if kind else "")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        self.setup_subject()
        form = self.get_form(request.POST, request.FILES)
        done: list[Attachment] = []
        problems: list[str] = []
        if form.is_valid():
            done, problems = self._take(form.cleaned_data["file"])
        else:
            problems = [text for texts in form.errors.values() for text in texts]
        if getattr(request, "htmx", None):
            status = 422 if problems and not done else 200
            return render(request, self.panel_name, panel(self.object, problems=problems), status=status)
        if problems and not done:
            if form.is_valid():
                form.add_error(None, problems)
            return self.page(self.context(form=form, object=self.object), status=422)
        for problem in problems:
            messages.error(request, problem)
        if done:
            text = ngettext("%(n)s file attached.", "%(n)s files attached.", len(done)) % {"n": len(done)}
            messages.success(request, text)
        return HttpResponseRedirect(self.success_url(None))

    def _take(self, files: list[Any]) -> tuple[list[Attachment], list[str]]:
        """Attach one file after the other; those that were, and what was wrong with the others."""
        done, problems = [], []
        for file in files:
            try:
                done.append(attach(self.object, file=receive(file), by=self.actor))
            except Refused as refusal:
                problems.append(_("%(name)s: %(problem)s") % {"name": file.name, "problem": refusal.message})
        return done, problems

    def success_url(self, result: Any) -> str:
        if hasattr(self.object, "get_absolute_url"):
            return str(self.object.get_absolute_url())
        kind = kind_of(self.object)
        return reverse("files:upload", args=[kind.code if kind else "", self.object.pk])


class Remove(FileGate, ActionView):
    """Take a file away from its record."""

    changing = True
    form_class = RemoveForm
    service = remove
    title = gettext_lazy("Remove file")
    consequence = gettext_lazy(
        "The file disappears from the record; the history keeps its name and your reason."
    )
    danger = True
    success_message = gettext_lazy("File removed.")

    def success_url(self, result: Any) -> str:
        if hasattr(self.owner, "get_absolute_url"):
            return str(self.owner.get_absolute_url())
        return reverse("files:upload", args=[self.object.owner_type, self.owner.pk])
