"""Times the queries of the listing table and map over many rows: `manage.py listing_benchmark --rows 1000000`."""

from __future__ import annotations

import json
import random
import resource
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from portal.accounts.models import User
from portal.common.ids import uuid7
from portal.workspaces.models import Workspace
from portal.workspaces.services import create_workspace
from properties import selectors
from properties.selectors import Conditions
from properties.views import COUNTED_ROWS, MAP_POINTS, PAGE_SIZE

BUDGET_MS = 150.0
#: Dongs of Seoul's districts: 25 districts with 20 dongs each carry the rows unevenly.
FILL = """
INSERT INTO properties_listing (id, workspace_id, created_at, cluster_key, trade, property_type, region_code, title,
  address, building_dong, floor, floor_band, floor_total, direction, rooms, exclusive_m2, supply_m2, price,
  price_high, rent, latitude, longitude, state, adverts_count, sources_count, is_own, flags, first_seen, last_seen,
  price_changed_at)
SELECT gen_random_uuid(), %(workspace)s, now(), 'bench:' || n,
  (ARRAY['sale','jeonse','monthly'])[1 + n %% 3], (ARRAY['apartment','villa','officetel','one_room'])[1 + n %% 4],
  (%(codes)s::text[])[1 + floor(power(random(), 1.6) * array_length(%(codes)s::text[], 1))::int],
  'Complex ' || (n %% 5000), '', '', 1 + n %% 30, '', 30, 'S', 1 + n %% 4, 20 + random() * 120, 30 + random() * 150,
  (1000 + random() * 200000)::bigint, NULL, CASE WHEN n %% 3 = 2 THEN (10 + random() * 300)::int END,
  37.42 + random() * 0.26, 126.8 + random() * 0.38, CASE WHEN n %% 10 = 0 THEN 'gone' ELSE 'live' END, 1, 1, false,
  '{}', now() - random() * interval '300 days', now() - random() * interval '60 days',
  CASE WHEN n %% 7 = 0 THEN now() - random() * interval '60 days' END
FROM generate_series(1, %(rows)s) AS n
"""


class Command(BaseCommand):
    help = "Fill a workspace of its own with listings, time the table's and the map's queries, and roll all back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=1_000_000)
        parser.add_argument("--searches", type=int, default=60)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            workspace = self._fill(options["rows"], options["seed"])
            outcome = self._measure(workspace, options["searches"], options["seed"])
            transaction.set_rollback(True)
        self.stdout.write(json.dumps({"rows": options["rows"], **outcome}))
        slow = [name for name in ("table", "map") if outcome[name]["p95_ms"] > BUDGET_MS]
        if slow:
            raise CommandError(f"{' and '.join(slow)}: p95 is over {BUDGET_MS:g} ms.")

    def _fill(self, rows: int, seed: int) -> Workspace:
        person = User.objects.create_user(email=f"bench-{uuid7()}@example.test")
        workspace = create_workspace(person, "Benchmark")
        codes = [region.code for region in selectors.regions().by_code.values() if region.code.startswith("11")]
        codes = [code for code in codes if selectors.regions().current(code) == (code,) and code[5:8] != "000"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT setseed(%s)", [seed % 100 / 100])
            cursor.execute(FILL, {"workspace": workspace.pk, "codes": codes, "rows": rows})
            cursor.execute("ANALYZE properties_listing")
        return workspace

    def _measure(self, workspace: Workspace, searches: int, seed: int) -> dict[str, Any]:
        chance = random.Random(seed)  # noqa: S311 - reproducible, not a secret
        wishes = [_wish(chance) for _ in range(searches)]
        for wish in wishes[:3]:
            _table(workspace, wish)  # the first pages fill the cache, as on any day
        result: dict[str, Any] = {}
        before = resource.getrusage(resource.RUSAGE_SELF)
        for name, page in (("table", _table), ("map", _map)):
            spent = sorted(_database_ms(page, workspace, wish) for wish in wishes)
            result[name] = {
                "p50_ms": round(spent[len(spent) // 2], 1),
                "p95_ms": round(spent[int(len(spent) * 0.95) - 1], 1),
                "worst_ms": round(spent[-1], 1),
            }
        after = resource.getrusage(resource.RUSAGE_SELF)
        result["web_cpu_ms_per_page"] = round((after.ru_utime - before.ru_utime) * 1_000 / (2 * searches), 1)
        return result


def _wish(chance: random.Random) -> Conditions:
    districts = ["강남구", "서초구", "송파구", "노원구", "서울특별시", "강남구 역삼동", "서초구 반포동", ""]
    low = chance.randrange(1_000, 100_000)
    return Conditions(
        area=chance.choice(districts),
        trade=chance.choice(["", "sale", "jeonse", "monthly"]),
        property_type=chance.choice(["", "", "apartment", "villa"]),
        price_min=low if chance.random() < 0.4 else None,
        price_max=low * 2 if chance.random() < 0.5 else None,
        area_min=chance.choice([None, None, 59.0, 84.0]),
        sort=chance.choice(["recent", "recent", "price", "-price", "area", "changed"]),
    )


def _table(workspace: Workspace, wish: Conditions) -> None:
    rows = selectors.listings_search(workspace, wish).rows
    list(rows[:PAGE_SIZE])
    rows[:COUNTED_ROWS].count()
    selectors.data_time(workspace)


def _map(workspace: Workspace, wish: Conditions) -> None:
    rows = selectors.listings_search(workspace, wish).rows.exclude(latitude=None).exclude(longitude=None)
    if len(list(rows[:MAP_POINTS])) == MAP_POINTS:
        rows[:COUNTED_ROWS].count()
    selectors.data_time(workspace)


def _database_ms(page: Callable[[Workspace, Conditions], None], workspace: Workspace, wish: Conditions) -> float:
    """Milliseconds that the database spends on a page's queries, by its own account (EXPLAIN ANALYZE)."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        page(workspace, wish)
    total = 0.0
    for sql, params in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
            plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        total += plan[0]["Planning Time"] + plan[0]["Execution Time"]
    return total
