"""The nets and the other learned models, small and few: keras and jax are imported in this file only."""

from __future__ import annotations

import numpy as np
import pytest

from timeseries.data.errors import ArtefactProblem, DataProblem, TrainingCancelled
from timeseries.data.generate import generate
from timeseries.data.series import make_series
from timeseries.models.anomaly.base import Settings as AnomalySettings
from timeseries.models.anomaly.catalogue import detector_class
from timeseries.models.anomaly.catalogue import load as load_detector
from timeseries.models.base import Progress, Step
from timeseries.models.forecasting.base import Settings
from timeseries.models.forecasting.catalogue import forecaster_class, load

ROWS = np.arange(264)
CLEAN = 20 + 3 * np.sin(2 * np.pi * ROWS / 12) + 1.5 * np.sin(2 * np.pi * ROWS / 31)
SERIES = make_series(CLEAN[:252] + np.random.default_rng(0).normal(0, 0.1, 252), period=12)
SMALL = {"horizon": 6, "epochs": 6, "hidden": 8, "sequence_length": 12, "batch_size": 32}


def test_a_net_learns_more_than_the_season_and_answers_the_same_after_loading(tmp_path):
    steps: list[Step] = []
    model = forecaster_class("lstm")(Settings(**SMALL)).fit(SERIES, progress=Progress(report=steps.append))
    forecast = model.predict(6)

    naive = SERIES.target[-12:-6]
    assert np.mean(np.abs(forecast.mean - CLEAN[252:258])) < np.mean(np.abs(naive - CLEAN[252:258]))
    epochs = [step for step in steps if step.loss is not None]
    assert epochs[0].validation_loss is not None and epochs[-1].loss < epochs[0].loss

    model.save(tmp_path / "net")
    again = load(tmp_path / "net")
    assert np.allclose(again.predict(6).mean, forecast.mean, atol=1e-5)
    assert np.allclose(again.predict(6, context=SERIES).mean, forecast.mean, rtol=0.02)

    config, arrays = model.state()
    arrays["w0_0"] = arrays["w0_0"][:-1]
    with pytest.raises(ArtefactProblem, match="do not fit"):
        type(model).restore(config, arrays)


def test_the_same_seed_gives_the_same_forecast_and_a_cancelled_one_stops():
    settings = Settings(**{**SMALL, "epochs": 2})
    first = forecaster_class("lstm")(settings).fit(SERIES, calibrated=False).predict(6).mean
    second = forecaster_class("lstm")(settings).fit(SERIES, calibrated=False).predict(6).mean
    assert np.array_equal(first, second)

    seen: list[Step] = []
    with pytest.raises(TrainingCancelled):
        progress = Progress(report=seen.append, is_cancelled=lambda: len(seen) >= 1)
        forecaster_class("lstm")(Settings(**{**SMALL, "epochs": 50})).fit(SERIES, progress=progress)
    assert len(seen) == 1


def test_the_multivariate_net_uses_a_leading_column():
    random = np.random.default_rng(3)
    lead = random.normal(size=600).cumsum()
    target = np.concatenate([np.zeros(6), lead[:-6]]) + random.normal(0, 0.05, 600)
    both = make_series(np.stack([target, lead], axis=1))
    model = forecaster_class("multivariate")(Settings(**{**SMALL, "epochs": 25, "sequence_length": 12})).fit(
        both.head(580), calibrated=False
    )
    forecast = model.predict(6).mean
    assert np.mean(np.abs(forecast - target[580:586])) < np.mean(np.abs(target[579] - target[580:586]))
    with pytest.raises(DataProblem, match="trained with 2 columns"):
        model.predict(3, context=make_series(target))
    with pytest.raises(DataProblem, match="at least two columns"):
        forecaster_class("multivariate")(Settings(**SMALL)).fit(SERIES)


MADE = generate(n_samples=600, anomalies=3, kinds=("level_shift",), noise_level=0.1, seed=2, trend=False)
PLANTED = make_series(MADE.values, period=24)
KINDS = ["robust_z", "isolation_forest", "hmm", "matrix_profile", "spectral_residual", "prophet", "transformer"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_detector_scores_planted_events_above_the_rest_and_survives_saving(kind, tmp_path):
    model = detector_class(kind)(AnomalySettings(epochs=4)).fit(PLANTED)
    scores = model.score()
    inside = np.array(MADE.labels, dtype=bool)
    assert len(scores) == len(PLANTED) and np.isfinite(scores).all()
    tops = [scores[event.start : event.end + 1].max() for event in MADE.anomalies]
    assert np.median(tops) > np.quantile(scores[~inside], 0.9)

    model.save(tmp_path / kind)
    again = load_detector(tmp_path / kind)
    assert np.allclose(again.score(PLANTED), scores, rtol=1e-3, atol=1e-3)


def test_the_ensemble_finds_the_events_with_few_false_alarms_and_gives_reasons():
    settings = AnomalySettings(extra={"members": ["prophet", "hmm", "isolation_forest"]})
    found = detector_class("ensemble")(settings).fit(PLANTED).detect()
    hits = [
        any(finding.start <= event.end and event.start <= finding.end for finding in found.findings)
        for event in MADE.anomalies
    ]
    assert sum(hits) >= 2 and len(found.findings) <= 4
    strongest = max(found.findings, key=lambda finding: finding.score)
    assert strongest.expected is not None and abs(strongest.observed - strongest.expected) > 1


def test_the_threshold_keeps_to_the_stated_rate():
    calm = make_series(np.random.default_rng(0).normal(size=4000))
    model = detector_class("robust_z")().fit(calm.head(2000))
    for level in (0.9, 0.99):
        share = model.detect(calm.slice(2000, 4000), level=level).flags.mean()
        assert share == pytest.approx(1 - level, rel=0.5)


@pytest.mark.parametrize(
    "kind", ["robust_z", "hmm", "isolation_forest", "matrix_profile", "prophet", "spectral_residual"]
)
def test_a_flat_line_is_silent(kind):
    found = detector_class(kind)().fit(make_series([5.0] * 200)).detect()
    assert not found.flags.any() and found.findings == []


def test_a_contribution_names_the_column_that_moved():
    random = np.random.default_rng(0)
    values = random.normal(size=(300, 3))
    values[200, 2] += 30
    found = detector_class("hmm")().fit(make_series(values, columns=("a", "b", "c"))).detect()
    finding = next(item for item in found.findings if item.start <= 200 <= item.end)
    assert max(finding.contributions, key=finding.contributions.get) == "c"
    with pytest.raises(DataProblem, match="trained with 3 columns"):
        detector_class("hmm")().fit(make_series(values)).detect(make_series(values[:, :2]))
