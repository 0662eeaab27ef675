"""Template tags and filters of the product; available in every template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BoundField, CheckboxInput
from django.template.defaultfilters import date as format_date
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext_lazy

from portal.accounts.browsers import browser_name

register = template.Library()

#: State → (glyph of the sprite, word). Colour comes from `[data-state]` in the style sheet.
STATES: dict[str, tuple[str, Any]] = {
    "idle": ("circle", pgettext_lazy("state", "Idle")),
    "queued": ("clock", pgettext_lazy("state", "Queued")),
    "running": ("ring", pgettext_lazy("state", "Running")),
    "succeeded": ("tick", pgettext_lazy("state", "Succeeded")),
    "retrying": ("loop", pgettext_lazy("state", "Retrying")),
    "failed": ("cross", pgettext_lazy("state", "Failed")),
    "handled": ("shield-x", pgettext_lazy("state", "Handled error")),
    "waiting": ("hand", pgettext_lazy("state", "Waiting for a person")),
    "skipped": ("dash", pgettext_lazy("state", "Skipped")),
    "cancelled": ("square", pgettext_lazy("state", "Cancelled")),
    "stale": ("half-circle", pgettext_lazy("state", "Stale")),
    "live": ("tick", pgettext_lazy("state", "Live")),
    "paused": ("pause", pgettext_lazy("state", "Paused")),
    "retired": ("archive", pgettext_lazy("state", "Retired")),
    "ok": ("tick", pgettext_lazy("state", "Working")),
    "expiring": ("clock", pgettext_lazy("state", "Expires soon")),
    "failing": ("cross", pgettext_lazy("state", "Failing")),
    "unknown": ("circle", pgettext_lazy("state", "Not tested")),
}


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """`{% icon "play" %}`: a 16 px symbol of the sprite; `"icon-l"` as second argument makes it 20 px."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra_class,
        static("icons/sprite.svg"),
        name,
    )


@register.simple_tag
def status(state: str, label: str = "") -> SafeString:
    """A run, server or connection state as icon + word + colour."""
    glyph, word = STATES.get(str(state), STATES["unknown"])
    return format_html(
        '<span class="status" data-state="{}">{}<span>{}</span></span>', state, icon(glyph), label or word
    )


@register.filter
def state_word(state: str) -> str:
    return str(STATES.get(str(state), STATES["unknown"])[1])


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """A form field with label, help and errors. Options: `label`, `placeholder`, `autocomplete`, `mono`."""
    attrs = {
        key: value for key, value in options.items() if key in {"placeholder", "autocomplete", "rows", "autofocus"}
    }
    if options.get("mono"):
        attrs["class"] = "mono"
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attrs),
        "label": options.get("label") or bound.label,
        "is_check": isinstance(bound.field.widget, CheckboxInput),
    }


@register.inclusion_tag("components/code.html")
def code(value: Any, language: str = "", title: str = "") -> dict[str, Any]:
    """A code block with a copy button. Anything but text is shown as indented JSON, coloured in the browser."""
    if isinstance(value, str):
        return {"text": value, "language": language, "title": title}
    return {"text": as_json(value), "language": language or "json", "title": title}


@register.inclusion_tag("components/copy_line.html")
def copy_line(text: str, label: str = "") -> dict[str, str]:
    """One line of code, such as a URL, with a copy button."""
    return {"text": text, "label": label}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Mapping[str, Any], page: Any, parameter: str = "page") -> dict[str, Any]:
    """Previous and next of a Paginator page; other query parameters are kept."""
    return {"page": page, "parameter": parameter, "request": context["request"]}


@register.filter(name="as_json")
def as_json(value: Any) -> str:
    """Indented JSON with Korean left readable."""
    return json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)


@register.filter
def as_line(value: Any) -> str:
    """A value as JSON on one line, cut where it gets long."""
    text = json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    return text if len(text) <= 240 else text[:239] + "…"


@register.filter
def duration(value: Any) -> str:
    """Seconds or a timedelta for people: `340 ms`, `1.2 s`, `2 min 5 s`; a dash for nothing."""
    if value is None or value == "":
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return gettext("%(count)s ms") % {"count": number_format(round(seconds * 1000))}
    if seconds < 60:
        return gettext("%(count)s s") % {"count": number_format(round(seconds, 1))}
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    hours, minutes = divmod(minutes, 60)
    return gettext("%(hours)s h %(minutes)s min") % {"hours": number_format(hours), "minutes": minutes}


@register.filter
def number(value: Any, digits: int | None = None) -> str:
    """A number with thousands separators; a dash for nothing."""
    if value is None or value == "":
        return "–"
    if digits is not None and not isinstance(value, int):
        value = round(Decimal(str(value)), digits)
    return str(number_format(value, use_l10n=True, force_grouping=True))


@register.filter
def size(value: Any) -> str:
    """Bytes for people, in powers of 1024."""
    amount = float(value or 0)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{number_format(round(amount, 1 if amount < 10 and unit != 'B' else 0), use_l10n=True)} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def relative(moment: datetime, now: datetime) -> str:
    """How long ago or ahead, in one unit; the date itself beyond a week."""
    seconds = round((now - moment).total_seconds())
    past, amount = seconds >= 0, abs(seconds)
    if amount < 5:
        return gettext("just now")
    for limit, unit, singular, plural, ahead_singular, ahead_plural in (
        (60, 1, "%(n)s second ago", "%(n)s seconds ago", "in %(n)s second", "in %(n)s seconds"),
        (3600, 60, "%(n)s minute ago", "%(n)s minutes ago", "in %(n)s minute", "in %(n)s minutes"),
        (86400, 3600, "%(n)s hour ago", "%(n)s hours ago", "in %(n)s hour", "in %(n)s hours"),
        (604800, 86400, "%(n)s day ago", "%(n)s days ago", "in %(n)s day", "in %(n)s days"),
    ):
        if amount < limit:
            n = amount // unit
            chosen = ngettext(singular, plural, n) if past else ngettext(ahead_singular, ahead_plural, n)
            return chosen % {"n": n}
    return format_date(timezone.localtime(moment), "SHORT_DATE_FORMAT")


def _mark_relative_messages() -> None:  # pragma: no cover - read by makemessages only
    ngettext("%(n)s second ago", "%(n)s seconds ago", 1)
    ngettext("%(n)s minute ago", "%(n)s minutes ago", 1)
    ngettext("%(n)s hour ago", "%(n)s hours ago", 1)
    ngettext("%(n)s day ago", "%(n)s days ago", 1)
    ngettext("in %(n)s second", "in %(n)s seconds", 1)
    ngettext("in %(n)s minute", "in %(n)s minutes", 1)
    ngettext("in %(n)s hour", "in %(n)s hours", 1)
    ngettext("in %(n)s day", "in %(n)s days", 1)


@register.simple_tag
def when(moment: datetime | date | str | None, empty: str = "") -> SafeString | str:
    """A moment as "5 minutes ago" with the exact time on hover; the browser keeps it current."""
    if not moment:
        return empty or gettext("never")
    if isinstance(moment, str):
        return moment
    if not isinstance(moment, datetime):
        return format_html(
            '<time datetime="{}">{}</time>', moment.isoformat(), format_date(moment, "SHORT_DATE_FORMAT")
        )
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        local.isoformat(),
        format_date(local, "Y-m-d H:i:s T"),
        relative(moment, timezone.now()),
    )


@register.filter
def initials(text: Any) -> str:
    """Two letters (or one Hangul syllable) for a monogram."""
    words = str(text or "?").replace("@", " ").replace(".", " ").split()
    first = words[0][0] if words else "?"
    if ord(first) >= 0xAC00 or len(words) == 1:
        return first
    return first + words[1][0]


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """`mapping[key]`, or None."""
    return (mapping or {}).get(key)


@register.filter
def local(text: Any) -> str:
    """A bilingual `Text` of the connector SDK (or an `{"en": …, "ko": …}` mapping) in the page's language."""
    language = get_language() or "en"
    if isinstance(text, Mapping):
        return str(text.get(language.split("-")[0]) or text.get("en") or "")
    if hasattr(text, "in_language"):
        return str(text.in_language(language))
    return str(text or "")


@register.filter
def browser(user_agent: Any) -> str:
    """A short name for the text that a browser sends of itself."""
    return browser_name(str(user_agent or ""))
