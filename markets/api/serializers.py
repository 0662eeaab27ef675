"""Input and output of the market REST API."""

from __future__ import annotations

from rest_framework import serializers

from markets.models import Alert, AlertRule, Snapshot


class TitleOutput(serializers.Serializer):
    en = serializers.CharField()
    ko = serializers.CharField()


class MarketToolOutput(serializers.Serializer):
    name = serializers.CharField()
    title = TitleOutput()
    input_schema = serializers.DictField()


class MarketToolsOutput(serializers.Serializer):
    results = MarketToolOutput(many=True)


class SnapshotQuery(serializers.Serializer):
    market = serializers.CharField(required=False, max_length=12)
    venue = serializers.CharField(required=False, max_length=12)


class RuleInput(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    tool = serializers.CharField(max_length=40)
    params = serializers.DictField(required=False, default=dict)
    condition = serializers.ChoiceField(AlertRule.Condition.choices)
    field = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    threshold = serializers.FloatField(required=False, allow_null=True, default=None)
    hysteresis_percent = serializers.FloatField(required=False, default=5.0, min_value=0, max_value=100)
    cooldown_minutes = serializers.IntegerField(required=False, default=30, min_value=0, max_value=10_080)
    quiet_from = serializers.TimeField(required=False, allow_null=True, default=None)
    quiet_to = serializers.TimeField(required=False, allow_null=True, default=None)


class SwitchInput(serializers.Serializer):
    is_active = serializers.BooleanField()


class RuleOutput(serializers.ModelSerializer):
    class Meta:
        model = AlertRule
        fields = (
            "id", "name", "tool", "params", "condition", "field", "threshold", "hysteresis_percent",
            "cooldown_minutes", "quiet_from", "quiet_to", "is_active", "checked_at", "problem", "created_at",
        )  # fmt: skip


class AlertOutput(serializers.ModelSerializer):
    class Meta:
        model = Alert
        fields = ("id", "rule", "rule_name", "code", "stock_name", "value", "row", "as_of", "quiet", "created_at")


class SnapshotOutput(serializers.ModelSerializer):
    class Meta:
        model = Snapshot
        fields = ("id", "taken_at", "data_date", "session", "market", "venue", "answer")
