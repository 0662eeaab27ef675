"""The routes of the requirement document, run against real jobs with quick models."""

from __future__ import annotations

import json
import math

import pytest

from timeseries.records import Job, ModelVersion, TrainedModel

pytestmark = pytest.mark.django_db(transaction=True)
WAVE = [[10 + math.sin(2 * math.pi * row / 12) + 0.01 * row] for row in range(120)]


def post(api, path: str, **body):
    return api.post(f"/api/v1/{path}", body, format="json")


def train(api, name: str = "m1", **body):
    answer = post(api, "models/forecasting/train", model_type="seasonal_naive", data=WAVE, model_name=name, **body)
    assert answer.status_code == 202, answer.json()
    return answer.json()


def test_generate_gives_the_same_data_for_the_same_seed(api):
    body = {"n_samples": 100, "n_features": 2, "trend": True, "seasonality": True, "noise_level": 0.1, "anomalies": 2}
    first, second = post(api, "data/generate", **body).json(), post(api, "data/generate", **body).json()

    assert len(first["data"]) == 100 and len(first["data"][0]) == 2
    assert first["data"] == second["data"]
    assert sum(first["labels"]) >= 2 and len(first["anomalies"]) == 2


def test_train_then_predict_with_the_data_as_a_json_string(api):
    started = post(
        api,
        "models/forecasting/train",
        model_type="auto_ets",
        data=json.dumps(WAVE),
        model_name="my_model",
        sequence_length=30,
        prediction_length=6,
        epochs=1,
        period=12,
    ).json()
    job = api.get(started["status_url"]).json()
    assert job["status"] == "succeeded", job
    assert job["result"]["metrics"]["mase"] < 0.5

    answer = post(api, "predict", model_name="my_model", data=json.dumps(WAVE), steps_ahead=6).json()

    actual = [10 + math.sin(2 * math.pi * row / 12) + 0.01 * row for row in range(120, 126)]
    assert [row[0] for row in answer["predictions"]] == pytest.approx(actual, abs=0.15)
    assert all(
        low <= row[0] <= high
        for low, row, high in zip(answer["lower"], answer["predictions"], answer["upper"], strict=True)
    )
    assert answer["version"] == 1 and answer["confidence_level"] == 0.95


def test_detection_flags_the_planted_spike_and_explains_it(api):
    rows = [list(row) for row in WAVE]
    rows[80] = [40.0]
    started = post(api, "models/anomaly/train", model_type="robust_z", data=WAVE, model_name="watch").json()
    assert api.get(started["status_url"]).json()["status"] == "succeeded"

    answer = post(api, "detect_anomalies", model_name="watch", data=rows, threshold=0.999).json()

    assert len(answer["scores"]) == len(rows)
    assert answer["is_anomaly"][80]
    strongest = max(answer["anomalies"], key=lambda event: event["score"])
    assert strongest["peak"] == 80 and strongest["actual"] == 40.0
    assert strongest["expected"] == pytest.approx(10.8, abs=1.5)
    assert strongest["contributions"] == {"y": 1.0}


def test_coordinated_analysis_tells_the_good_side_when_the_other_fails(api):
    short = WAVE[:25]
    answer = post(
        api,
        "analysis/coordinated",
        data=short,
        forecasting_model="seasonal_naive",
        anomaly_model="prophet",
        steps_ahead=3,
    )

    body = answer.json()
    assert answer.status_code == 200
    assert len(body["forecast"]["predictions"]) == 3
    assert body["anomalies"] is None and "30 rows" in body["failures"]["anomalies"]


def test_ensemble_tells_members_and_weights(api):
    body = post(
        api,
        "ensemble",
        data=WAVE,
        models=["seasonal_naive", "seasonal_average"],
        method="weighted",
        steps_ahead=4,
        period=12,
    ).json()

    assert sum(member["weight"] for member in body["members"]) == pytest.approx(1, abs=1e-3)
    blended = sum(member["weight"] * member["predictions"][0] for member in body["members"])
    assert body["predictions"][0][0] == pytest.approx(blended, abs=1e-2)


def test_leaderboard_ranks_kinds_by_back_test_error(api):
    started = post(
        api, "leaderboard", data=WAVE, models=["seasonal_average", "seasonal_naive", "prophet"], horizon=6, period=30
    ).json()
    rows = api.get(started["status_url"]).json()["result"]["rows"]
    assert [row["mase"] for row in rows if "mase" in row] == sorted(row["mase"] for row in rows if "mase" in row)


def test_a_taken_name_is_refused_unless_overwriting(api):
    train(api)
    refused = post(api, "models/forecasting/train", model_type="seasonal_naive", data=WAVE, model_name="m1")
    assert refused.status_code == 409 and refused.json()["code"] == "name_taken"

    train(api, overwrite=True)
    assert list(ModelVersion.objects.values_list("number", "stage").order_by("number")) == [
        (1, "candidate"),
        (2, "production"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("predict", {"model_name": "none", "steps_ahead": 3}, 404, "none"),
        ("predict", {"model_name": "m1", "steps_ahead": 0}, 422, "greater than or equal to 1"),
        ("predict", {"model_name": "m1", "data": [[1.0, 2.0], [3.0]]}, 422, "Row 1 has 1 columns"),
        ("predict", {"model_name": "m1", "data": "[1, 2"}, 422, "not valid JSON"),
        ("predict", {"model_name": "m1", "data": [[1.0], ["x"]]}, 422, "Row 1, column 0"),
        ("detect_anomalies", {"model_name": "m1"}, 422, "other kind"),
        ("models/forecasting/train", {"model_type": "magic", "model_name": "x", "data": [1]}, 422, "seasonal_naive"),
        ("models/forecasting/train", {"model_type": "lstm", "model_name": "x"}, 422, "Send either"),
        ("data/generate", {"n_samples": 0}, 422, "n_samples"),
    ],
)
def test_bad_requests_name_the_field_and_the_remedy(api, path, body, status, word):
    train(api)
    answer = post(api, path, **body)
    assert answer.status_code == status
    assert word in json.dumps(answer.json())


def test_rows_the_model_cannot_use_fail_the_job_with_the_reason(api):
    started = post(api, "models/forecasting/train", model_type="auto_ets", data=[1, 2], model_name="tiny").json()
    job = api.get(started["status_url"]).json()
    assert job["status"] == "failed"
    assert job["error"]["code"] == "too_short" and "the series has 2" in job["error"]["message"]
    assert not TrainedModel.objects.filter(name="tiny").exists()


def test_strangers_see_nothing(api, make_person):
    from rest_framework.test import APIClient

    job = train(api)
    stranger = APIClient()
    stranger.force_login(make_person("stranger@example.com")[0])

    assert stranger.get(job["status_url"]).status_code == 404
    assert stranger.get("/api/v1/models/m1").status_code == 404
    assert stranger.get("/api/v1/models").json()["results"] == []
    assert APIClient().get("/api/v1/models").status_code == 401


def test_a_queued_job_can_be_cancelled_and_never_starts(api, owner, monkeypatch):
    from timeseries.services import jobs

    monkeypatch.setattr(jobs, "send", lambda job_id: None)
    started = train(api)
    assert api.delete(started["status_url"]).json()["status"] == "cancelled"

    jobs.run(started["job_id"])
    assert Job.objects.get().state == "cancelled"


def test_the_same_training_asked_twice_is_one_job(api, monkeypatch):
    from timeseries.services import jobs

    monkeypatch.setattr(jobs, "send", lambda job_id: None)
    assert train(api)["job_id"] == train(api)["job_id"]


def test_a_model_can_be_downloaded_and_deleted_with_its_files(api, media):
    train(api)
    packed = api.get("/api/v1/models/m1/download")
    assert packed.content[:2] == b"PK"
    assert list(media.rglob("model.json"))

    assert api.delete("/api/v1/models/m1").status_code == 204
    assert not list(media.rglob("model.json"))


def test_an_uploaded_file_becomes_a_data_set_to_train_on(api):
    from django.core.files.uploadedfile import SimpleUploadedFile

    lines = ["일시,값"] + [f"2026-01-{1 + row // 24:02d} {row % 24:02d}:00,{10 + row % 24}" for row in range(240)]
    file = SimpleUploadedFile("load.csv", "\n".join(lines).encode("cp949"))
    started = api.post("/api/v1/datasets", {"file": file, "name": "load"}, format="multipart").json()
    job = api.get(started["status_url"]).json()
    assert job["status"] == "succeeded", job
    assert job["result"]["report"]["frequency"] == "hourly" and job["result"]["report"]["period"] == 24

    post(
        api,
        "models/forecasting/train",
        model_type="seasonal_naive",
        dataset="load",
        model_name="m2",
        prediction_length=24,
    )
    answer = post(api, "predict", model_name="m2", steps_ahead=24).json()
    assert [row[0] for row in answer["predictions"]] == [10 + hour for hour in range(24)]
    assert answer["timestamps"][0] == "2026-01-10T15:00:00Z"  # midnight in Korea, told in UTC


def test_health_counts_jobs(api):
    train(api)
    body = api.get("/api/v1/timeseries/health").json()
    assert body["status"] == "ok" and body["jobs_last_day"] == {"succeeded": 1}
