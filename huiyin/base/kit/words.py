"""Texts that people and machines send, made fit to keep."""

from django.utils.translation import gettext_lazy as _

from .service import Refused


def words(value: str, limit: int, field: str = "", *, required: bool = False) -> str:
    """A text without stray white space and control characters (line ends and tabs stay).

    Refused when it is longer than `limit` characters, or empty where it is required.
    """
    cleaned = value.strip()
    if not cleaned.isprintable():  # what is typed into a field mostly is
        cleaned = "".join(c for c in value.replace("\r\n", "\n") if c >= " " or c in "\n\t")
        cleaned = "".join(c for c in cleaned if not "\ud800" <= c <= "\udfff" and c != "\x7f").strip()
    if len(cleaned) > limit:
        raise Refused(
            "too-long", _("At most %(limit)s characters."), params={"limit": limit}, field=field or None
        )
    if required and not cleaned:
        raise Refused("missing", _("Please fill this in."), field=field or None)
    return cleaned
