"""REST forms of the listing manager. Money in 만원, areas in ㎡."""

from __future__ import annotations

from rest_framework import serializers

from properties.models import Advert, Collection, History, LegalBasis, Listing, Match, Requirement, ReviewPair
from properties.normalise.codes import PropertyType, Trade

MAX_MONEY = 10**12


class ListingSerializer(serializers.ModelSerializer[Listing]):
    complex_name = serializers.CharField(source="complex.name", default="", read_only=True)

    class Meta:
        model = Listing
        exclude = ("workspace", "complex", "cluster_key")


class ListingsOutput(serializers.Serializer[None]):
    results = ListingSerializer(many=True)
    next_offset = serializers.IntegerField(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True)
    region = serializers.CharField(allow_null=True)
    unapplied = serializers.ListField(child=serializers.CharField(), help_text="Conditions that were not applied")
    empty_reason = serializers.CharField()


class ListingQuery(serializers.Serializer[None]):
    """Conditions of a search. Money in 만원, areas in ㎡."""

    area = serializers.CharField(required=False, allow_blank=True, max_length=60, help_text="District or town")
    trade = serializers.ChoiceField([item.value for item in Trade], required=False)
    property_type = serializers.ChoiceField([item.value for item in PropertyType], required=False)
    text = serializers.CharField(required=False, allow_blank=True, max_length=120)
    direction = serializers.CharField(required=False, max_length=2)
    sort = serializers.CharField(required=False, max_length=20)
    price_min = serializers.IntegerField(required=False, min_value=0, max_value=MAX_MONEY)
    price_max = serializers.IntegerField(required=False, min_value=0, max_value=MAX_MONEY)
    rent_max = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    floor_min = serializers.IntegerField(required=False, min_value=-20, max_value=200)
    rooms_min = serializers.IntegerField(required=False, min_value=0, max_value=100)
    area_min = serializers.FloatField(required=False, min_value=0, max_value=1e6)
    area_max = serializers.FloatField(required=False, min_value=0, max_value=1e6)
    changed_within_days = serializers.IntegerField(required=False, min_value=1, max_value=3650)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=200, help_text="Rows; 50 when left out")
    offset = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)


class AdvertSerializer(serializers.ModelSerializer[Advert]):
    class Meta:
        model = Advert
        exclude = ("workspace", "listing")


class HistorySerializer(serializers.ModelSerializer[History]):
    platform = serializers.CharField(source="advert.platform", read_only=True)

    class Meta:
        model = History
        fields = ("id", "at", "kind", "platform", "price", "rent", "before", "after")


class HistoryOutput(serializers.Serializer[None]):
    results = HistorySerializer(many=True)
    as_of = serializers.DateTimeField()


class ListingDetailSerializer(ListingSerializer):
    adverts = AdvertSerializer(many=True, read_only=True)


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    class Meta:
        model = Collection
        exclude = ("workspace", "requested_by")


class TasksOutput(serializers.Serializer[None]):
    batch = serializers.UUIDField(help_text="Ask `tasks/batches/<batch>` for what they bring together")
    tasks = CollectionSerializer(many=True)
    unapplied = serializers.ListField(child=serializers.CharField())


class BatchOutput(serializers.Serializer[None]):
    """What one request for collections brought in all."""

    batch = serializers.UUIDField()
    is_done = serializers.BooleanField()
    outcomes = serializers.DictField(child=serializers.IntegerField(), help_text="How many ended as what")
    received = serializers.IntegerField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    gone = serializers.IntegerField()
    tasks = CollectionSerializer(many=True)


class CapabilitiesOutput(serializers.Serializer[None]):
    trades = serializers.ListField(child=serializers.CharField())
    property_types = serializers.ListField(child=serializers.CharField())


class HealthOutput(serializers.Serializer[None]):
    """How a collector fares; `resting` follows a block and ends at `resting_until`."""

    state = serializers.ChoiceField(["ready", "busy", "resting", "failing", "off"])
    running = serializers.IntegerField()
    waiting = serializers.IntegerField()
    blocks = serializers.IntegerField(help_text="Blocks within the last week; each doubles the rest")
    failures = serializers.IntegerField(help_text="Failures in a row")
    reason = serializers.CharField()
    resting_until = serializers.DateTimeField(allow_null=True)
    last_complete = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True, help_text="When a running collection showed life")


class AgentOutput(serializers.Serializer[None]):
    """A collector: what it can do, whether it may, how it fares, how its last collection ended."""

    platform = serializers.CharField()
    title = serializers.CharField()
    enabled = serializers.BooleanField()
    link_only = serializers.BooleanField()
    legal_basis = serializers.CharField(allow_null=True)
    requests_per_second = serializers.FloatField(allow_null=True)
    capabilities = CapabilitiesOutput()
    health = HealthOutput()
    last = CollectionSerializer(allow_null=True)


class AgentsOutput(serializers.Serializer[None]):
    agents = AgentOutput(many=True)
    queue = CollectionSerializer(many=True)


class CollectFilters(serializers.Serializer[None]):
    """Filters of a task in the form of the requirement document; they narrow what is collected where possible."""

    property_types = serializers.ListField(
        child=serializers.ChoiceField([item.value for item in PropertyType]), required=False
    )
    trades = serializers.ListField(child=serializers.ChoiceField([item.value for item in Trade]), required=False)
    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4, required=False)
    complex_ids = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=200, required=False,
        help_text="Complexes by the platform's own numbers, for platforms that are asked complex by complex",
    )  # fmt: skip
    price_min = serializers.IntegerField(required=False)
    price_max = serializers.IntegerField(required=False)
    area_min = serializers.FloatField(required=False)
    area_max = serializers.FloatField(required=False)


class TaskInput(serializers.Serializer[None]):
    """`{"type": "collect", "areas": ["강남구"], "platforms": ["naver"], "filters": {…}}`."""

    type = serializers.ChoiceField(["collect"])
    areas = serializers.ListField(child=serializers.CharField(max_length=60), min_length=1, max_length=20)
    platforms = serializers.ListField(child=serializers.CharField(max_length=24), min_length=1, max_length=16)
    filters = CollectFilters(required=False)
    priority = serializers.IntegerField(min_value=0, max_value=9, default=5)


class LegalBasisSerializer(serializers.ModelSerializer[LegalBasis]):
    class Meta:
        model = LegalBasis
        fields = (
            "id", "platform", "ground", "details", "requests_per_second", "recorded_label", "created_at", "revoked_at"
        )  # fmt: skip
        read_only_fields = ("id", "recorded_label", "created_at", "revoked_at")


class LegalBasisInput(serializers.Serializer[None]):
    platform = serializers.CharField(max_length=24)
    ground = serializers.ChoiceField(LegalBasis.Ground.choices)
    details = serializers.CharField(max_length=2_000)
    requests_per_second = serializers.FloatField(required=False, allow_null=True, min_value=0.01, max_value=100)


class ReviewPairSerializer(serializers.ModelSerializer[ReviewPair]):
    one = AdvertSerializer(read_only=True)
    other = AdvertSerializer(read_only=True)

    class Meta:
        model = ReviewPair
        fields = ("id", "one", "other", "score", "reason", "reasons")


class PairDecisionInput(serializers.Serializer[None]):
    one_key = serializers.CharField(max_length=160)
    other_key = serializers.CharField(max_length=160)
    same = serializers.BooleanField()


class PairDecisionOutput(serializers.Serializer[None]):
    id = serializers.UUIDField()
    same = serializers.BooleanField()


class RequirementSerializer(serializers.ModelSerializer[Requirement]):
    class Meta:
        model = Requirement
        exclude = ("workspace",)
        read_only_fields = ("id", "created_at")


class CentreInput(serializers.Serializer[None]):
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    radius_m = serializers.FloatField(min_value=1, max_value=200_000)


class CommuteInput(serializers.Serializer[None]):
    place = serializers.CharField(max_length=60)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    minutes = serializers.IntegerField(min_value=5, max_value=180, help_text="Estimated from the distance")


class SchoolInput(serializers.Serializer[None]):
    place = serializers.CharField(max_length=60)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    metres = serializers.IntegerField(min_value=50, max_value=10_000)


class RequirementInput(serializers.ModelSerializer[Requirement]):
    centre = CentreInput(required=False, allow_null=True)
    commute = CommuteInput(required=False, allow_null=True)
    school = SchoolInput(required=False, allow_null=True)
    polygon = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        required=False, allow_null=True, min_length=3, max_length=200, help_text="[[latitude, longitude], …]",
    )  # fmt: skip

    class Meta:
        model = Requirement
        exclude = ("workspace", "id", "created_at")


class MatchQuery(serializers.Serializer[None]):
    requirement = serializers.UUIDField(required=False)


class MatchSerializer(serializers.ModelSerializer[Match]):
    listing = ListingSerializer(read_only=True)

    class Meta:
        model = Match
        exclude = ("workspace",)
