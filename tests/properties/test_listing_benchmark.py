"""The benchmark of the listing pages runs, measures both pages and leaves nothing behind."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from properties.management.commands import listing_benchmark
from properties.models import Listing


def test_it_measures_and_rolls_back(db) -> None:
    out = StringIO()

    call_command("listing_benchmark", rows=3_000, searches=4, stdout=out)

    outcome = json.loads(out.getvalue())
    assert outcome["rows"] == 3_000
    assert all(0 < outcome[page]["p50_ms"] <= outcome[page]["worst_ms"] for page in ("table", "map"))
    assert not Listing.objects.exists()


def test_a_page_over_the_budget_fails(db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_benchmark, "BUDGET_MS", 0.0)

    with pytest.raises(CommandError, match="table and map"):
        call_command("listing_benchmark", rows=100, searches=2, stdout=StringIO())
