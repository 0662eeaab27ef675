"""Deque's axe on a page: which rules of accessibility it breaks."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.outside.packages import installed

#: "minor" and "moderate" findings are advice on structure; these two keep people out.
SEVERE = frozenset({"serious", "critical"})
_RUN = """async () => {
    const found = await axe.run(document, {
        resultTypes: ["violations"],
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return found.violations.map(({ id, impact, help, nodes }) => ({
        id, impact, help,
        nodes: nodes.slice(0, 5).map((node) => `${node.target.join(" ")} — ${node.any[0]?.message ?? node.all[0]?.message ?? ""}`),
    }));
}"""  # noqa: E501


def severe_findings(page: Page) -> list[str]:
    """Serious and critical findings on the page as it stands, one line each with the first elements."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate((installed() / "axe-core" / "axe.min.js").read_text())
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [
        f"{item['id']} ({item['impact']}): {item['help']}: " + "; ".join(item["nodes"])
        for item in found
        if item["impact"] in SEVERE
    ]
