"""What happened, who was told, where messages go, and how each delivery went."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from portal.common.db import TenantRow


class Channel(models.TextChoices):
    PAGE = "page"
    EMAIL = "email"
    PUSH = "push"
    SLACK = "slack"
    WEBHOOK = "webhook"
    SMS = "sms"


class Mode(models.TextChoices):
    """When a channel carries a topic. The page knows only `instant` and `off`."""

    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"
    OFF = "off"


class Severity(models.TextChoices):
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    CRITICAL = "critical"


class Event(TenantRow):
    """One thing that happened, in both languages. The same `dedup_key` happens once per topic."""

    topic = models.CharField(max_length=60)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.INFO)
    title_en = models.CharField(max_length=200)
    title_ko = models.CharField(max_length=200)
    body_en = models.TextField(blank=True)
    body_ko = models.TextField(blank=True)
    #: A path of this product, or a whole address.
    url = models.CharField(max_length=500, blank=True)
    #: What a program wants to know of it; sent to webhooks.
    data = models.JSONField(default=dict, blank=True)
    dedup_key = models.CharField(max_length=200, blank=True)
    #: What the cooldown counts by, such as `listing:<id>`.
    subject = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "topic", "dedup_key"], condition=Q(dedup_key__gt=""), name="notice_event_once"
            ),
        )
        indexes = (
            models.Index(
                fields=["workspace", "topic", "subject", "-created_at"],
                condition=Q(subject__gt=""),
                name="notice_event_subject",
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.title_en

    def title(self, language: str) -> str:
        return self.title_ko if language.startswith("ko") else self.title_en

    def body(self, language: str) -> str:
        return self.body_ko if language.startswith("ko") else self.body_en


class Notification(TenantRow):
    """An event in one person's inbox."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="notifications")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["event", "user"], name="notification_once"),)
        indexes = (
            models.Index(fields=["user", "workspace", "-id"], name="notification_inbox"),
            models.Index(fields=["user", "workspace"], condition=Q(read_at=None), name="notification_unread"),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.event_id} for {self.user_id}"


class Destination(TenantRow):
    """Where a channel leads: a person's own when `owner` is set, else the workspace's. Secrets are sealed."""

    #: The page needs no address, and a person's account e-mail is always there; everything else is a row here.
    CHANNELS = (Channel.EMAIL, Channel.WEBHOOK, Channel.SLACK, Channel.SMS, Channel.PUSH)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    channel = models.CharField(max_length=8, choices=[(one.value, one.label) for one in CHANNELS])
    name = models.CharField(max_length=80)
    #: What may be shown of the address: a host, the end of a number.
    address = models.CharField(max_length=200)
    #: SHA-256 of the whole address, so that one address is not entered twice.
    fingerprint = models.CharField(max_length=64)
    data_key = models.ForeignKey("workspaces.DataKey", models.RESTRICT, related_name="+")
    sealed = models.BinaryField()
    #: Only these topics; empty: every topic.
    topics = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    #: For the workspace's destinations; a person's own follow the person's preferences.
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.INSTANT)
    #: A mail address or phone number proves with a code that it wants the messages.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    code_hash = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    problem = models.CharField(max_length=300, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "owner", "channel", "fingerprint"],
                name="destination_once",
                nulls_distinct=False,
            ),
        )
        ordering = ("channel", "name", "id")

    def __str__(self) -> str:
        return f"{self.name} ({self.channel})"

    @property
    def is_usable(self) -> bool:
        return self.is_active and self.confirmed_at is not None


class Preference(TenantRow):
    """A person's choice for one topic on one channel; without a row the topic's own default holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    topic = models.CharField(max_length=60)
    channel = models.CharField(max_length=8, choices=Channel)
    mode = models.CharField(max_length=8, choices=Mode)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "user", "topic", "channel"], name="preference_once"),
        )
        ordering = ("topic", "channel")

    def __str__(self) -> str:
        return f"{self.topic} on {self.channel}: {self.mode}"


class Rhythm(TenantRow):
    """A person's quiet hours, time of the daily digest, and pause. Times are of the person's zone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    time_zone = models.CharField(max_length=64, default="Asia/Seoul")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    daily_at = models.TimeField(default=time(8, 30))
    muted_until = models.DateTimeField(null=True, blank=True)
    #: Whether critical news comes through quiet hours.
    critical_anyway = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "user"], name="rhythm_once"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None) | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="rhythm_quiet_has_both_ends",
            ),
        )
        ordering = ("id",)

    def __str__(self) -> str:
        return f"rhythm of {self.user_id}"


class Delivery(TenantRow):
    """One message to one place: an event of its own, or a digest of several. The log of what was sent and what not."""

    class Status(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        #: Not wanted any more: destination removed or switched off, person left.
        DROPPED = "dropped"

    channel = models.CharField(max_length=8, choices=Channel)
    #: Whose message it is; none for the workspace's destinations.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    #: None: the account's own e-mail address, or a destination that was removed since.
    destination = models.ForeignKey(Destination, models.SET_NULL, null=True, blank=True, related_name="deliveries")
    address = models.CharField(max_length=200)
    events = models.ManyToManyField(Event, related_name="deliveries")
    #: Events that share a slot share a message, such as `daily:2026-11-21T23:30Z`; empty: sent alone.
    slot = models.CharField(max_length=40, blank=True)
    is_test = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "user", "destination", "channel", "slot"],
                condition=Q(slot__gt=""),
                name="delivery_slot_once",
                nulls_distinct=False,
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "-id"], name="delivery_log"),
            models.Index(fields=["next_attempt_at"], condition=Q(status="pending"), name="delivery_due"),
            models.Index(fields=["lease_until"], condition=Q(status="sending"), name="delivery_leased"),
        )
        ordering = ("-id",)
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}: {self.status}"

    @property
    def is_digest(self) -> bool:
        return bool(self.slot)
