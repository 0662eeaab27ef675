"""REST forms of the listing manager. Money in 만원, areas in ㎡."""

from __future__ import annotations

from rest_framework import serializers

from properties.models import Advert, Collection, History, LegalBasis, Listing, Match, Requirement, ReviewPair
from properties.normalise.codes import PropertyType, Trade


class ListingSerializer(serializers.ModelSerializer[Listing]):
    complex_name = serializers.CharField(source="complex.name", default="", read_only=True)

    class Meta:
        model = Listing
        exclude = ("workspace", "complex", "cluster_key")


class AdvertSerializer(serializers.ModelSerializer[Advert]):
    class Meta:
        model = Advert
        exclude = ("workspace", "listing")


class HistorySerializer(serializers.ModelSerializer[History]):
    platform = serializers.CharField(source="advert.platform", read_only=True)

    class Meta:
        model = History
        fields = ("id", "at", "kind", "platform", "price", "rent", "before", "after")


class ListingDetailSerializer(ListingSerializer):
    adverts = AdvertSerializer(many=True, read_only=True)


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    class Meta:
        model = Collection
        exclude = ("workspace", "requested_by")


class CollectFilters(serializers.Serializer[None]):
    """Filters of a task in the form of the requirement document; they narrow what is collected where possible."""

    property_types = serializers.ListField(
        child=serializers.ChoiceField([item.value for item in PropertyType]), required=False
    )
    trades = serializers.ListField(child=serializers.ChoiceField([item.value for item in Trade]), required=False)
    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4, required=False)
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


class ReviewPairSerializer(serializers.ModelSerializer[ReviewPair]):
    one = AdvertSerializer(read_only=True)
    other = AdvertSerializer(read_only=True)

    class Meta:
        model = ReviewPair
        fields = ("id", "one", "other", "score", "reason", "reasons")


class DecisionInput(serializers.Serializer[None]):
    one_key = serializers.CharField(max_length=160)
    other_key = serializers.CharField(max_length=160)
    same = serializers.BooleanField()


class RequirementSerializer(serializers.ModelSerializer[Requirement]):
    class Meta:
        model = Requirement
        exclude = ("workspace",)
        read_only_fields = ("id", "created_at")


class MatchSerializer(serializers.ModelSerializer[Match]):
    listing = ListingSerializer(read_only=True)

    class Meta:
        model = Match
        exclude = ("workspace",)
