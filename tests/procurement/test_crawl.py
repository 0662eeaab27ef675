"""Crawls end with exactly the expected rows, also when they are killed, refused or fed shifting pages."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime

import pytest

from procurement.crawler import Crawl, CrawlSpec, Spool, WindowState, estimate, export, plan_windows
from procurement.crawler.merge import merged_rows
from procurement.g2b import Gate
from procurement.sandbox_data.pools import item
from procurement.sandbox_data.products import deliveries_between, events_between

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
CATEGORY = "데스크톱컴퓨터"


def expected_keys(spec: CrawlSpec, category: str = CATEGORY) -> set[tuple[str, str]]:
    return {event.key for event in events_between(spec.start, spec.end) if item(event.item).kind.name == category}


def year(**options) -> CrawlSpec:
    return CrawlSpec.of_category(CATEGORY, now=NOW, **options)


@pytest.fixture
def crawl(g2b, tmp_path):
    def make(spec, states=None, spool=None, **options):
        states = plan_windows(spec, NOW) if states is None else states
        spool = spool or Spool(tmp_path / "spool")
        options.setdefault("now", lambda: NOW)
        return Crawl(options.pop("client", g2b), spec, spool, states, **options)

    return make


def keys_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["shopngCntrctNo"], row["shopngCntrctSno"]) for row in csv.DictReader(file)]


async def test_a_year_of_one_category_is_exactly_the_expected_set_and_each_day_is_asked_once(crawl, world, tmp_path):
    spec = year(total_days=365, page_size=100)
    run = crawl(spec)
    outcome = await run.run()
    count = export(spec, run.states, run.spool, tmp_path / "out.csv")
    keys = keys_of(tmp_path / "out.csv")
    assert outcome.is_complete
    assert set(keys) == expected_keys(spec)
    assert len(keys) == len(set(keys)) == count > 3000
    assert outcome.covered_days == 365
    assert [times for times in world.windows.values() if times > 1] == []


async def test_killed_anywhere_and_resumed_the_file_is_the_same_to_the_byte(crawl, make_client, world, tmp_path, store):
    spec = year(total_days=45, window_days=9, page_size=50, attributes="columns")
    world.quota = 100_000
    whole = crawl(spec, spool=Spool(tmp_path / "whole"))
    await whole.run()
    export(spec, whole.states, whole.spool, tmp_path / "whole.csv")

    class Killed(BaseException):
        pass

    class Cursor:
        """Keeps what a database would, and dies after a number of steps."""

        def __init__(self, steps):
            self.steps, self.kept = steps, []

        async def saved(self, states, message):
            self.kept = [state.as_dict() for state in states]
            self.steps -= 1
            if self.steps == 0:
                raise Killed

        async def attributes_done(self, done, total):
            self.steps -= 1
            if self.steps == 0:
                raise Killed

    kept = [state.as_dict() for state in plan_windows(spec, NOW)]
    kills = 0
    for steps in (1, 2, 3, 5, 4, 6, 1000):
        cursor = Cursor(steps)
        states = [WindowState.from_dict(data) for data in kept]
        # A new process: new client, new spool object on the same folder.
        run = crawl(spec, states, Spool(tmp_path / "broken"), client=make_client(), observer=cursor)
        try:
            await run.run()
        except Killed:
            kills += 1
            kept = cursor.kept or kept
    export(spec, run.states, run.spool, tmp_path / "broken.csv")
    assert kills >= 5
    assert (tmp_path / "broken.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


async def test_an_interrupted_window_keeps_the_pages_it_has(crawl, world, tmp_path):
    spec = year(total_days=20, window_days=20, page_size=10)
    stop = [False]

    def should_stop():
        if sum(world.calls.values()) >= 8:
            stop[0] = True
        return "cancelled" if stop[0] else ""

    first = crawl(spec, should_stop=should_stop)
    outcome = await first.run()
    assert outcome.stopped == "cancelled"
    held = len(first.spool.pages(first.states[0].key))
    calls_before = sum(world.calls.values())
    second = crawl(spec, first.states)
    outcome = await second.run()
    assert held >= 2
    assert outcome.is_complete
    # Page 1 is asked again to see that nothing changed; the pages held are not.
    assert sum(world.calls.values()) - calls_before == second.states[0].pages - held + 1


async def test_rows_missing_from_a_page_are_read_again_then_reported(crawl, world):
    spec = year(total_days=30)
    world.faults = [{"kind": "drop_row", "times": 1}]
    run = crawl(spec)
    outcome = await run.run()
    assert outcome.is_complete

    world.faults = [{"kind": "drop_row", "times": 99}]
    run = crawl(spec, plan_windows(spec, NOW))
    outcome = await run.run()
    assert not outcome.is_complete
    assert run.states[0].status == "incomplete"
    assert "announced" in run.states[0].error


async def test_a_failed_window_is_named_the_others_are_kept_and_a_resume_mends_it(crawl, world, tmp_path):
    spec = year(total_days=120)
    states = plan_windows(spec, NOW)
    bad = states[2]
    world.faults = [{"kind": "02", "begin": f"{bad.window.start:%Y%m%d}", "times": 1000}]
    outcome = await crawl(spec, states).run()
    assert [state.window for state in outcome.open_windows] == [bad.window]
    assert bad.error_code == "g2b_provider_fault"
    assert outcome.next_anchor == bad.window.end
    world.faults = []
    run = crawl(spec, states)
    assert (await run.run()).is_complete
    assert {tuple(row[name] for name in spec.asked.key) for row in merged_rows(spec, states, run.spool)} == (
        expected_keys(spec)
    )


async def test_the_quota_stops_the_job_with_its_place_kept(crawl, make_client, world, store):
    spec = year(total_days=300, window_days=10)
    client = make_client(gate=Gate(store, "q", daily_calls=12))
    states = plan_windows(spec, NOW)
    outcome = await crawl(spec, states, client=client).run()
    assert outcome.stopped == "quota"
    assert outcome.error is not None and outcome.error.details["resume_at"]
    assert sum(world.calls.values()) == 12
    assert 8 <= sum(state.status == "done" for state in states) <= 12
    # The next day, with a fresh allowance, the rest is fetched and nothing twice.
    outcome = await crawl(spec, states, client=make_client(gate=Gate(store, "next", daily_calls=1000))).run()
    assert outcome.is_complete


async def test_a_refused_key_ends_the_run_at_once(crawl, make_client, world):
    spec = year(total_days=300, window_days=10)
    outcome = await crawl(spec, client=make_client("invalid-key-0000")).run()
    assert outcome.stopped == "error"
    assert outcome.error is not None and outcome.error.error_code == "g2b_key_refused"
    assert outcome.rows == 0
    assert len(outcome.open_windows) == 30


async def test_a_window_the_upstream_finds_too_long_is_split_down(crawl, world):
    spec = year(total_days=16, window_days=16)
    world.faults = [{"kind": "07", "begin": f"{spec.start:%Y%m%d}", "times": 5}]
    run = crawl(spec)
    outcome = await run.run()
    assert outcome.is_complete
    assert len(run.states) > 1
    assert sum(state.window.days for state in run.states) == 16
    assert {tuple(row[name] for name in spec.asked.key) for row in merged_rows(spec, run.states, run.spool)} == (
        expected_keys(spec)
    )


async def test_an_unstable_day_is_read_again_the_next_day(crawl, world):
    spec = CrawlSpec(
        start=date(2026, 11, 19), end=date(2026, 11, 20), operation="getBidPblancListInfoThng", params={"inqryDiv": "1"}
    )
    run = crawl(spec)
    outcome = await run.run()
    assert [state.status for state in run.states] == ["unstable", "done"]
    assert not outcome.is_complete
    early = run.states[0].rows
    world.today = "2026-11-21"
    tomorrow = datetime(2026, 11, 21, 3, tzinfo=UTC)
    outcome = await crawl(spec, run.states, run.spool, now=lambda: tomorrow).run()
    assert outcome.is_complete
    assert run.states[0].rows > early


async def test_limits_of_one_call(crawl):
    outcome = await crawl(year(total_days=300), max_windows=3).run()
    assert outcome.stopped == "windows"
    assert outcome.covered_days == 90
    assert outcome.remaining_days == 210
    assert outcome.next_anchor == date(2026, 8, 21)
    outcome = await crawl(year(total_days=300), max_seconds=0).run()
    assert outcome.stopped == "time"


async def test_delivery_revisions_sum_to_the_final_amount(crawl):
    spec = CrawlSpec(
        start=date(2026, 10, 1), end=date(2026, 10, 31), operation="getDlvrReqDtlInfoList", params={"inqryDiv": "1"}
    )
    run = crawl(spec)
    assert (await run.run()).is_complete
    rows = list(merged_rows(spec, run.states, run.spool))
    latest = {}
    for event in deliveries_between(spec.start, spec.end):
        key = (event.request_no, event.line)
        if key not in latest or event.order > latest[key].order:
            latest[key] = event
    assert len(rows) == len(latest)
    assert {(row["dlvrReqNo"], int(row["prdctSno"])): int(float(row["prdctQty"])) for row in rows} == {
        key: event.quantity for key, event in latest.items()
    }


async def test_the_recorded_revisions_add_up(g2b):
    from procurement.g2b.operations import operation
    from procurement.g2b.revisions import newest_rows
    from procurement.sandbox_data.products import sample_rows

    rows = sample_rows("getDlvrReqInfoList")
    assert sum(int(row["dlvrReqIncdecAmt"]) for row in rows) == 30_018_190
    (final,) = newest_rows(rows, operation("getDlvrReqInfoList"))
    assert int(final["dlvrReqAmt"]) == 30_018_190


async def test_personal_data_of_officials_is_not_in_merged_rows(crawl):
    spec = CrawlSpec(
        start=date(2026, 11, 1), end=date(2026, 11, 5), operation="getBidPblancListInfoThng", params={"inqryDiv": "1"}
    )
    run = crawl(spec)
    await run.run()
    rows = list(merged_rows(spec, run.states, run.spool))
    assert rows
    text = "".join(value for row in rows for value in row.values())
    assert "김나라" not in text and "02-0000-0000" not in text and "official@" not in text
    assert any("김나라" in row["ntceInsttOfclNm"] for row in run.spool.rows(run.states[0].key))


def test_the_plan_says_what_a_crawl_will_cost():
    spec = year(total_days=365, attributes="json")
    cost = estimate(spec, plan_windows(spec, NOW), rows_per_day=10, attribute_calls_left=400)
    assert cost.windows == 13
    assert cost.page_calls == 13
    assert cost.attribute_calls == 3650
    assert not cost.fits_today
    assert cost.days_needed == 5
