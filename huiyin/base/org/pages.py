"""What pages about one of several sites share: which sites there are, and which is asked for."""

from __future__ import annotations

from typing import ClassVar

from django.http import Http404, HttpRequest
from django.utils.functional import cached_property

from huiyin.base.kit.scope import SIGNED_IN

from .models import Site
from .selectors import sites_in_reach


class OfSites:
    """A page about a site named in its address (`?site=`), one of those where one holds the page's right."""

    permission: ClassVar[str]
    request: HttpRequest

    @cached_property
    def sites(self) -> list[Site]:
        """Those sites with their units, by code."""
        wanted = None if self.permission == SIGNED_IN else self.permission
        return list(sites_in_reach(wanted).select_related("unit").order_by("code"))

    @cached_property
    def asked(self) -> Site | None:
        """The site asked for, if one is; 404 when it is none of them: for whoever asks, it does not exist."""
        code = self.request.GET.get("site", "")
        found = next((one for one in self.sites if one.code == code), None)
        if code and found is None:
            raise Http404
        return found
