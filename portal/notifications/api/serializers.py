"""Input and output of the notifications API."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.common.rest import WholeList
from portal.notifications.models import Channel, Delivery, Destination, Event, Mode, Notification, Severity

CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


@extend_schema_field({"type": "string", "pattern": CLOCK, "example": "22:00"})
class ClockField(serializers.Field[time, Any, str, Any]):
    """A time of day such as `22:00`; it belongs to the person's zone, so it carries none."""

    default_error_messages = {"invalid": "This is no time of day; write it as 22:00."}

    def to_internal_value(self, data: Any) -> time:
        if not isinstance(data, str) or not re.fullmatch(CLOCK, data):
            self.fail("invalid")
        return time.fromisoformat(data)

    def to_representation(self, value: time) -> str:
        return f"{value:%H:%M}"


class WordsOutput(serializers.Serializer[Any]):
    en = serializers.CharField()
    ko = serializers.CharField()


class NotificationQuery(serializers.Serializer[Any]):
    state = serializers.ChoiceField(["unread", "read"], required=False)
    topic = serializers.CharField(required=False, max_length=60, help_text="A topic, or an area such as `markets`")
    severity = serializers.ChoiceField(Severity.choices, required=False)
    words = serializers.CharField(required=False, max_length=120, help_text="Words of title or text")
    days = serializers.IntegerField(required=False, min_value=1, max_value=3650, help_text="Only the newest days")


class NotificationOutput(serializers.ModelSerializer[Notification]):
    topic = serializers.CharField(source="event.topic")
    severity = serializers.CharField(source="event.severity")
    title = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField()
    url = serializers.CharField(source="event.url")
    data = serializers.DictField(source="event.data")

    class Meta:
        model = Notification
        fields = ("id", "created_at", "read_at", "topic", "severity", "title", "body", "url", "data")

    def get_title(self, row: Notification) -> dict[str, str]:
        return {"en": row.event.title_en, "ko": row.event.title_ko}

    def get_body(self, row: Notification) -> dict[str, str]:
        return {"en": row.event.body_en, "ko": row.event.body_ko}


class MarkInput(serializers.Serializer[Any]):
    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=500, help_text="Without them: all"
    )
    topic = serializers.CharField(required=False, max_length=60)
    read = serializers.BooleanField(required=False, default=True)


class MarkOutput(serializers.Serializer[Any]):
    changed = serializers.IntegerField()
    unread = serializers.IntegerField()


class TopicOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = WordsOutput()
    description = WordsOutput()
    severity = serializers.CharField()
    modes = serializers.DictField(child=serializers.CharField(), help_text="Channel to mode, as it holds for you")


class TopicsOutput(WholeList):
    results = TopicOutput(many=True)


class ChoiceInput(serializers.Serializer[Any]):
    topic = serializers.CharField(max_length=60)
    channel = serializers.ChoiceField(Channel.choices)
    mode = serializers.ChoiceField(Mode.choices)


class PreferenceInput(serializers.Serializer[Any]):
    choices = ChoiceInput(many=True, required=False)
    time_zone = serializers.CharField(required=False, max_length=64)
    quiet_from = ClockField(required=False, allow_null=True)
    quiet_to = ClockField(required=False, allow_null=True)
    daily_at = ClockField(required=False)
    muted_until = serializers.DateTimeField(required=False, allow_null=True)
    critical_anyway = serializers.BooleanField(required=False)


class PreferenceOutput(serializers.Serializer[Any]):
    choices = ChoiceInput(many=True)
    time_zone = serializers.CharField()
    quiet_from = ClockField(allow_null=True)
    quiet_to = ClockField(allow_null=True)
    daily_at = ClockField()
    muted_until = serializers.DateTimeField(allow_null=True)
    critical_anyway = serializers.BooleanField()


class DestinationQuery(serializers.Serializer[Any]):
    channel = serializers.ChoiceField([one.value for one in Destination.CHANNELS], required=False)


class DestinationInput(serializers.Serializer[Any]):
    channel = serializers.ChoiceField([one.value for one in Destination.CHANNELS])
    address = serializers.DictField(
        help_text="webhook: url, secret; email: email; sms: phone; slack: hook_url, or token and room; "
        "push: the browser's subscription"
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=80, default="")
    personal = serializers.BooleanField(required=False, default=True)
    topics = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list)
    mode = serializers.ChoiceField(Mode.choices, required=False, default=Mode.INSTANT)


class DestinationChange(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, allow_blank=True, max_length=80)
    topics = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    mode = serializers.ChoiceField(Mode.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class DestinationOutput(serializers.ModelSerializer[Destination]):
    """A destination without its secrets; `address` shows only what identifies it."""

    topics = serializers.ListField(child=serializers.CharField(), read_only=True)
    personal = serializers.SerializerMethodField()
    confirmed = serializers.SerializerMethodField()

    class Meta:
        model = Destination
        fields = (
            "id", "channel", "name", "address", "personal", "topics", "mode", "confirmed", "is_active", "problem",
            "last_sent_at", "created_at",
        )  # fmt: skip

    def get_personal(self, row: Destination) -> bool:
        return row.owner_id is not None  # type: ignore[attr-defined]

    def get_confirmed(self, row: Destination) -> bool:
        return row.confirmed_at is not None


class NewDestinationOutput(DestinationOutput):
    """A fresh destination; `secret` signs a webhook's messages and is not shown again."""

    secret = serializers.CharField(read_only=True, default="")

    class Meta(DestinationOutput.Meta):
        fields = (*DestinationOutput.Meta.fields, "secret")


class CodeInput(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=12)


class EventOutput(serializers.ModelSerializer[Event]):
    class Meta:
        model = Event
        fields = ("id", "topic", "title_en", "title_ko", "created_at")


class DeliveryQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(Delivery.Status.choices, required=False)
    channel = serializers.ChoiceField(Channel.choices, required=False)


class DeliveryOutput(serializers.ModelSerializer[Delivery]):
    events = EventOutput(many=True, read_only=True)
    digest = serializers.BooleanField(source="is_digest", read_only=True)

    class Meta:
        model = Delivery
        fields = (
            "id", "channel", "destination", "address", "status", "attempts", "next_attempt_at", "sent_at",
            "response_status", "error_code", "error", "digest", "is_test", "events", "created_at",
        )  # fmt: skip


class PushKeyOutput(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="What a browser subscribes with (applicationServerKey)")
