"""Pages render for members, start jobs through their forms, and show what came out."""

from __future__ import annotations

import pytest

from timeseries.records import Dataset, Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(client, owner, sent):
    client.force_login(owner.user)
    return client


def start(pages, kind: str, **fields):
    answer = pages.post(f"/timeseries/start/{kind}", fields)
    assert answer.status_code == 302
    return pages.get(answer["Location"])


def test_from_sample_data_to_forecast_and_anomalies(pages):
    assert "No data yet" in pages.get("/timeseries/").content.decode()

    start(pages, "generate", save_as="sample", n_samples=200, period=12, anomalies=2, trend="on", seasonality="on")
    dataset = Dataset.objects.get()
    page = pages.get(f"/timeseries/datasets/{dataset.pk}").content.decode()
    assert "dataset-figure" in page and "200" in page

    trained = start(
        pages, "train_forecasting", dataset="sample", model_type="seasonal_naive", model_name="m", prediction_length=12
    )
    assert "naive_mase" in trained.content.decode()
    assert "seasonal_naive" in pages.get("/timeseries/models/m").content.decode()

    forecast = start(pages, "predict", model_name="m", steps_ahead=12).content.decode()
    assert "forecast-figure" in forecast

    start(pages, "train_anomaly", dataset="sample", model_type="robust_z", model_name="w")
    assert "anomaly-figure" in start(pages, "detect", model_name="w").content.decode()

    board = start(
        pages, "leaderboard", dataset="sample", models=["seasonal_naive", "seasonal_average"]
    ).content.decode()
    assert "seasonal_average" in board
    assert "sample" in pages.get("/timeseries/").content.decode()


def test_a_refused_form_goes_back_with_the_reason(pages):
    answer = pages.post("/timeseries/start/train_forecasting", {"model_name": "x", "dataset": "none"}, follow=True)
    assert Job.objects.get().error["code"] == "not_found"
    assert "none" in answer.content.decode()

    answer = pages.post("/timeseries/start/train_forecasting", {"model_name": ""}, follow=True)
    assert "model_name" in answer.content.decode()


def test_an_outsider_gets_404(pages, make_person, client):
    start(pages, "generate", save_as="sample", n_samples=100)
    dataset, job = Dataset.objects.get(), Job.objects.get()

    pages.force_login(make_person("outsider@example.com")[0])
    for path in (f"datasets/{dataset.pk}", f"jobs/{job.pk}", f"jobs/{job.pk}/progress", "models/none"):
        assert pages.get(f"/timeseries/{path}").status_code == 404
