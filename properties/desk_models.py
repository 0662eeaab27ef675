"""Tables of the realtor's desk: reports and their schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.common.db import TenantRow


class ReportKind(models.TextChoices):
    OWNER = "owner"
    BUYER = "buyer"
    MARKET = "market"


class ReportSchedule(TenantRow):
    """A report that is made again and again. `request` is a `ReportRequest`; hours are those of Seoul."""

    class Rhythm(models.TextChoices):
        DAILY = "daily"
        WEEKLY = "weekly"
        MONTHLY = "monthly"

    request = models.JSONField()
    kind = models.CharField(max_length=8, choices=ReportKind)
    title = models.CharField(max_length=200, blank=True)
    rhythm = models.CharField(max_length=8, choices=Rhythm, default=Rhythm.WEEKLY)
    hour = models.PositiveSmallIntegerField(default=8)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday; for weekly reports")
    day = models.PositiveSmallIntegerField(default=1, help_text="Of the month, at most 28; for monthly reports")
    next_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=["next_at"], condition=Q(is_active=True), name="report_schedule_due"),)
        ordering = ("next_at", "id")

    def __str__(self) -> str:
        return self.title or self.kind


class Report(TenantRow):
    """One report: what was asked for, how far it is, and its files in the workspace's store."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    ACTIVE = (State.QUEUED, State.RUNNING)

    request = models.JSONField()
    kind = models.CharField(max_length=8, choices=ReportKind)
    title = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=2, default="ko")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=400, blank=True)
    document = models.JSONField(null=True, blank=True, help_text="The content, as the preview shows it")
    files = models.JSONField(default=dict, blank=True, help_text="Format → {id, name, size} in the file store")
    as_of = models.DateTimeField(null=True, blank=True)
    schedule = models.ForeignKey(ReportSchedule, models.SET_NULL, null=True, blank=True, related_name="reports")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    queued_at: Any = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["workspace", "-id"], name="report_recent"),
            models.Index(fields=["queued_at"], condition=Q(state__in=["queued", "running"]), name="report_unfinished"),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.title or self.kind

    @property
    def is_active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in self.ACTIVE

    @property
    def since(self) -> datetime | None:
        """When the present state began, as far as it is known."""
        return self.finished_at or self.started_at or self.queued_at


class Photo(TenantRow):
    """One photo of an advert: its hashes, and a copy only where the platform's legal basis allows one."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    advert = models.ForeignKey("properties.Advert", models.CASCADE, related_name="photos")
    url = models.URLField(max_length=500)
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at: Any = models.DateTimeField(auto_now_add=True)
    dhash = models.CharField(max_length=16, blank=True, help_text="Difference hash, 64 bits in hexadecimal")
    phash = models.CharField(max_length=16, blank=True, help_text="Perceptual hash, 64 bits in hexadecimal")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    file = models.JSONField(null=True, blank=True, help_text="{id, name, size} of the copy in the file store")
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["advert", "url"], name="photo_once"),)
        indexes = (
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="photo_waiting"),
            models.Index(fields=["workspace", "dhash"], name="photo_hash"),
        )
        ordering = ("advert", "position", "id")

    def __str__(self) -> str:
        return f"{self.advert} {self.position}"


class Visit(TenantRow):
    """A customer sees a listing with a member of the office. Two visits of one member or customer never overlap."""

    class State(models.TextChoices):
        PLANNED = "planned"
        DONE = "done"
        CANCELLED = "cancelled"

    customer = models.ForeignKey("properties.Requirement", models.CASCADE, related_name="visits")
    listing = models.ForeignKey("properties.Listing", models.SET_NULL, null=True, blank=True, related_name="visits")
    place = models.CharField(max_length=200, blank=True, help_text="Where they meet, or the home's name as it was")
    guide = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.TextField(max_length=1_000, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    outcome = models.CharField(max_length=300, blank=True, help_text="What the customer said")
    reminded_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, help_text="SEQUENCE of the calendar entry")
    changed_at: Any = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="visit_ends_after_it_starts"),
        )
        indexes = (
            models.Index(fields=["workspace", "starts_at"], name="visit_calendar"),
            models.Index(
                fields=["starts_at"], condition=Q(state="planned", reminded_at__isnull=True), name="visit_to_remind"
            ),
        )
        ordering = ("starts_at", "id")

    def __str__(self) -> str:
        return f"{self.customer} · {self.place}"


class CalendarFeed(TenantRow):
    """The secret address under which a member's calendar program reads the visits. Only its hash is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "user"], name="calendar_feed_once"),)
        ordering = ("id",)

    def __str__(self) -> str:
        return f"calendar of {self.user}"


class Contract(TenantRow):
    """A deal on its way to the contract, with its checklist. `checks` maps an item's key to who ticked it, when."""

    listing = models.ForeignKey("properties.Listing", models.SET_NULL, null=True, blank=True, related_name="contracts")
    customer = models.ForeignKey(
        "properties.Requirement", models.SET_NULL, null=True, blank=True, related_name="contracts"
    )
    title = models.CharField(max_length=200)
    trade = models.CharField(max_length=8)
    property_type = models.CharField(max_length=20)
    signing_on = models.DateField(null=True, blank=True)
    handover_on = models.DateField(null=True, blank=True)
    checks = models.JSONField(default=dict, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=["workspace", "-id"], name="contract_recent"),)
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.title
