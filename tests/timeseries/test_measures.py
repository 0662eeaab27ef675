"""Measures against values worked out by hand, and what they are defined to do at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from timeseries.data.downsample import keep_peaks
from timeseries.data.episodes import merge_flags
from timeseries.data.frequency import detect_period
from timeseries.data.generate import generate
from timeseries.metrics import anomaly, forecasting
from timeseries.models.anomaly.calibrate import alarm_level


def test_smape_and_mase_by_hand():
    actual, forecast = np.array([100.0, 0.0]), np.array([50.0, 0.0])
    assert forecasting.smape(actual, forecast) == pytest.approx(200 * 50 / 150 / 2)
    train = np.array([1.0, 3.0, 2.0, 4.0])
    assert forecasting.mase(np.array([5.0]), np.array([3.0]), train, 2) == pytest.approx(2.0)
    assert forecasting.mase(actual, forecast, np.ones(10), 1) is None


def test_owa_of_naive2_is_one():
    assert forecasting.owa(10.0, 2.0, 10.0, 2.0) == 1.0
    season = np.tile([1.0, 2.0, 3.0, 2.0], 10)
    assert forecasting.naive2(season, 4, 4) == pytest.approx([1.0, 2.0, 3.0, 2.0], rel=0.02)


def test_interval_scores_punish_misses_and_width():
    actual = np.array([1.0, 5.0])
    lower, upper = np.array([0.0, 0.0]), np.array([2.0, 2.0])
    train = np.array([0.0, 1.0, 2.0])
    assert forecasting.coverage(actual, lower, upper) == 0.5
    assert forecasting.msis(actual, lower, upper, train, 1, 0.9) == pytest.approx((2 + (2 + 20 * 3)) / 2)
    crps = forecasting.crps_from_quantiles(np.array([0.0]), {0.25: np.array([1.0]), 0.75: np.array([1.0])})
    assert crps == pytest.approx(2 * np.mean([0.75, 0.25]))


def test_average_precision_by_hand_and_at_chance():
    labels = np.array([True, False, True, False])
    assert anomaly.auc_pr(labels, np.array([4.0, 3.0, 2.0, 1.0])) == pytest.approx((1 + 2 / 3) / 2)
    assert anomaly.auc_pr(labels, np.ones(4)) == pytest.approx(0.5)
    assert anomaly.auc_pr(np.zeros(4, bool), np.ones(4)) is None
    assert anomaly.best_f1(labels, np.array([4.0, 3.0, 2.0, 1.0])) == pytest.approx(0.8)


def test_nab_is_zero_when_silent_and_hundred_when_first_in_every_window():
    windows = [(500, 600), (800, 900)]
    assert anomaly.nab_score([([], windows, 1000)]) == 0
    assert anomaly.nab_score([([500, 800], windows, 1000)]) == pytest.approx(100, abs=0.5)
    late = anomaly.nab_score([([590, 890], windows, 1000)])
    assert 0 < late < 75
    assert anomaly.nab_score([([500, 800, 300], windows, 1000)]) == pytest.approx(100 - 100 * 0.11 / 4, abs=0.5)
    assert anomaly.nab_score([([500, 800, 20], windows, 1000)]) == pytest.approx(100, abs=0.5)  # probation


def test_events_are_found_once_and_false_alarms_counted():
    score = anomaly.score_events([5, 6, 50], [(4, 10), (20, 30)])
    assert (score.found, score.events, score.false_alarms) == (1, 2, 1)
    assert score.recall == 0.5 and score.precision == pytest.approx(2 / 3)
    assert anomaly.score_events([], []).f1 is None


def test_near_flags_become_one_episode_with_its_peak():
    scores = np.zeros(100)
    scores[[10, 12, 60]] = [3.0, 9.0, 5.0]
    episodes = merge_flags(scores > 1, scores, gap=5)
    assert [(e.start, e.end, e.peak) for e in episodes] == [(10, 12, 12), (60, 60, 60)]


def test_downsampling_keeps_every_peak_and_the_holes():
    values = np.sin(np.arange(100_000) / 50)
    values[77_777] = 99.0
    values[33_333] = -99.0
    values[10_000:10_050] = np.nan
    kept = keep_peaks(values, 2000)
    assert len(kept) <= 2000
    assert {0, 33_333, 77_777, 99_999} <= set(kept.tolist())
    assert np.isnan(values[kept]).any()


@pytest.mark.parametrize("period", [7, 12, 24, 96])
def test_the_season_is_found_through_noise_trend_and_an_outlier(period):
    rows = np.arange(12 * period)
    values = np.sin(2 * np.pi * rows / period) + 0.01 * rows + np.random.default_rng(1).normal(0, 0.2, len(rows))
    values[period * 5] += 50
    assert detect_period(values) == pytest.approx(period, rel=0.02)


def test_no_season_is_seen_in_noise_or_a_flat_line():
    assert detect_period(np.random.default_rng(0).normal(size=500)) == 1
    assert detect_period(np.ones(100)) == 1


def test_the_generator_plants_what_it_labels():
    made = generate(n_samples=500, anomalies=5, noise_level=0.05, seed=3, kinds=("spike",), missing_share=0.1)
    again = generate(n_samples=500, anomalies=5, noise_level=0.05, seed=3, kinds=("spike",), missing_share=0.1)
    assert np.array_equal(made.values, again.values, equal_nan=True)
    assert sum(made.labels) == 5 and len(made.anomalies) == 5
    assert 0.05 < np.isnan(made.values).mean() < 0.15
    clean = generate(n_samples=500, anomalies=0, noise_level=0.05, seed=3)
    spike = generate(n_samples=500, anomalies=5, noise_level=0.05, seed=3, kinds=("spike",))
    changed = np.flatnonzero(np.abs(spike.values[:, 0] - clean.values[:, 0]) > 1)
    assert changed.tolist() == [event.start for event in spike.anomalies]


def test_the_default_threshold_raises_three_alarms_at_most_and_more_only_on_very_long_series():
    scores = np.random.default_rng(0).normal(size=60_000)
    scores[1000::1000] = 50 + np.arange(59)

    for rows, most in ((4000, 3), (30_000, 3), (60_000, 6)):
        alarms = merge_flags(scores[:rows] > alarm_level(scores[:rows]), scores[:rows], gap=2)
        assert len(alarms) == most
    short = scores[:4000]
    assert len(merge_flags(short > alarm_level(short, 0.3), short, gap=2)) == 1
    calm = np.clip(scores[:900], -3, 3)
    assert not (calm > alarm_level(calm)).any()
