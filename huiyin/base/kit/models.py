"""Base classes of all tables: rows of a site, and rows shared by the whole organisation."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Self

from django.db import models

from .scope import InScope, OutOfReach, current


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset whose rows are cut to the reach of the current scope when its SQL is compiled."""

    def allowed(self, permission: str) -> Self:
        """Only the rows of sites where `permission` is held."""
        return self.filter(InScope(permission, shared=self.model.shared))

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.check_reach()
        return super().bulk_create(rows, *args, **kwargs)


class ScopedManager(models.Manager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """The default manager of every business table."""

    def get_queryset(self) -> ScopedQuerySet:
        queryset: ScopedQuerySet = super().get_queryset()
        return queryset.filter(InScope(shared=self.model.shared))


@cache
def _labels(field: models.Field[Any, Any]) -> dict[Any, Any]:
    """The words of a field's values, as they were declared (each says itself in the language of the moment)."""
    return dict(field.flatchoices)


class ScopedModel(models.Model):
    """A row that belongs to one site. Reading needs a scope; writing into a foreign site raises."""

    shared = False

    site = models.ForeignKey("org.Site", on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = ScopedManager()

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: models.Field[Any, Any]) -> str:
        # Django's own lays all words of a field out afresh for each row: a tenth of a page of fifty cases.
        value = getattr(self, field.attname)
        return str(_labels(field).get(value, "" if value is None else value))

    def check_reach(self) -> None:
        """Refused (OutOfReach) when the row's site lies outside the current scope."""
        scope = current()
        if not scope.everywhere and self.site_id not in scope.sites:
            raise OutOfReach(f"{self._meta.label} of site {self.site_id}")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.check_reach()
        super().save(*args, **kwargs)


class SharedModel(ScopedModel):
    """A row of one site, or of the whole organisation when it has no site.

    Everybody with a scope reads company-wide rows; only a company-wide scope writes them, which
    the commands enforce with their `needs`.
    """

    shared = True

    site = models.ForeignKey(  # type: ignore[assignment]  # a company-wide row has none
        "org.Site", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )

    class Meta:
        abstract = True

    def check_reach(self) -> None:
        if self.site_id is not None:
            super().check_reach()
        else:
            current()


from .once import DoneOnce  # noqa: E402,F401  (found by Django as a model of this app)
