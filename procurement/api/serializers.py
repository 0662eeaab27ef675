"""Bodies of the REST API. Names follow the earlier server, so that its clients keep working."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from procurement.crawler.writers import SUFFIX
from procurement.jobs import snapshot
from procurement.models import CrawlJob


class DayField(serializers.DateField):
    """A day as `YYYYMMDD` or `YYYY-MM-DD`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y%m%d", "%Y-%m-%d"], **options)


class CrawlListIn(serializers.Serializer[Any]):
    category = serializers.CharField(max_length=100)
    page_no = serializers.IntegerField(min_value=1, max_value=9999, default=1)
    num_rows = serializers.IntegerField(min_value=1, max_value=999, default=100)
    days_back = serializers.IntegerField(min_value=1, max_value=365, default=7)
    inqry_bgn_date = DayField(required=False, allow_null=True, default=None)
    inqry_end_date = DayField(required=False, allow_null=True, default=None)


class CrawlListOut(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    items = serializers.ListField(child=serializers.DictField())
    total_count = serializers.IntegerField(help_text="Rows of the upstream's own filter, a substring match")
    filtered_out = serializers.IntegerField(help_text="Rows of this page with a longer category name")
    current_page = serializers.IntegerField()
    category = serializers.CharField()
    as_of = serializers.DateTimeField()
    source = serializers.CharField()
    mode = serializers.CharField()


class CrawlPlanIn(serializers.Serializer[Any]):
    category = serializers.CharField(max_length=100)
    total_days = serializers.IntegerField(min_value=1, max_value=1100, default=365)
    window_days = serializers.IntegerField(min_value=1, max_value=365, default=30)
    anchor_end_date = DayField(required=False, allow_null=True, default=None)
    explode_attributes = serializers.BooleanField(default=False)
    attributes = serializers.ChoiceField(["none", "json", "columns"], required=False, default="none")


def attribute_mode(asked: dict[str, Any]) -> str:
    """How attributes are written; the switch of the earlier server means columns."""
    return "columns" if asked["explode_attributes"] else str(asked["attributes"])


class CrawlPlanOut(serializers.Serializer[Any]):
    windows = serializers.IntegerField()
    rows = serializers.IntegerField(allow_null=True, help_text="Estimated from the newest 30 days")
    page_calls = serializers.IntegerField()
    attribute_calls = serializers.IntegerField()
    page_calls_left = serializers.IntegerField()
    attribute_calls_left = serializers.IntegerField()
    fits_today = serializers.BooleanField()
    days_needed = serializers.IntegerField()


class CrawlCsvIn(CrawlPlanIn):
    output_csv = serializers.CharField(max_length=180, required=False, default="", allow_blank=True)
    format = serializers.ChoiceField(sorted(SUFFIX), default="csv")
    max_windows_per_call = serializers.IntegerField(
        min_value=1, max_value=10_000, required=False, allow_null=True, default=None
    )
    max_runtime_sec = serializers.IntegerField(
        min_value=1, max_value=86_400, required=False, allow_null=True, default=None
    )
    append = serializers.BooleanField(default=False)
    fail_on_new_columns = serializers.BooleanField(default=True)
    sanitize = serializers.BooleanField(default=True)
    delay_sec = serializers.FloatField(min_value=0, max_value=60, default=0)
    keep_temp = serializers.BooleanField(default=False)
    wait_sec = serializers.IntegerField(
        min_value=0, max_value=55, default=20, help_text="How long to wait for the end before answering 202"
    )


class CrawlCsvOut(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    job_id = serializers.UUIDField()
    status = serializers.CharField()
    output_csv = serializers.CharField()
    file = serializers.DictField(allow_null=True)
    download_url = serializers.CharField(allow_null=True)
    events_url = serializers.CharField()
    windows_processed = serializers.IntegerField()
    pages_processed = serializers.IntegerField()
    total_products = serializers.IntegerField()
    success_details = serializers.ListField(child=serializers.DictField())
    failed_details = serializers.ListField(child=serializers.DictField())
    incomplete = serializers.BooleanField()
    remaining_days = serializers.IntegerField()
    next_anchor_end_date = serializers.DateField(allow_null=True)
    covered_days = serializers.IntegerField()
    elapsed_sec = serializers.FloatField(allow_null=True)
    notes = serializers.ListField(child=serializers.CharField())


class JobOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    category = serializers.CharField()
    filename = serializers.CharField()
    format = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    status = serializers.CharField()
    step = serializers.CharField(allow_blank=True)
    windows_done = serializers.IntegerField()
    windows_total = serializers.IntegerField()
    percent = serializers.IntegerField()
    rows = serializers.IntegerField()
    pages = serializers.IntegerField()
    calls = serializers.IntegerField()
    message = serializers.CharField(allow_blank=True)
    resume_at = serializers.DateTimeField(allow_null=True)
    file = serializers.DictField(allow_null=True)
    report = serializers.DictField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return snapshot(instance) if isinstance(instance, CrawlJob) else super().to_representation(instance)


class FileSaveIn(serializers.Serializer[Any]):
    products = serializers.ListField(child=serializers.DictField(), max_length=50_000, allow_empty=False)
    filename = serializers.CharField(max_length=180)
    directory = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class FileSaveOut(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    file = serializers.DictField()
    count = serializers.IntegerField()
    download_url = serializers.CharField()


class ServerInfoOut(serializers.Serializer[Any]):
    app = serializers.CharField()
    version = serializers.CharField()
    tools = serializers.ListField(child=serializers.CharField())
    categories = serializers.ListField(child=serializers.CharField())
    upstream = serializers.CharField()


class NoticeQuery(serializers.Serializer[Any]):
    q = serializers.CharField(required=False, allow_blank=True, max_length=120, help_text="Words, whole or in part")
    kind = serializers.CharField(required=False, allow_blank=True, max_length=20)
    open = serializers.BooleanField(required=False, help_text="Only those one can still bid for")


class ProductQuery(serializers.Serializer[Any]):
    q = serializers.CharField(required=False, allow_blank=True, max_length=120, help_text="Words, whole or in part")
    category = serializers.CharField(required=False, allow_blank=True, max_length=100)


class NoticeOut(serializers.Serializer[Any]):
    notice_no = serializers.CharField()
    order = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    demander = serializers.CharField()
    agency = serializers.CharField()
    estimated_price = serializers.IntegerField(allow_null=True)
    budget = serializers.IntegerField(allow_null=True)
    published = serializers.DateTimeField(allow_null=True)
    closes = serializers.DateTimeField(allow_null=True)
    opening = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()
    as_of = serializers.DateTimeField()
    is_sample = serializers.BooleanField()


class ProductOut(serializers.Serializer[Any]):
    contract_no = serializers.CharField()
    line_no = serializers.CharField()
    product_id = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField()
    price = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField()
    supplier = serializers.CharField()
    supplier_no = serializers.CharField()
    contract_method = serializers.CharField()
    registered = serializers.DateField(allow_null=True)
    as_of = serializers.DateTimeField()
    is_sample = serializers.BooleanField()
