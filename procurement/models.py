"""Tables of procurement: what was collected, what people look for, and crawls with their cursor. Money in won."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from portal.common.db import Row, TenantRow

KINDS = [("Thng", "goods"), ("Servc", "services"), ("Cnstwk", "works"), ("Frgcpt", "foreign"), ("Etc", "other")]


class Searchable(TenantRow):
    """A row found by its words; `pairs` is what the index holds (see `procurement.search`)."""

    words = models.TextField(blank=True)
    pairs = ArrayField(models.CharField(max_length=4), default=list, blank=True)
    is_sample = models.BooleanField(default=False, help_text="Invented data of the sandbox")
    as_of = models.DateTimeField(help_text="When the upstream gave it")

    class Meta:
        abstract = True


class Product(Searchable):
    """One contract line of the shopping mall, as last seen."""

    contract_no = models.CharField(max_length=40)
    line_no = models.CharField(max_length=12)
    product_id = models.CharField(max_length=12)
    name = models.TextField()
    category = models.CharField(max_length=200, blank=True)
    detail_class_no = models.CharField(max_length=12, blank=True)
    price = models.BigIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    supplier = models.CharField(max_length=200, blank=True)
    supplier_no = models.CharField(max_length=12, blank=True)
    maker = models.CharField(max_length=200, blank=True)
    contract_method = models.CharField(max_length=60, blank=True)
    is_mas = models.BooleanField(null=True, blank=True)
    is_excellent = models.BooleanField(null=True, blank=True)
    certificates = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    delivery_days = models.IntegerField(null=True, blank=True)
    registered = models.DateField(null=True, blank=True)
    contract_end = models.DateField(null=True, blank=True)
    image_url = models.URLField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "contract_no", "line_no"], name="product_line_once"),
        )
        indexes = (
            GinIndex(fields=["pairs"], name="product_pairs"),
            models.Index(fields=["workspace", "product_id"], name="product_identity"),
            models.Index(fields=["workspace", "-registered", "-id"], name="product_newest"),
        )
        ordering = ("-registered", "-id")

    def __str__(self) -> str:
        return self.name[:80]


class ProductAttributes(Row):
    """Catalogue attributes of a product; public, the same for every workspace, so that they are asked once."""

    product_id = models.CharField(max_length=12)
    is_sample = models.BooleanField(default=False)
    attributes = models.JSONField()
    as_of = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["product_id", "is_sample"], name="product_attributes_once"),)
        ordering = ("product_id",)
        verbose_name_plural = "product attributes"

    def __str__(self) -> str:
        return self.product_id


class Notice(Searchable):
    """One bid notice in its newest order."""

    notice_no = models.CharField(max_length=40)
    order = models.CharField(max_length=4, default="000")
    kind = models.CharField(max_length=8, choices=KINDS, blank=True)
    title = models.TextField()
    status = models.CharField(max_length=60, blank=True)
    agency = models.CharField(max_length=200, blank=True)
    demander = models.CharField(max_length=200, blank=True)
    contract_method = models.CharField(max_length=60, blank=True)
    estimated_price = models.BigIntegerField(null=True, blank=True)
    budget = models.BigIntegerField(null=True, blank=True)
    published = models.DateTimeField(null=True, blank=True)
    closes = models.DateTimeField(null=True, blank=True)
    opening = models.DateTimeField(null=True, blank=True)
    item_name = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=600, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "notice_no"], name="notice_once"),)
        indexes = (
            GinIndex(fields=["pairs"], name="notice_pairs"),
            models.Index(fields=["workspace", "-published", "-id"], name="notice_newest"),
            models.Index(fields=["workspace", "closes"], name="notice_closing"),
        )
        ordering = ("-published", "-id")

    def __str__(self) -> str:
        return f"{self.notice_no} {self.title}"[:120]


class Award(Searchable):
    """One successful bid."""

    notice_no = models.CharField(max_length=40)
    order = models.CharField(max_length=4, default="000")
    class_no = models.CharField(max_length=8, blank=True)
    rebid_no = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=8, choices=KINDS, blank=True)
    title = models.TextField(blank=True)
    demander = models.CharField(max_length=200, blank=True)
    winner = models.CharField(max_length=200, blank=True)
    winner_no = models.CharField(max_length=12, blank=True)
    bidders = models.IntegerField(null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    rate = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True, help_text="Percent")
    opened = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "notice_no", "order", "class_no", "rebid_no"], name="award_once"
            ),
        )
        indexes = (
            GinIndex(fields=["pairs"], name="award_pairs"),
            models.Index(fields=["workspace", "-opened", "-id"], name="award_newest"),
        )
        ordering = ("-opened", "-id")

    def __str__(self) -> str:
        return f"{self.notice_no} {self.winner}"


class CrawlJob(TenantRow):
    """A crawl of one category into a file. `windows` is the cursor: it survives every kind of interruption."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PAUSED = "paused"
        WAITING = "waiting"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    category = models.CharField(max_length=200)
    filename = models.CharField(max_length=200)
    format = models.CharField(max_length=8)
    start = models.DateField()
    end = models.DateField()
    options = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    step = models.CharField(max_length=12, blank=True, help_text="fetching, attributes or writing")
    windows = models.JSONField(default=list)
    windows_done = models.IntegerField(default=0)
    windows_total = models.IntegerField(default=0)
    rows = models.IntegerField(default=0)
    pages = models.IntegerField(default=0)
    calls = models.IntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    report = models.JSONField(null=True, blank=True)
    file = models.JSONField(null=True, blank=True)
    claim = models.CharField(max_length=40, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    resume_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(start__lte=models.F("end")), name="crawl_period_forward"),)
        indexes = (models.Index(fields=["status", "heartbeat_at"], name="crawl_open"),)
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.filename

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.SUCCEEDED, self.Status.FAILED, self.Status.CANCELLED)

    @property
    def percent(self) -> int:
        return 100 * self.windows_done // self.windows_total if self.windows_total else 0


class CrawlEvent(models.Model):
    """One line of a crawl's story, numbered, so that a reader who comes back misses nothing."""

    job = models.ForeignKey(CrawlJob, models.CASCADE, related_name="events")
    seq = models.IntegerField()
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=12)
    message = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["job", "seq"], name="crawl_event_once"),)
        ordering = ("job", "seq")

    def __str__(self) -> str:
        return f"{self.seq} {self.message}"


class SavedSearch(TenantRow):
    """A question about notices that is asked again with every collection; new answers are told."""

    name = models.CharField(max_length=120)
    words = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=8, choices=KINDS, blank=True)
    price_min = models.BigIntegerField(null=True, blank=True)
    price_max = models.BigIntegerField(null=True, blank=True)
    is_alerting = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    matches = models.ManyToManyField(Notice, through="SavedSearchMatch", related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "name"], name="saved_search_name_once"),)
        ordering = ("name",)
        verbose_name_plural = "saved searches"

    def __str__(self) -> str:
        return self.name


class SavedSearchMatch(Row):
    """A notice that matched a saved search, told once."""

    search = models.ForeignKey(SavedSearch, models.CASCADE, related_name="found")
    notice = models.ForeignKey(Notice, models.CASCADE, related_name="+")
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["search", "notice"], name="saved_search_match_once"),)
        ordering = ("-id",)
        verbose_name_plural = "saved search matches"

    def __str__(self) -> str:
        return f"{self.search_id} {self.notice_id}"
