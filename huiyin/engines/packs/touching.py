"""What a change of the posts touches: people who hold one, whose rights follow at once."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count
from django.utils.translation import ngettext

from huiyin.base.org.selectors import standing

from .registry import Touched, touches


@touches("posts")
def holders_of_posts(codes: Collection[str], _site_id: int | None) -> dict[str, Touched]:
    """How many people hold each post today; posts are those of the whole organisation."""
    held = standing().filter(post__code__in=codes).order_by().values_list("post__code")
    return {code: Touched(n, _words(n)) for code, n in held.annotate(Count("user", distinct=True))}


def _words(number: int) -> str:
    text = ngettext(
        "%(n)s person holds this post: their rights follow at once.",
        "%(n)s people hold this post: their rights follow at once.",
        number,
    )
    return text % {"n": number}
