"""Tables of the listing manager. Money in 만원 (10,000 won), areas in ㎡, floors negative below ground."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from portal.common.db import TenantRow
from properties import desk_models  # noqa: F401 - its tables belong to this app
from properties.normalise.codes import PropertyType, Trade

TRADES = [(trade.value, trade.value) for trade in Trade]
TYPES = [(kind.value, kind.value) for kind in PropertyType]


class Complex(TenantRow):
    """A building or group of buildings that units belong to; market names are kept as aliases."""

    region_code = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    aliases = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    built_year = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "region_code", "key"], name="complex_once"),)
        ordering = ("name", "id")
        verbose_name_plural = "complexes"

    def __str__(self) -> str:
        return self.name


class ListingState(models.TextChoices):
    LIVE = "live"
    GONE = "gone"


class Listing(TenantRow):
    """One offer: a unit and how it is traded, behind one or more adverts. `price` is the lowest live advert's."""

    complex = models.ForeignKey(Complex, models.SET_NULL, null=True, blank=True, related_name="listings")
    cluster_key = models.CharField(max_length=160)
    trade = models.CharField(max_length=8, choices=TRADES)
    property_type = models.CharField(max_length=20, choices=TYPES, blank=True)
    region_code = models.CharField(max_length=10, blank=True)
    title = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=200, blank=True)
    building_dong = models.CharField(max_length=12, blank=True)
    floor = models.SmallIntegerField(null=True, blank=True)
    floor_band = models.CharField(max_length=4, blank=True)
    floor_total = models.SmallIntegerField(null=True, blank=True)
    direction = models.CharField(max_length=2, blank=True)
    rooms = models.PositiveSmallIntegerField(null=True, blank=True)
    exclusive_m2 = models.FloatField(null=True, blank=True)
    supply_m2 = models.FloatField(null=True, blank=True)
    price = models.BigIntegerField(null=True, blank=True, help_text="Sale price or deposit, 만원")
    price_high = models.BigIntegerField(null=True, blank=True)
    rent = models.IntegerField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=4, choices=ListingState, default=ListingState.LIVE)
    adverts_count = models.PositiveSmallIntegerField(default=0)
    sources_count = models.PositiveSmallIntegerField(default=0, help_text="Independent entries; copies count once")
    is_own = models.BooleanField(default=False)
    flags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    price_changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["workspace", "state", "trade", "region_code", "price"], name="listing_search"),
            models.Index(fields=["workspace", "state", "-last_seen", "-id"], name="listing_recent"),
            models.Index(fields=["workspace", "state", "price"], name="listing_price"),
            models.Index(fields=["workspace", "state", "trade", "exclusive_m2"], name="listing_area"),
            # What each order of the table reads from its beginning.
            models.Index(fields=["workspace", "state", "region_code", "-last_seen"], name="listing_region_recent"),
            models.Index(F("workspace"), F("state"), F("exclusive_m2").desc(nulls_last=True), name="listing_largest"),
            models.Index(F("workspace"), F("state"), F("price").desc(nulls_last=True), name="listing_dearest"),
            models.Index(
                F("workspace"), F("state"), F("price_changed_at").desc(nulls_last=True), name="listing_changed"
            ),
        )
        ordering = ("-last_seen", "-id")

    def __str__(self) -> str:
        return self.title or str(self.pk)


class AdvertState(models.TextChoices):
    LIVE = "live"
    MISSING = "missing"
    CLOSED = "closed"


class Advert(TenantRow):
    """One advert of one platform, normalised. `facts` is the whole listing as the normaliser gave it."""

    listing = models.ForeignKey(Listing, models.SET_NULL, null=True, blank=True, related_name="adverts")
    platform = models.CharField(max_length=24)
    platform_id = models.CharField(max_length=120)
    region_code = models.CharField(max_length=10, blank=True)
    trade = models.CharField(max_length=8, choices=TRADES, blank=True)
    price = models.BigIntegerField(null=True, blank=True)
    rent = models.IntegerField(null=True, blank=True)
    facts = models.JSONField(default=dict)
    url = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=AdvertState, default=AdvertState.LIVE)
    missed = models.PositiveSmallIntegerField(default=0, help_text="Complete collections it was absent from")
    confirmed_on = models.DateField(null=True, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "platform", "platform_id"], name="advert_once"),)
        indexes = (models.Index(fields=["workspace", "region_code", "state"], name="advert_region"),)
        ordering = ("platform", "platform_id")

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """The name that the duplicate search and the decisions of people use."""
        return f"{self.platform}:{self.platform_id}"


class HistoryKind(models.TextChoices):
    NEW = "new"
    PRICE = "price"
    STATE = "state"
    TEXT = "text"
    RELISTED = "relisted"


class History(TenantRow):
    """One change of one advert. Append-only."""

    advert = models.ForeignKey(Advert, models.CASCADE, related_name="history")
    listing = models.ForeignKey(Listing, models.SET_NULL, null=True, blank=True, related_name="history")
    kind = models.CharField(max_length=8, choices=HistoryKind)
    at = models.DateTimeField()
    price = models.BigIntegerField(null=True, blank=True)
    rent = models.IntegerField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["listing", "at"], name="history_listing"),
            models.Index(fields=["workspace", "kind", "-at"], name="history_feed"),
        )
        ordering = ("at", "id")
        verbose_name_plural = "history"

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d}"


class LegalBasis(TenantRow):
    """Who allows the collection of a private platform, and on which ground. Rows are kept after revocation."""

    class Ground(models.TextChoices):
        OWN = "own_listings"
        PERMISSION = "written_permission"
        LICENCE = "licensed_feed"
        OTHER = "other"

    platform = models.CharField(max_length=24)
    ground = models.CharField(max_length=20, choices=Ground)
    details = models.TextField(max_length=2_000)
    requests_per_second = models.FloatField(null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    recorded_label = models.CharField(max_length=254)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "platform"], condition=Q(revoked_at__isnull=True), name="legal_basis_one_in_force"
            ),
        )
        ordering = ("-id",)
        verbose_name_plural = "legal bases"

    def __str__(self) -> str:
        return f"{self.platform}: {self.ground}"


class CollectionState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class Collection(TenantRow):
    """One collection task: what was asked, how it ended, and what it brought."""

    platform = models.CharField(max_length=24)
    region_code = models.CharField(max_length=10)
    region_name = models.CharField(max_length=120, blank=True)
    request = models.JSONField(default=dict)
    priority = models.PositiveSmallIntegerField(default=5, help_text="0 is the most urgent, 9 the least")
    batch = models.UUIDField(null=True, blank=True, db_index=True, help_text="The request that it belongs to")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often a worker took it up")
    state = models.CharField(max_length=8, choices=CollectionState, default=CollectionState.QUEUED)
    outcome = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    remedy = models.CharField(max_length=300, blank=True)
    robots = models.CharField(max_length=12, blank=True)
    expected = models.IntegerField(null=True, blank=True)
    received = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    gone = models.IntegerField(default=0)
    requests = models.IntegerField(default=0)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["workspace", "platform", "-id"], name="collection_recent"),
            models.Index(
                fields=["platform", "priority", "id"],
                condition=Q(state__in=["queued", "running"]),
                name="collection_open",
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.platform} {self.region_name}"


class RawPage(TenantRow):
    """One answer of a platform, without personal fields, kept until `expires_at` so that it can be read again."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="pages")
    platform = models.CharField(max_length=24)
    step = models.CharField(max_length=24)
    url = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.platform} {self.step}"


class Decision(TenantRow):
    """A person's verdict on two adverts. It outlives re-runs, and the adverts, because it is kept by their keys."""

    one_key = models.CharField(max_length=160)
    other_key = models.CharField(max_length=160)
    same = models.BooleanField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_label = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "one_key", "other_key"], name="decision_once"),
            models.CheckConstraint(condition=Q(one_key__lt=models.F("other_key")), name="decision_keys_in_order"),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.one_key} {'=' if self.same else '≠'} {self.other_key}"


class ReviewPair(TenantRow):
    """Two adverts a person should compare; rebuilt with every run of the duplicate search."""

    one = models.ForeignKey(Advert, models.CASCADE, related_name="+")
    other = models.ForeignKey(Advert, models.CASCADE, related_name="+")
    score = models.FloatField()
    reason = models.CharField(max_length=12)
    reasons = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["one", "other"], name="review_pair_once"),)
        ordering = ("-score", "id")

    def __str__(self) -> str:
        return f"{self.one} ? {self.other}"


class Requirement(TenantRow):
    """What a customer looks for. Every empty field means no condition."""

    class Notify(models.TextChoices):
        INSTANT = "instant"
        DAILY = "daily"
        NEVER = "never"

    customer = models.CharField(max_length=80)
    contact = models.CharField(max_length=120, blank=True)
    trade = models.CharField(max_length=8, choices=TRADES)
    property_types = ArrayField(models.CharField(max_length=20, choices=TYPES), default=list, blank=True)
    region_codes = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    centre = models.JSONField(null=True, blank=True, help_text="{latitude, longitude, radius_m}")
    polygon = models.JSONField(null=True, blank=True, help_text="[[latitude, longitude], …]")
    price_min = models.BigIntegerField(null=True, blank=True)
    price_max = models.BigIntegerField(null=True, blank=True)
    rent_max = models.IntegerField(null=True, blank=True)
    area_min = models.FloatField(null=True, blank=True)
    area_max = models.FloatField(null=True, blank=True)
    floor_min = models.SmallIntegerField(null=True, blank=True)
    directions = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    rooms_min = models.PositiveSmallIntegerField(null=True, blank=True)
    move_in_by = models.DateField(null=True, blank=True)
    commute = models.JSONField(null=True, blank=True, help_text="{place, latitude, longitude, minutes}")
    school = models.JSONField(null=True, blank=True, help_text="{place, latitude, longitude, metres}")
    note = models.TextField(max_length=2_000, blank=True)
    notify = models.CharField(max_length=8, choices=Notify, default=Notify.INSTANT)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.customer


class Match(TenantRow):
    """A listing for a requirement, with what fits and what does not."""

    requirement = models.ForeignKey(Requirement, models.CASCADE, related_name="matches")
    listing = models.ForeignKey(Listing, models.CASCADE, related_name="matches")
    score = models.FloatField()
    reasons = models.JSONField(default=list)
    misses = models.JSONField(default=list)
    is_dismissed = models.BooleanField(default=False)
    notified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["requirement", "listing"], name="match_once"),)
        ordering = ("-score", "-id")
        verbose_name_plural = "matches"

    def __str__(self) -> str:
        return f"{self.requirement} ↔ {self.listing}"
