"""The quick forecasting models: accuracy on a known shape, intervals, saving, and hard input."""

from __future__ import annotations

import json

import numpy as np
import pytest

from timeseries.data.errors import ArtefactProblem, DataProblem, TrainingCancelled
from timeseries.data.series import make_series
from timeseries.models.base import Progress
from timeseries.models.forecasting.base import Settings
from timeseries.models.forecasting.catalogue import KINDS, forecaster_class, load
from timeseries.models.forecasting.conformal import calibrate
from timeseries.models.forecasting.seasonal import shrunken_season

ROWS = np.arange(156)
CLEAN = 50 + 0.1 * ROWS + 8 * np.sin(2 * np.pi * ROWS / 12)
SERIES = make_series(CLEAN[:144] + np.random.default_rng(0).normal(0, 0.3, 144), period=12)
QUICK = [
    "seasonal_naive",
    "seasonal_average",
    "auto_ets",
    "auto_theta",
    "dynamic_theta",
    "scaled_theta",
    "scaled_trend",
    "auto_ces",
    "mstl",
]


@pytest.mark.parametrize("kind", QUICK)
def test_a_clean_season_with_a_trend_is_continued(kind):
    model = forecaster_class(kind)(Settings(horizon=12)).fit(SERIES)
    forecast = model.predict(12, level=0.95)
    assert np.mean(np.abs(forecast.mean - CLEAN[144:])) < (3.0 if kind.startswith("seasonal") else 1.5)
    assert (forecast.lower <= forecast.mean).all() and (forecast.mean <= forecast.upper).all()
    assert model.backtest["origins"] >= 5


@pytest.mark.parametrize("kind", ["seasonal_naive", "auto_ces", "scaled_trend", "ensemble"])
def test_a_saved_model_answers_the_same_after_loading(kind, tmp_path):
    extra = {"members": ["seasonal_naive", "dynamic_theta"], "method": "weighted"} if kind == "ensemble" else {}
    model = forecaster_class(kind)(Settings(horizon=6, extra=extra)).fit(SERIES)
    model.save(tmp_path / "m")
    again = load(tmp_path / "m")
    before, after = model.predict(6), again.predict(6)
    assert np.allclose(before.mean, after.mean) and np.allclose(before.upper, after.upper)
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["arrays.npz", "model.json"]


@pytest.mark.parametrize("damage", ["truncate", "flip", "settings", "remove", "pickle"])
def test_a_tampered_model_is_refused(damage, tmp_path):
    forecaster_class("seasonal_naive")(Settings(horizon=6)).fit(SERIES).save(tmp_path / "m")
    arrays, config = tmp_path / "m" / "arrays.npz", tmp_path / "m" / "model.json"
    packed = bytearray(arrays.read_bytes())
    if damage == "truncate":
        arrays.write_bytes(packed[: len(packed) // 2])
    elif damage == "flip":
        packed[len(packed) // 2] ^= 1
        arrays.write_bytes(packed)
    elif damage == "settings":
        body = json.loads(config.read_text())
        body["config"]["settings"]["horizon"] = 900
        config.write_text(json.dumps(body))
    elif damage == "remove":
        arrays.unlink()
    else:
        import hashlib

        np.savez(arrays, series=np.array([{"a": 1}], dtype=object), allow_pickle=True)
        body = json.loads(config.read_text())
        body["arrays_sha256"] = hashlib.sha256(arrays.read_bytes()).hexdigest()
        config.write_text(json.dumps(body))
    with pytest.raises(ArtefactProblem):
        load(tmp_path / "m")


def test_intervals_cover_what_they_promise():
    random = np.random.default_rng(5)
    inside = []
    for _ in range(60):
        walk = np.cumsum(random.normal(size=110))
        forecast = (
            forecaster_class("seasonal_naive")(Settings(horizon=10)).fit(make_series(walk[:100])).predict(10, level=0.9)
        )
        inside.append((walk[100:] >= forecast.lower) & (walk[100:] <= forecast.upper))
    assert 0.82 < np.mean(inside) < 0.97


def test_stacking_prefers_the_better_member_and_names_the_left_out():
    settings = Settings(
        horizon=6, extra={"members": ["seasonal_naive", "dynamic_theta", "prophet"], "method": "stacked"}
    )
    short = make_series(CLEAN[:28], period=12)
    model = forecaster_class("ensemble")(settings).fit(short)
    assert sum(model.weights) == pytest.approx(1)
    assert any("prophet was left out" in note for note in model.notes)

    model = forecaster_class("ensemble")(
        settings.__class__(horizon=6, extra={"members": ["seasonal_naive", "dynamic_theta"], "method": "stacked"})
    ).fit(SERIES)
    assert model.weights[1] > model.weights[0]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("lstm", "cnn", "multivariate", "prophet")])
@pytest.mark.parametrize(
    "values",
    [
        [3.0] * 60,
        [1e15 + row for row in range(60)],
        [1e-12 * (1 + row % 5) for row in range(60)],
        [-5.0 + row % 3 for row in range(60)],
        [0.0] * 59 + [1.0],
    ],
    ids=["constant", "huge", "tiny", "negative", "zeros"],
)
def test_hard_series_give_finite_forecasts_in_their_own_size(kind, values):
    if kind == "auto_arima" or kind == "auto":
        values = values[:30]
    forecast = forecaster_class(kind)(Settings(horizon=3, origins=2)).fit(make_series(values)).predict(3)
    assert np.isfinite(forecast.mean).all() and np.isfinite(forecast.upper).all()
    reach = np.ptp(values) * 3 + abs(np.mean(values)) * 1e-6
    assert (np.abs(forecast.mean - np.mean(values)) <= reach + 1e-12).all()


@pytest.mark.parametrize(
    ("steps", "level", "code"), [(0, 0.95, "out_of_range"), (20_000, 0.95, "out_of_range"), (3, 1.5, "out_of_range")]
)
def test_impossible_questions_are_refused(steps, level, code):
    model = forecaster_class("seasonal_naive")(Settings(horizon=3)).fit(SERIES)
    with pytest.raises(DataProblem) as caught:
        model.predict(steps, level=level)
    assert caught.value.code == code


def test_steps_beyond_the_horizon_are_answered_with_a_warning():
    model = forecaster_class("auto_ets")(Settings(horizon=3)).fit(SERIES)
    forecast = model.predict(30)
    assert len(forecast.mean) == 30 and any("exceed the trained horizon" in text for text in forecast.warnings)
    assert forecast.upper[-1] - forecast.lower[-1] > forecast.upper[0] - forecast.lower[0]


def test_one_row_an_all_missing_column_and_a_wrong_width_are_told_apart():
    with pytest.raises(DataProblem, match="at least 4 rows"):
        forecaster_class("auto_ets")().fit(make_series([1.0]))
    with pytest.raises(DataProblem, match="no value at all"):
        forecaster_class("auto_ets")().fit(make_series([np.nan] * 30))
    with pytest.raises(DataProblem, match="No forecasting model"):
        forecaster_class("magic")


@pytest.mark.parametrize("kind", ["auto_ces", "scaled_trend"])
def test_a_trend_without_a_season_asks_for_sixty_rows(kind):
    with pytest.raises(DataProblem, match="needs at least 60 rows; the series has 59"):
        forecaster_class(kind)().fit(make_series(np.arange(59.0)))
    forecaster_class(kind)().fit(make_series(np.arange(59.0), period=4), calibrated=False)


def test_a_cancelled_training_stops():
    with pytest.raises(TrainingCancelled):
        forecaster_class("ensemble")(Settings(horizon=3)).fit(SERIES, progress=Progress(is_cancelled=lambda: True))


def test_months_are_forecast_by_the_trimmed_mean_of_the_members():
    model = forecaster_class("auto")(Settings(horizon=3, origins=2)).fit(SERIES.head(72))
    lines = model.member_forecasts(model.series, 3)
    assert list(lines) == ["auto_ets", "dynamic_theta", "scaled_theta", "scaled_trend", "auto_ces"]
    inner = np.sort(np.stack(list(lines.values())), axis=0)[1:-1]
    assert np.allclose(model.predict(3).mean, inner.mean(axis=0))


def test_a_season_of_noise_shrinks_and_a_clear_one_stays():
    random = np.random.default_rng(1)
    noise = shrunken_season(100 + random.normal(0, 5, 60), 12)
    assert noise.multiplicative and np.abs(noise.factors - 1).max() < 0.03
    clear = shrunken_season(SERIES.target, 12)
    wave = 1 + 8 * np.sin(2 * np.pi * np.arange(12) / 12) / SERIES.target.mean()
    assert np.abs(clear.factors - wave).max() < 0.02
    below_zero = shrunken_season(SERIES.target - 60, 12)
    assert not below_zero.multiplicative and np.ptp(below_zero.factors) > 14


def test_many_errors_decide_how_intervals_grow_and_few_do_not():
    flat = np.random.default_rng(2).normal(size=(12, 48))
    assert calibrate(flat, fallback=1.0).growth[-1] < 2
    assert calibrate(flat[:2, :3], fallback=1.0).growth[-1] > 1.2


def test_the_seasonal_average_carries_half_of_the_slope_on():
    rows = np.arange(48.0)
    forecast = forecaster_class("seasonal_average")(Settings(horizon=4)).fit(make_series(100 + 2 * rows))
    assert np.allclose(forecast.predict(4).mean, 194 + np.arange(1, 5))
    hours = make_series(np.tile(np.arange(168.0), 4), period=24)
    weekly = forecaster_class("seasonal_average")(Settings(horizon=30)).fit(hours, calibrated=False)
    assert np.allclose(weekly.predict(30).mean, np.arange(30.0))
