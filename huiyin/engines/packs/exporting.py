"""Packs as folders to take away: each as it is, or everything in force as one."""

from __future__ import annotations

from django.utils.translation import gettext as _

from huiyin.base.kit.moment import today
from huiyin.base.org.models import Site

from .merging import Pack
from .registry import Words, sections
from .selectors import active_packs, entries
from .timeline import head_of
from .writing import Head, files, raw

MERGED = "merged"


def folder_of(pack: Pack) -> dict[str, bytes]:
    """The files of a pack; loaded again they say the same."""
    return files(head_of(pack), list(map(raw, pack.items)))


def folders(code: str = "", site: str = "") -> dict[str, dict[str, bytes]]:
    """The folders of the packs in force: of all, of one, or those that count at a site (by its code)."""
    wanted = [
        pack
        for pack in active_packs()
        if (not code or pack.code == code) and (not site or pack.site in ("", site))
    ]
    return {pack.code: folder_of(pack) for pack in wanted}


def merged_folder(site: Site | None = None) -> tuple[str, dict[str, bytes]]:
    """Name and files of one company pack that holds every entry in force (at a site) and needs no other."""
    code = f"{MERGED}-{site.code}"[:40].lower().replace("_", "-") if site is not None else MERGED
    words = Words(
        zh=_("%(name)s: rules in force") % {"name": site.name} if site is not None else _("Rules in force")
    )
    rows = [raw(item) for known in sections() for item in entries(known.name, site)]
    return code, files(Head(code, words, "company", f"{today():%Y-%m-%d}"), rows)
