"""What the market room keeps: instruments and daily bars (public facts), and a workspace's snapshots and alerts."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.common.db import Row, TenantRow


class Origin(models.TextChoices):
    """Which upstream a public fact came from; recorded sandbox figures never mix with live ones."""

    LIVE = "live"
    SANDBOX = "sandbox"
    CUSTOM = "custom"


class Symbol(Row):
    """An instrument of the symbol files. `shares` in shares, `market_cap` in won."""

    origin = models.CharField(max_length=7, choices=Origin)
    code = models.CharField(max_length=9)
    name = models.CharField(max_length=80)
    market = models.CharField(max_length=6)
    kind = models.CharField(max_length=8)
    sector_large = models.CharField(max_length=4, blank=True)
    sector_medium = models.CharField(max_length=4, blank=True)
    is_preferred = models.BooleanField(default=False)
    is_spac = models.BooleanField(default=False)
    is_halted = models.BooleanField(default=False)
    shares = models.BigIntegerField(default=0)
    market_cap = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["origin", "code"], name="market_symbol_once"),)
        indexes = (models.Index(fields=["origin", "-market_cap"], name="market_symbol_by_cap"),)
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class DailyBar(models.Model):
    """One session of one stock on one venue: adjusted prices in won, shares, trading value in won."""

    id = models.BigAutoField(primary_key=True)
    origin = models.CharField(max_length=7, choices=Origin)
    venue = models.CharField(max_length=3, default="KRX")
    code = models.CharField(max_length=9)
    date = models.DateField()
    open = models.BigIntegerField()
    high = models.BigIntegerField()
    low = models.BigIntegerField()
    close = models.BigIntegerField()
    volume = models.BigIntegerField()
    trading_value = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["origin", "venue", "code", "date"], name="market_bar_once"),
            models.CheckConstraint(condition=models.Q(volume__gte=0), name="market_bar_volume_positive"),
        )
        ordering = ("code", "date")

    def __str__(self) -> str:
        return f"{self.code} {self.date}"


class Snapshot(TenantRow):
    """A ranking as it stood at a moment, as the workspace's connection saw it."""

    taken_at = models.DateTimeField()
    data_date = models.DateField()
    session = models.CharField(max_length=16)
    market = models.CharField(max_length=6)
    venue = models.CharField(max_length=3, default="KRX")
    answer = models.JSONField()

    class Meta:
        indexes = (models.Index(fields=["workspace", "market", "venue", "-taken_at"], name="market_snapshot_latest"),)
        ordering = ("-taken_at",)

    def __str__(self) -> str:
        return f"{self.market} {self.taken_at:%Y-%m-%d %H:%M}"


class AlertRule(TenantRow):
    """When to tell somebody, on the rows of one market tool."""

    class Condition(models.TextChoices):
        ABOVE = "above"
        BELOW = "below"
        NEW_ENTRY = "new_entry"

    name = models.CharField(max_length=120)
    tool = models.CharField(max_length=40)
    params = models.JSONField(default=dict, blank=True)
    condition = models.CharField(max_length=9, choices=Condition)
    #: The column of a row that is compared, for `above` and `below`.
    field = models.CharField(max_length=40, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    #: How far back over the threshold a value must go, in per cent of it, before the rule may fire for it again.
    hysteresis_percent = models.FloatField(default=5.0)
    cooldown_minutes = models.PositiveIntegerField(default=30)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    #: What the rule remembers between two looks: armed codes, last firings, the last list.
    memory = models.JSONField(default=dict, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "name"], name="market_rule_name_once"),
            models.CheckConstraint(
                condition=models.Q(condition="new_entry") | models.Q(threshold__isnull=False, field__gt=""),
                name="market_rule_has_threshold",
            ),
        )
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Alert(TenantRow):
    """A rule that fired. Kept when its rule goes."""

    rule = models.ForeignKey(AlertRule, models.SET_NULL, null=True, related_name="alerts")
    rule_name = models.CharField(max_length=120)
    code = models.CharField(max_length=9)
    stock_name = models.CharField(max_length=80)
    value = models.FloatField(null=True)
    row = models.JSONField(default=dict)
    as_of = models.DateTimeField()
    #: True when it fell into the rule's quiet hours: recorded, not delivered.
    quiet = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=["workspace", "-created_at"], name="market_alert_latest"),)
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.rule_name}: {self.stock_name}"
