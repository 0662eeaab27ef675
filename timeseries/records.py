"""Tables: data sets and their versions, trained models and theirs, and jobs with their results."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.common.db import Row, TenantRow

TASKS = [("forecasting", "Forecasting"), ("anomaly", "Anomaly detection")]
STAGES = [("candidate", "Candidate"), ("production", "Production"), ("archived", "Archived")]
STATES = [(state, state.title()) for state in ("queued", "running", "succeeded", "failed", "cancelled")]
ACTIVE = ("queued", "running")
JOB_TITLES = {
    "train_forecasting": _("Train forecasting"),
    "train_anomaly": _("Train detection"),
    "predict": _("Forecast"),
    "detect": _("Detection"),
    "coordinated": _("Coordinated analysis"),
    "ensemble": _("Ensemble forecast"),
    "leaderboard": _("Model comparison"),
    "generate": _("Sample data"),
    "import": _("Import"),
}


class Dataset(TenantRow):
    """A named series of a workspace; what it holds stands in its versions."""

    name = models.CharField(max_length=120)
    source = models.CharField(max_length=20, default="upload")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "name"], name="dataset_name_once"),)
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


class DatasetVersion(Row):
    """One immutable state of a data set: numbers in a file, the report of what was found beside it."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    path = models.CharField(max_length=300)
    rows = models.PositiveIntegerField()
    columns = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    report = models.JSONField(default=dict)
    #: Rows with known anomalies, for generated data.
    labels = models.JSONField(default=list, blank=True)
    #: At most 2,000 points with every peak, for the first chart.
    preview = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_once"),)
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"{self.dataset} v{self.number}"


class TrainedModel(TenantRow):
    """A named model of a workspace."""

    name = models.CharField(max_length=100)
    task = models.CharField(max_length=12, choices=TASKS)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "name"], name="trained_model_name_once"),)
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


class ModelVersion(Row):
    """One finished training: where its files are, what it learned from and how well it did."""

    model = models.ForeignKey(TrainedModel, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    stage = models.CharField(max_length=12, choices=STAGES, default="candidate")
    path = models.CharField(max_length=300)
    size_bytes = models.PositiveBigIntegerField(default=0)
    settings = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    history = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    columns = models.JSONField(default=list)
    rows = models.PositiveIntegerField(default=0)
    data_digest = models.CharField(max_length=64)
    dataset_version = models.ForeignKey(DatasetVersion, models.SET_NULL, null=True, related_name="models")
    libraries = models.JSONField(default=dict)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["model", "number"], name="model_version_once"),
            models.UniqueConstraint(fields=["model"], condition=Q(stage="production"), name="model_one_in_production"),
        )
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"{self.model} v{self.number}"


class Job(TenantRow):
    """A piece of numeric work on the compute queue, its progress and its result."""

    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=STATES, default="queued")
    label = models.CharField(max_length=160, blank=True)
    #: Everything but the data, which stands in the file at `input_path` while the job lives.
    params = models.JSONField(default=dict)
    input_path = models.CharField(max_length=300, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    progress = models.FloatField(default=0)
    message = models.CharField(max_length=300, blank=True)
    losses = models.JSONField(default=list)
    result = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "fingerprint"],
                condition=Q(state__in=ACTIVE) & ~Q(fingerprint=""),
                name="job_not_twice_at_once",
            ),
        )
        indexes = (models.Index(fields=["workspace", "-id"], name="job_workspace"),)
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.label}".strip()

    @property
    def title(self) -> str:
        """What kind of work it is, in the reader's language."""
        return str(JOB_TITLES.get(self.kind, self.kind))

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE
