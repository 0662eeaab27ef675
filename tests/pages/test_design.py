"""The design tokens keep their promises: one dark theme, the agreed state colours, enough contrast everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
TOKENS = (STATIC / "css" / "tokens.css").read_text()
STATES = {
    "idle": ("#64748b", "#94a3b8"),
    "queued": ("#475569", "#cbd5e1"),
    "running": ("#2563eb", "#60a5fa"),
    "succeeded": ("#15803d", "#4ade80"),
    "retrying": ("#b45309", "#fbbf24"),
    "failed": ("#b91c1c", "#f87171"),
    "handled": ("#b45309", "#fbbf24"),
    "waiting": ("#6d28d9", "#a78bfa"),
    "skipped": ("#64748b", "#94a3b8"),
    "cancelled": ("#475569", "#94a3b8"),
    "stale": ("#a16207", "#facc15"),
}


def block(selector: str) -> dict[str, str]:
    """The custom properties of the first rule with this selector."""
    body = re.search(re.escape(selector) + r" \{(.*?)\n\s*\}", TOKENS, re.S)
    assert body is not None, selector
    return dict(re.findall(r"--([\w-]+): ([^;]+);", body.group(1)))


LIGHT, DARK, SYSTEM = block(":root"), block(':root[data-theme="dark"]'), block(':root[data-theme="system"]')


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_following_the_system_is_the_same_dark_theme() -> None:
    assert DARK == SYSTEM


@pytest.mark.parametrize("state", STATES)
def test_states_have_the_agreed_colours(state: str) -> None:
    assert (LIGHT[f"state-{state}"], DARK[f"state-{state}"]) == STATES[state]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "ink-soft", "ink-faint", "accent", "danger", "warning", "success", "info"])
def test_text_reaches_the_contrast_of_wcag_aa(theme: dict[str, str], text: str) -> None:
    for surface in ("bg", "surface", "surface-overlay", "surface-hover"):
        assert contrast(theme[text], theme[surface]) >= 4.5, (text, surface)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_buttons_and_quiet_surfaces_stay_readable(theme: dict[str, str]) -> None:
    assert contrast(theme["ink-inverse"], theme["primary"]) >= 4.5
    assert contrast(theme["ink-inverse"], theme["accent"]) >= 4.5
    assert contrast(theme["ink-faint"], theme["surface-sunken"]) >= 4.5
    assert contrast(theme["line-control"], theme["surface"]) >= 2.4


def test_every_icon_that_is_used_exists() -> None:
    root = STATIC.parent
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons" / "sprite.svg").read_text()))
    used: set[tuple[str, str]] = set()
    for path in [
        p for app in ("templates", "workflows", "deployments", "portal") for p in (root / app).rglob("*.html")
    ]:
        found = re.findall(r'\{% icon "([\w-]+)"', path.read_text())
        found += re.findall(r'empty\.html" with icon="([\w-]+)"', path.read_text())
        used |= {(path.name, name) for name in found}
    for path in (STATIC / "js").glob("*.js"):
        used |= {(path.name, name) for name in re.findall(r'\bicon\("([\w-]+)"', path.read_text())}

    assert {item for item in used if item[1] not in sprite} == set()


def test_a_state_is_never_told_by_colour_alone() -> None:
    from portal.templatetags.portal import STATES as KNOWN
    from portal.templatetags.portal import status

    for state in STATES:
        assert state in KNOWN
        html = status(state)
        assert "<use href=" in html and f"<span>{KNOWN[state][1]}</span>" in html
