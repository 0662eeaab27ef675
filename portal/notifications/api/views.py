"""The person's inbox, preferences, destinations and delivery log over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.common.api import body_of
from portal.common.rest import ListView, RestView, whole
from portal.notifications import deliveries, destinations, inbox, preferences, selectors
from portal.notifications.api import serializers as shapes
from portal.notifications.channels.push import vapid
from portal.notifications.models import Delivery, Destination, Notification
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

READ = Permission.DATA_READ


def _actor(request: Request) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@extend_schema_view(get=extend_schema(operation_id="notifications_list"))
class Notifications(ListView[Notification]):
    """Your notifications in the workspace, newest first."""

    permissions = {"get": READ}
    serializer_class = shapes.NotificationOutput
    query = {"get": shapes.NotificationQuery}

    def rows(self) -> Any:
        return selectors.filtered(selectors.inbox(_actor(self.request)), **self.asked)


class OneNotification(RestView):
    """One of your notifications."""

    permissions = {"get": READ}

    @extend_schema(operation_id="notifications_read", responses=shapes.NotificationOutput)
    def get(self, request: Request, notification_id: UUID) -> Response:
        """One of your notifications; reading it here does not mark it."""
        row = inbox.notification_of(_actor(request), notification_id)
        return Response(shapes.NotificationOutput(row).data)


class Mark(RestView):
    """Marks notifications as read or unread."""

    permissions = {"post": READ}

    @extend_schema(operation_id="notifications_mark", request=shapes.MarkInput, responses=shapes.MarkOutput)
    def post(self, request: Request) -> Response:
        """Mark some or all of your notifications as read, or as unread again."""
        actor = _actor(request)
        destinations.require_own_write(actor)
        asked = body_of(request, shapes.MarkInput)
        changed = inbox.mark(actor, asked.get("ids"), read=asked["read"], topic=asked.get("topic", ""))
        assert actor.user is not None
        return Response({"changed": changed, "unread": selectors.unread_count(actor.user.pk, actor.workspace.pk)})


class Topics(RestView):
    """What people can be told about."""

    permissions = {"get": READ}

    @extend_schema(operation_id="notifications_topics", responses=shapes.TopicsOutput)
    def get(self, request: Request) -> Response:
        """Every topic, with the modes that hold for you."""
        rows = [
            {
                "id": row.topic.id,
                "title": {"en": row.topic.title.en, "ko": row.topic.title.ko},
                "description": {"en": row.topic.description.en, "ko": row.topic.description.ko},
                "severity": row.topic.severity,
                "modes": row.modes,
            }
            for row in preferences.matrix(_actor(request))
        ]
        return Response(whole(rows))


class Preferences(RestView):
    """Your choices: what you are told on which channel, quiet hours, digest time and pause."""

    permissions = {"get": READ, "patch": READ}

    def _answer(self, actor: Actor) -> Response:
        hours = preferences.hours(actor)
        choices = [
            {"topic": row.topic.id, "channel": channel, "mode": mode}
            for row in preferences.matrix(actor)
            for channel, mode in row.modes.items()
        ]
        return Response(
            shapes.PreferenceOutput(
                {
                    "choices": choices,
                    **{name: getattr(hours, name) for name in preferences.HOUR_FIELDS},
                }
            ).data
        )

    @extend_schema(operation_id="notifications_preferences_read", responses=shapes.PreferenceOutput)
    def get(self, request: Request) -> Response:
        """Your choices, defaults filled in."""
        return self._answer(_actor(request))

    @extend_schema(
        operation_id="notifications_preferences_change",
        request=shapes.PreferenceInput,
        responses=shapes.PreferenceOutput,
    )
    def patch(self, request: Request) -> Response:
        """Change some of your choices; what is not named stays."""
        actor = _actor(request)
        asked = body_of(request, shapes.PreferenceInput)
        preferences.change(
            actor,
            {(one["topic"], one["channel"]): one["mode"] for one in asked.pop("choices", [])},
            asked,
        )
        return self._answer(actor)


class Destinations(ListView[Destination]):
    """Your destinations, and the workspace's if you may see connections."""

    permissions = {"get": READ, "post": READ}
    serializer_class = shapes.DestinationOutput
    query = {"get": shapes.DestinationQuery}
    once = frozenset({"post"})

    def rows(self) -> Any:
        return selectors.destinations_of(_actor(self.request)).filter(**self.asked)

    @extend_schema(operation_id="notifications_destinations_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your destinations, and the workspace's if you may see connections."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="notifications_destinations_create",
        request=shapes.DestinationInput,
        responses={201: shapes.NewDestinationOutput},
    )
    def post(self, request: Request) -> Response:
        """Add a destination. Mail addresses and phone numbers get a code first; a webhook's secret is shown once."""
        asked = body_of(request, shapes.DestinationInput)
        channel, address = asked.pop("channel"), asked.pop("address")
        place, secret = destinations.destination_create(_actor(request), channel, address, **asked)
        place.secret = secret  # type: ignore[attr-defined]
        return Response(shapes.NewDestinationOutput(place).data, status=status.HTTP_201_CREATED)


class OneDestination(RestView):
    """One destination: read, change, remove."""

    permissions = {"get": READ, "patch": READ, "delete": READ}

    @extend_schema(operation_id="notifications_destinations_read", responses=shapes.DestinationOutput)
    def get(self, request: Request, destination_id: UUID) -> Response:
        """One destination, without its secrets."""
        return Response(shapes.DestinationOutput(destinations.destination_of(_actor(request), destination_id)).data)

    @extend_schema(
        operation_id="notifications_destinations_change",
        request=shapes.DestinationChange,
        responses=shapes.DestinationOutput,
    )
    def patch(self, request: Request, destination_id: UUID) -> Response:
        """Rename a destination, choose its topics, switch it on or off."""
        asked = body_of(request, shapes.DestinationChange)
        place = destinations.destination_update(_actor(request), destination_id, **asked)
        return Response(shapes.DestinationOutput(place).data)

    @extend_schema(operation_id="notifications_destinations_delete", responses={204: None})
    def delete(self, request: Request, destination_id: UUID) -> Response:
        """Remove a destination and its secrets."""
        destinations.destination_delete(_actor(request), destination_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TestDestination(RestView):
    """Sends a test message."""

    permissions = {"post": READ}

    @extend_schema(operation_id="notifications_destinations_test", request=None, responses=shapes.DeliveryOutput)
    def post(self, request: Request, destination_id: UUID) -> Response:
        """Send a test message now; the answer says how it went."""
        return Response(shapes.DeliveryOutput(destinations.destination_test(_actor(request), destination_id)).data)


class ConfirmDestination(RestView):
    """Confirms a mail address or a phone number."""

    permissions = {"post": READ}

    @extend_schema(
        operation_id="notifications_destinations_confirm",
        request=shapes.CodeInput,
        responses=shapes.DestinationOutput,
    )
    def post(self, request: Request, destination_id: UUID) -> Response:
        """Enter the code that arrived at the address."""
        code = body_of(request, shapes.CodeInput)["code"]
        return Response(shapes.DestinationOutput(destinations.confirm(_actor(request), destination_id, code)).data)


@extend_schema_view(get=extend_schema(operation_id="notifications_deliveries_list"))
class Deliveries(ListView[Delivery]):
    """What was sent to you, and to the workspace's destinations if you may see connections."""

    permissions = {"get": READ}
    serializer_class = shapes.DeliveryOutput
    query = {"get": shapes.DeliveryQuery}

    def rows(self) -> Any:
        return selectors.deliveries_of(_actor(self.request)).filter(**self.asked)


class RetryDelivery(RestView):
    """Tries a failed delivery again."""

    permissions = {"post": READ}

    @extend_schema(operation_id="notifications_deliveries_retry", request=None, responses=shapes.DeliveryOutput)
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Try a failed delivery again."""
        return Response(shapes.DeliveryOutput(deliveries.retry(_actor(request), delivery_id)).data)


class PushKey(RestView):
    """The key that browsers subscribe to push messages with."""

    permissions = {"get": READ}

    @extend_schema(operation_id="notifications_push_key", responses=shapes.PushKeyOutput)
    def get(self, request: Request) -> Response:
        """The key that browsers subscribe to push messages with."""
        return Response({"key": vapid().public})
