"""The crawl as one tool call: resumable through a folder of its own, with progress, result in the workspace's files."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from integrations.sdk import Context, Param
from portal.settings.env import env
from procurement.crawler import Crawl, CrawlSpec, Outcome, Spool, WindowState, export, plan_windows
from procurement.crawler.files import safe_name
from procurement.crawler.plan import AttributeMode
from procurement.crawler.writers import CONTENT_TYPE, SUFFIX, Format
from procurement.desk import Desk, key_of
from procurement.g2b import G2bClient
from procurement.results import CrawlReport, WindowReport

#: Seconds kept back from the deadline for writing the file.
WRITING = 30.0


async def crawl_to_file(
    ctx: Context,
    category: Annotated[
        str,
        Param("세부품명, exactly", "세부품명(정확히)", min_length=1, max_length=100, examples=["데스크톱컴퓨터"]),
    ],
    filename: Annotated[
        str, Param("A plain file name; empty: made from category and days", "파일 이름(비우면 자동)", max_length=120)
    ] = "",
    format: Annotated[Format, Param("csv, xlsx, parquet or jsonl", "파일 형식")] = "csv",
    total_days: Annotated[int, Param("Days to cover", "수집할 일수", ge=1, le=1100)] = 365,
    window_days: Annotated[int, Param("Days per question", "한 번에 조회할 일수", ge=1, le=365, advanced=True)] = 30,
    anchor_end_date: Annotated[
        date | None, Param("Newest day; default the newest complete day", "기준 종료일", advanced=True)
    ] = None,
    attributes: Annotated[
        AttributeMode,
        Param(
            "none; json: one column; columns: attr_<name> columns. One call per product.",
            "속성: 없음, JSON 한 열, 열로 펼치기(품목당 1회 호출)",
        ),
    ] = "none",
    max_windows: Annotated[int | None, Param("Stop after so many windows", "최대 구간 수", ge=1, advanced=True)] = None,
    max_runtime_sec: Annotated[
        int | None, Param("Stop after so many seconds", "최대 실행 시간(초)", ge=1, le=3600, advanced=True)
    ] = None,
) -> CrawlReport:
    """Every day is asked once; a stopped crawl goes on where it stopped when called again with the same values."""
    desk = Desk(ctx)
    client = G2bClient(ctx.http, key_of(ctx), gate=desk.gate)
    spec = CrawlSpec.of_category(
        category,
        total_days=total_days,
        window_days=window_days,
        anchor=anchor_end_date,
        attributes=attributes,
        now=desk.now,
    )
    name = safe_name(filename or f"{category}_{spec.start:%Y%m%d}-{spec.end:%Y%m%d}", SUFFIX[format])
    folder = _folder(ctx, spec)
    states, journal = _load(folder, spec, desk)
    watch = _Watch(ctx, journal)
    seconds = float(max_runtime_sec) if max_runtime_sec else None
    if ctx.remaining is not None:
        seconds = min(seconds or 3600.0, max(ctx.remaining - WRITING, 1.0))
    run = Crawl(
        client,
        spec,
        Spool(folder),
        states,
        observer=watch,
        should_stop=lambda: "cancelled" if ctx.cancelled else "",
        max_windows=max_windows,
        max_seconds=seconds,
    )
    outcome = await run.run()
    ctx.raise_if_cancelled()
    if outcome.error is not None and outcome.rows == 0:
        raise outcome.error
    with tempfile.TemporaryDirectory(prefix="crawl-") as scratch:
        target = Path(scratch) / name
        count = export(spec, run.states, run.spool, target, format)
        file = await ctx.files.save_path(name, target, CONTENT_TYPE[format])
    if outcome.is_complete:
        run.spool.clear()
    ctx.log("info", f"{count} products in {name}", pages=outcome.pages, calls=outcome.calls)
    return CrawlReport(**desk.head(spec.operation, **report(outcome)), success=True, file=file, total_products=count)


def report(outcome: Outcome) -> dict[str, object]:
    """The counts of an outcome under the names the seed's API uses."""
    notes = [f"{state.window}: {state.error or state.status}" for state in outcome.open_windows[:20]]
    if outcome.error is not None:
        notes.insert(0, outcome.error.message)
    if outcome.failed_products:
        notes.append(f"attributes of {len(outcome.failed_products)} products could not be read")
    reports = [
        WindowReport(
            start=state.window.start,
            end=state.window.end,
            status=state.status,
            rows=state.rows,
            total=state.total,
            error=state.error,
        )
        for state in outcome.states
    ]
    return {
        "incomplete": notes,
        "windows_processed": sum(1 for one in reports if one.status == "done"),
        "pages_processed": outcome.pages,
        "calls": outcome.calls,
        "success_details": [one for one in reports if one.status == "done"],
        "failed_details": [one for one in reports if one.status in ("failed", "incomplete", "unstable")],
        "failed_products": sorted(outcome.failed_products)[:100],
        "stopped": outcome.stopped,
        "covered_days": outcome.covered_days,
        "remaining_days": outcome.remaining_days,
        "next_anchor_end_date": outcome.next_anchor,
        "elapsed_sec": round(outcome.elapsed, 3),
    }


class _Watch:
    """Stores the cursor beside the spool and tells the person how far the crawl is."""

    def __init__(self, ctx: Context, journal: Path) -> None:
        self.ctx, self.journal = ctx, journal

    async def saved(self, states: Sequence[WindowState], message: str) -> None:
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.journal.with_suffix(".tmp")
        temporary.write_text(json.dumps([state.as_dict() for state in states]))
        temporary.replace(self.journal)
        done = sum(1 for state in states if not state.is_open)
        await self.ctx.progress(done, len(states), message)

    async def attributes_done(self, done: int, total: int) -> None:
        await self.ctx.progress(done, total, f"attributes of {done} of {total} products")


def _load(folder: Path, spec: CrawlSpec, desk: Desk) -> tuple[list[WindowState], Path]:
    journal = folder / "cursor.json"
    if journal.exists():
        return [WindowState.from_dict(data) for data in json.loads(journal.read_text())], journal
    return plan_windows(spec, desk.now), journal


def _folder(ctx: Context, spec: CrawlSpec) -> Path:
    """The same question of the same workspace finds its half-done work again."""
    parts = [ctx.workspace_id, ctx.upstream.base_url, repr(spec)]
    name = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
    return crawls_folder() / "calls" / name


def crawls_folder() -> Path:
    """Where half-done crawls keep their pages."""
    return Path(env().var_dir) / "crawls"
