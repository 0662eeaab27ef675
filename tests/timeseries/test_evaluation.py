"""The evaluation commands: what they judge by, and that a stopped run goes on where it was."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from timeseries.evaluate import forecasting, rules
from timeseries.evaluate.members import member_lines, validation_origins
from timeseries.models.forecasting.seasonal_naive import SeasonalNaive

HORIZON, PERIOD = 6, 4
ROWS = np.arange(60 + HORIZON)
WAVE = 30 + 0.2 * ROWS + 5 * np.sin(2 * np.pi * ROWS / PERIOD) + np.random.default_rng(0).normal(0, 0.5, len(ROWS))
TRAIN, AHEAD = WAVE[:60], WAVE[60:]


def write_group(folder: Path, test: np.ndarray) -> Path:
    folder.mkdir()
    (folder / "meta.json").write_text(json.dumps({"m3_quarterly": {"horizon": HORIZON, "season_length": PERIOD}}))
    lines = ["unique_id,t,y,split"]
    for name in ("A", "B"):
        lines += [f"{name},{row},{value},train" for row, value in enumerate(TRAIN)]
        lines += [f"{name},{row + len(TRAIN)},{value},test" for row, value in enumerate(test)]
    (folder / "m3_quarterly.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


@pytest.fixture
def quick_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two yardsticks instead of the models that take long."""
    chosen = [("mean", ("seasonal_naive", "seasonal_average")), ("median", ("seasonal_naive",))]
    monkeypatch.setitem(rules.RULES, "m3_quarterly", chosen)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_rules_are_judged_without_the_test_rows(tmp_path, quick_rules):
    near = write_group(tmp_path / "near", AHEAD)
    far = write_group(tmp_path / "far", AHEAD + 40)
    tables = [rules.table(folder, "m3_quarterly", tmp_path / folder.name / "cache") for folder in (near, far)]

    for one, other in zip(*([cells(line) for line in table] for table in tables), strict=True):
        assert one[:3] == other[:3] and one[2].endswith("(2)")
        assert one[3] != other[3]
    covered = [cells(table[0])[4].split(" / ") for table in tables]
    assert covered[0][0] == covered[1][0]
    assert covered[0][1].startswith("100.0%") and covered[1][1].startswith("0.0%")


def test_every_inner_origin_leaves_a_whole_horizon():
    for rows in (20, 33, 60, 400):
        origins = validation_origins(rows, HORIZON, PERIOD)
        assert origins and max(origins) + HORIZON <= rows and origins == sorted(set(origins))
    assert validation_origins(12, HORIZON, PERIOD) == []


def test_a_stopped_run_goes_on_with_what_it_kept(tmp_path, monkeypatch):
    folder = write_group(tmp_path / "data", AHEAD)
    cache = tmp_path / "cache"
    first = forecasting.evaluate_group(folder, "m3_quarterly", "seasonal_naive", cache=cache)
    drawn = member_lines(cache, "m3_quarterly", "A", "seasonal_naive", TRAIN, HORIZON, PERIOD)

    monkeypatch.setattr(SeasonalNaive, "fit", lambda *_, **__: pytest.fail("fitted again"))
    again = forecasting.evaluate_group(folder, "m3_quarterly", "seasonal_naive", cache=cache)
    kept = member_lines(cache, "m3_quarterly", "A", "seasonal_naive", TRAIN, HORIZON, PERIOD)

    assert again == first and first.series == 2
    assert drawn.origins == kept.origins and np.array_equal(drawn.forecasts, kept.forecasts)
    assert np.array_equal(drawn.forecasts[-1], TRAIN[-PERIOD:][np.arange(HORIZON) % PERIOD])


def test_a_refused_series_is_counted_with_its_reason(tmp_path):
    folder = write_group(tmp_path / "data", AHEAD)
    row = forecasting.evaluate_group(folder, "m3_quarterly", "multivariate", cache=tmp_path / "cache")
    assert (row.series, row.refused) == (0, 2) and "at least two columns" in row.reasons[0]
    assert member_lines(tmp_path, "m3_quarterly", "A", "multivariate", TRAIN, HORIZON, PERIOD) is None
