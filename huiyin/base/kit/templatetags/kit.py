"""What templates need of the kit: icons, times, addresses, cells, fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms.boundfield import BoundField
from django.template.base import render_value_in_context
from django.templatetags.static import static
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from huiyin.base.kit import tables
from huiyin.base.kit.moment import local_zone, now
from huiyin.base.kit.scope import current_or_none
from huiyin.base.kit.service import site_of

register = template.Library()

EMPTY = mark_safe('<span class="hy-none">—</span>')
TONES = {"neutral", "accent", "active", "waiting", "good", "warn", "bad"}
SOON = timedelta(hours=1)
"""Without a warning moment a clock counts as "soon" in its last hour."""


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One of the icons named in `tools/icons.txt`; it says nothing to a screen reader."""
    return _icon(name, css)


@lru_cache(maxsize=512)
def _icon(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def badge(label: Any, tone: str = "neutral") -> SafeString:
    """A state in a word. Tones: neutral, accent, active, waiting, good, warn, bad."""
    shown = tone if tone in TONES else "neutral"
    return mark_safe(f'<span class="hy-badge hy-{shown}">{conditional_escape(label)}</span>')


@register.simple_tag
def avatar(name: Any) -> SafeString:
    """A person's mark: the last two signs of a Chinese name, the first letters of another."""
    text = str(name).strip() or "?"
    mark = text[-2:] if ord(text[0]) > 0x2E80 else "".join(part[0] for part in text.split()[:2]).upper()
    return format_html('<span class="hy-avatar" aria-hidden="true">{}</span>', mark)


def _local(at: datetime) -> datetime:
    return at.astimezone(local_zone())


@register.filter
def local_time(at: Any) -> SafeString | str:
    """A moment on the local clock: `11-21 14:05`, with the year where it is another one; a day as it is."""
    if not at:
        return EMPTY
    if not isinstance(at, datetime):
        return local_day(at)
    local = _local(at)
    whole = local.isoformat(" ")[:19]
    short = whole[5:16] if local.year == _local(now()).year else whole[:16]
    return mark_safe(f'<time datetime="{local.isoformat()}" title="{whole}">{short}</time>')


@register.filter
def local_day(day: Any) -> SafeString | str:
    """A day as `2026-11-21`; of a moment, its day on the local clock."""
    if not day:
        return EMPTY
    if isinstance(day, datetime):
        day = _local(day).date()
    return format_html('<time datetime="{0}">{0}</time>', day.isoformat())


def span_words(span: timedelta) -> str:
    """A length of time in words, two units at most: `3 d 4 h`, `2 h 5 min`, `12 min`."""
    minutes = int(abs(span).total_seconds() // 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        words = _("%(days)s d %(hours)s h") if hours and days < 10 else _("%(days)s d")
    elif hours:
        words = _("%(hours)s h %(minutes)s min") if minutes else _("%(hours)s h")
    else:
        words = _("%(minutes)s min")
    return words % {"days": days, "hours": hours, "minutes": minutes}


@register.filter
def duration(span: Any) -> SafeString | str:
    """A length of time (a timedelta, or seconds) in words."""
    if span is None or span == "":
        return EMPTY
    return span_words(span if isinstance(span, timedelta) else timedelta(seconds=float(span)))


@register.filter
def ago(at: Any) -> SafeString | str:
    """How long ago a moment was, in words, with the moment itself as title."""
    if not at:
        return EMPTY
    passed = now() - at
    minutes = int(passed.total_seconds() // 60)
    if minutes < 0:
        words = _("in %(span)s") % {"span": span_words(passed)}
    elif minutes < 1:
        words = _("just now")
    elif minutes < 60:
        words = ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    elif minutes < 1440:
        words = ngettext("%(n)s hour ago", "%(n)s hours ago", minutes // 60) % {"n": minutes // 60}
    elif minutes < 1440 * 30:
        words = ngettext("%(n)s day ago", "%(n)s days ago", minutes // 1440) % {"n": minutes // 1440}
    else:
        return local_time(at)
    local = _local(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S"),
        words,
    )


@register.simple_tag
def clock(
    due_at: datetime | None,
    *,
    warn_at: datetime | None = None,
    stopped_at: datetime | None = None,
    paused: bool = False,
    label: Any = "",
) -> SafeString | str:
    """The time left on a clock; it goes on counting in the browser. The colour says how little it is."""
    if due_at is None:
        return EMPTY
    level, words = clock_state(due_at, warn_at=warn_at, stopped_at=stopped_at, paused=paused)
    local = _local(due_at)
    running = stopped_at is None and not paused
    live = format_html(' data-due="{}"', due_at.isoformat()) if running else ""
    warn = format_html(' data-warn="{}"', warn_at.isoformat()) if running and warn_at else ""
    title = _("due %(at)s") % {"at": local.strftime("%Y-%m-%d %H:%M")}
    before = format_html('<span class="hy-clock-label">{}</span> ', label) if label else ""
    return format_html(
        '<time class="hy-clock hy-clock-{}" datetime="{}" title="{}"{}{}>'
        '{}<span class="hy-clock-text">{}</span></time>',
        level,
        local.isoformat(),
        title,
        live,
        warn,
        before,
        words,
    )


def clock_state(
    due_at: datetime, *, warn_at: datetime | None, stopped_at: datetime | None, paused: bool
) -> tuple[str, str]:
    """How a clock stands (ok, soon, late, paused, kept, missed), and the words for it."""
    if stopped_at is not None:
        late = stopped_at > due_at
        return (
            ("missed", _("%(span)s late") % {"span": span_words(stopped_at - due_at)})
            if late
            else (
                "kept",
                _("in time"),
            )
        )
    if paused:
        return "paused", _("paused")
    left = due_at - now()
    if left <= timedelta(0):
        return "late", _("%(span)s overdue") % {"span": span_words(left)}
    soon = now() >= warn_at if warn_at is not None else left <= SOON
    return ("soon" if soon else "ok"), _("%(span)s left") % {"span": span_words(left)}


@register.simple_tag(takes_context=True)
def query(context: Any, **changes: Any) -> str:
    """The address's own parameters with some changed; None takes one away. Begins with `?`."""
    return f"?{tables.query(context['request'].GET, **changes)}"


@register.filter
def allowed(permission: str, subject: Any = None) -> bool:
    """Whether the person looking holds a permission: at the row's site, or (without a row) anywhere."""
    scope = current_or_none()
    if scope is None:
        return False
    return scope.holds(permission, None if subject is None else site_of(subject))


@register.simple_tag(takes_context=True)
def table_rows(
    context: Any, table: tables.Table, columns: Iterable[tables.Column], rows: Iterable[Any]
) -> SafeString:
    """The rows of a list, each with the way to its page and, where there are bulk actions, a box to choose it.

    Written here and not in the template: asked for each of hundreds of cells, that takes four times as long.
    """
    shown = [
        (column, f'<td class="{escape(column.css)}" data-label="{escape(column.label)}">')
        for column in columns
    ]
    box = _box() if getattr(context.get("view"), "bulk_actions", ()) else ""
    parts: list[str] = []
    for row in rows:
        url = escape(table.row_url(row)) if table.row_url else ""
        css = escape(table.row_css(row)) if table.row_css else ""
        href = f' data-href="{url}"' if url else ""
        parts.append(f'<tr class="{css}"{href}>')
        if box:
            parts.append(box.format(escape(str(row.pk))))
        link = url
        for column, head in shown:
            text = _text_of(cell(column.shown(row)), context)
            parts.append(
                f'{head}<a class="hy-row-link" href="{link}">{text}</a></td>'
                if link
                else f"{head}{text}</td>"
            )
            link = ""
        parts.append("</tr>")
    return mark_safe("".join(parts))


def _box() -> str:
    """The box that chooses a row; its value is still to be filled in."""
    label = str(escape(_("Choose this row"))).replace("{", "{{").replace("}", "}}")
    return (
        '<td class="hy-pick"><input type="checkbox" class="form-check-input" name="ids" value="{}" '
        f'form="hy-bulk" aria-label="{label}"></td>'
    )


def _text_of(value: Any, context: Any) -> str:
    """A value as a template would write it."""
    return conditional_escape(value) if isinstance(value, str) else render_value_in_context(value, context)


@register.filter
def cell(value: Any) -> Any:
    """A value as it stands in a list: moments and days local, yes as a tick, nothing as a dash."""
    if value is None or value == "":
        return EMPTY
    if value is True:
        return format_html('{}<span class="visually-hidden">{}</span>', icon("check"), _("yes"))
    if value is False:
        return format_html(
            '<span class="hy-none" aria-hidden="true">–</span><span class="visually-hidden">{}</span>',
            _("no"),
        )
    if isinstance(value, datetime):
        return local_time(value)
    if isinstance(value, date):
        return local_day(value)
    return value


PAGING = {"order", "columns", "after", "export", "part"}
"""Address parameters of a list that do not narrow it."""


@dataclass(frozen=True, slots=True)
class ListState:
    """What a list's address says: whether it is narrowed, which columns, how a view of it is kept."""

    narrowed: bool
    columns: list[str]
    without_columns: list[tuple[str, str]]
    view_params: str
    saved: Any


@register.simple_tag(takes_context=True)
def list_state(context: Any) -> ListState:
    """The state of the list shown, read off the address."""
    request = context["request"]
    pairs = [(name, value) for name, values in request.GET.lists() for value in values if value]
    kept = [(name, value) for name, value in pairs if name not in ("after", "export", "part")]
    return ListState(
        narrowed=any(name not in PAGING for name, _value in pairs),
        columns=[value for name, value in pairs if name == "columns"],
        without_columns=[(name, value) for name, value in kept if name != "columns"],
        view_params=urlencode({"path": request.path, "query": urlencode(kept)}),
        saved=next((view for view in context.get("saved_views") or () if view.active), None),
    )


@register.simple_tag
def filter_fields(filterset: Any) -> list[BoundField]:
    """The fields of a filter, with ids of their own so that a dialog's form cannot clash with them."""
    if filterset is None:
        return []
    filterset.form.auto_id = "filter-%s"
    return list(filterset.form)


@register.simple_tag
def field(bound: Any, css: str = "") -> Any:
    """A form field with label, help and errors, in a box of the given classes (e.g. `col-md-6`)."""
    if not isinstance(bound, BoundField):
        return ""
    return (
        format_html('<div class="{}">{}</div>', css, bound.as_field_group())
        if css
        else bound.as_field_group()
    )


@register.simple_tag(takes_context=True)
def form_attrs(context: Any) -> SafeString:
    """The attributes of a form that is sent by htmx where there is script, and plainly where there is none.

    A refused form (422) takes its own place again; a done one leads on.
    """
    form = context.get("form")
    upload = mark_safe(' enctype="multipart/form-data" hx-encoding="multipart/form-data"')
    return format_html(
        'method="post" action="{0}" hx-post="{0}" hx-target="this" hx-swap="outerHTML" '
        "novalidate data-hy-form{1}",
        context["request"].get_full_path(),
        upload if form is not None and form.is_multipart() else "",
    )


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """One entry of a mapping."""
    return mapping.get(key) if mapping is not None else None
