"""Cases from files of others: messages with or without their answers, and trees of categories.

What is taken over keeps its own times: a case is registered at the moment it was received and
answered at the moment of its reply, so that clocks tell how long it really took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext_lazy as _

from huiyin.base.kit.moment import moved_to
from huiyin.base.kit.scope import Actor
from huiyin.base.kit.service import Refused
from huiyin.base.kit.words import words
from huiyin.base.org.models import Site
from huiyin.engines.imports.registry import Preset, declare

from . import services
from .models import Case, Category, Channel, Kind
from .sorting import CategoryEntry, sync_categories

TITLE, DESCRIPTION = 120, 20_000
WORDS: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "kind_words.yaml").read_text("utf-8"))
"""Words by which a message tells what it is, the first kind whose word occurs."""


def kind_of(title: str) -> str:
    """What a message wants, from the words of its subject."""
    for kind, telling in WORDS.items():
        if any(word in title for word in telling):
            return kind
    return str(Kind.COMPLAINT)


def import_message(site: Site, row: Mapping[str, Any], *, by: Actor) -> str:
    """One message as a case, with its answer where the row has one; the same number once per site.

    Refused when the number was already used for a message with other words or another time.
    """
    key = f"tipdm:{row['message_number']}"
    title, description = _texts(row)
    known = Case.objects.filter(site=site, external_key=key).first()
    if known is not None:
        same = (known.title, known.description, known.received_at) == (title, description, row["received_at"])
        if not same:
            raise Refused(
                "number-used",
                _("The number %(number)s already stands for another message."),
                params={"number": row["message_number"]},
                field="message_number",
            )
        return "created" if _reply(known, row, by) else "unchanged"
    with moved_to(row["received_at"], rights=False):
        case = services.register(
            site,
            kind=kind_of(title),
            channel=Channel.WEB,
            title=title,
            description=description,
            category=_category(site, row.get("category")),
            contact_name=(row.get("author") or "")[:60],
            received_at=row["received_at"],
            external_key=key,
            by=by,
        )
    _reply(case, row, by)
    return "created"


def _texts(row: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and description as a case keeps them; a longer subject continues in the description."""
    title, description = row["title"], row["description"] or ""
    if len(title) > TITLE:
        title, description = f"{title[: TITLE - 1]}…", f"{title}\n{description}"
    if len(description) > DESCRIPTION:
        raise Refused(
            "too-long", _("At most %(limit)s characters."), params={"limit": DESCRIPTION}, field="description"
        )
    return words(title, TITLE), words(description, DESCRIPTION)


def _reply(case: Case, row: Mapping[str, Any], by: Actor) -> bool:
    """Answer and close a case as its row tells; whether there was something to do."""
    text, at = row.get("answer"), row.get("answered_at")
    if not text or at is None or case.answered_at is not None or not case.is_open:
        return False
    with moved_to(at, rights=False):
        services.answer(case, text=text, channel=Channel.WEB, by=by)
        services.close(case, by=by)
    return True


def _category(site: Site, name: str | None) -> Category | None:
    if not name:
        return None
    found = Category.objects.filter(name=name, retired=False, parent=None).order_by("site_id").first()
    if found is None or found.site_id not in (None, site.pk):
        raise Refused("unknown", _("Unknown value: %(value)s"), params={"value": name[:40]}, field="category")
    return found


def import_category_tree(site: Site, rows: Sequence[Mapping[str, Any]], *, by: Actor) -> list[str]:
    """A tree of three levels as the categories of a site; one outcome per row, that of its leaf."""
    entries: dict[tuple[str, ...], CategoryEntry] = {}
    numbers: dict[tuple[str, ...], int] = {}
    leaves: list[str] = []
    for row in rows:
        names = tuple(row[level] for level in ("level1", "level2", "level3"))
        for depth in (1, 2, 3):
            chain = names[:depth]
            if chain in entries:
                continue
            above = chain[:-1]
            numbers[above] = numbers.get(above, 0) + 1
            parent = entries[above].code if above else ""
            code = f"{parent or 'tipdm'}.{numbers[above]}"
            entries[chain] = CategoryEntry(code=code, name=chain[-1], parent=parent, origin="import tipdm")
        leaves.append(entries[names].code)
    known = set(Category.objects.filter(site=site).values_list("code", flat=True))
    sync_categories(site, entries=list(entries.values()), origin="import tipdm", by=by)
    outcomes, seen = [], set(known)
    for code in leaves:
        outcomes.append("unchanged" if code in seen else "created")
        seen.add(code)
    return outcomes


declare(
    Preset("tipdm-messages", _("Citizens' messages"), "cases.import", take=import_message),
    Preset("tipdm-replies", _("Citizens' messages with replies"), "cases.import", take=import_message),
    Preset("tipdm-labelled", _("Sorted messages"), "cases.import", take=import_message),
    Preset("tipdm-category-tree", _("Tree of categories"), "cases.import", take_all=import_category_tree),
)
