"""The general sections of packs; every other app declares its own in its `pack.py`."""

from typing import Any

from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from . import sections
from .registry import Section, declare
from .selectors import forget

declare(
    Section(
        "posts", sections.PostEntry, _("Posts"), sections.check_posts, sections.apply_posts, needs="org.edit"
    ),
    Section("phrases", sections.PhraseEntry, _("Phrases")),
    Section("glossary", sections.GlossaryEntry, _("Glossary"), sourced=False),
    Section("channels", sections.ChannelEntry, _("Channels")),
    Section("care_flags", sections.CareFlagEntry, _("Special care")),
    Section("variants", sections.VariantEntry, _("Variants"), sections.check_variants),
    Section("place_kinds", sections.PlaceKindEntry, _("Kinds of places"), sections.check_place_kinds),
)


def _database_changed(**_kwargs: Any) -> None:
    forget()


# A database that was just migrated or emptied holds other packs than those in memory.
post_migrate.connect(_database_changed, dispatch_uid="packs.forget")
