"""The pack sections of this app: the tree of categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from huiyin.engines.packs.registry import Applying, Checking, Entry, Item, Note, Section, Words, declare

from .models import Kind
from .sorting import CategoryEntry, sync_categories


class Category(Entry):
    """One branch of the tree of categories, as a pack writes it."""

    name: Words
    kind: Literal[
        "consultation",
        "repair",
        "complaint",
        "suggestion",
        "help",
        "service",
        "praise",
        "emergency",
        "application",
    ]
    keywords: list[str] = Field(default_factory=list, max_length=60)
    place_kinds: list[str] = Field(default_factory=list, max_length=20)
    paid: Literal["", "free", "paid", "quote"] = ""
    price_note: Note | None = None
    phrase: str = ""


def check(items: Sequence[Item], checking: Checking) -> None:
    """A phrase must exist; a keyword must lead to one leaf only."""
    seen: dict[str, str] = {}
    phrases = checking.codes("phrases")
    for item in items:
        if item.disabled:
            continue
        if item.value.phrase and item.value.phrase not in phrases:
            checking.problem(
                item,
                f"there is no phrase {item.value.phrase}",
                "name a code of the section phrases",
                "phrase",
            )
        for word in item.value.keywords:
            if word in seen:
                checking.problem(
                    item,
                    f"the keyword {word} already leads to {seen[word]}",
                    "keep it at one of them",
                    "keywords",
                )
            seen[word] = item.code


def apply(items: Sequence[Item], applying: Applying) -> None:
    """Bring the table of categories in line with the packs."""
    entries = [
        CategoryEntry(
            code=item.code,
            name=item.value.name.zh,
            kind=item.value.kind,
            parent=item.parent,
            keywords=tuple(item.value.keywords),
            paid=item.value.paid,
            price_note=item.value.price_note.zh if item.value.price_note else "",
            phrase=item.value.phrase,
            origin=f"pack {item.pack}",
            source=tuple(item.value.source),
            clause=item.value.clause,
        )
        for item in items
        if not item.disabled
    ]
    sync_categories(None, entries=entries, origin="pack ", by=applying.by)


assert set(Kind.values) == set(Category.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]

declare(Section("categories", Category, _("Categories"), check=check, apply=apply, nested=True))
