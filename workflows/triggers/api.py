"""Triggers over REST."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.registry import localise
from integrations.sdk.schema import input_schema_of
from portal.common.api import body_of
from portal.common.rest import ListView, RestView, WholeList, whole
from portal.workspaces.roles import Permission
from workflows import selectors
from workflows.triggers import services
from workflows.triggers.addresses import address_of
from workflows.triggers.config import CONFIGS, WITH_ADDRESS, ScheduleConfig, read_config, schema_of
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.slots import next_slots


class TriggerOutput(serializers.ModelSerializer[Trigger]):
    has_secret = serializers.SerializerMethodField()
    address = serializers.SerializerMethodField(help_text="Where requests, mails or people go")
    next_runs = serializers.SerializerMethodField(help_text="The next five moments of a schedule")

    class Meta:
        model = Trigger
        fields = (
            "id", "workflow", "kind", "name", "is_on", "config", "input", "has_secret", "address", "next_runs",
            "next_at", "test_until", "last_fired_at", "last_error", "failures", "created_at",
        )  # fmt: skip

    def get_has_secret(self, trigger: Trigger) -> bool:
        return trigger.sealed is not None

    def get_address(self, trigger: Trigger) -> str | None:
        return address_of(trigger)

    def get_next_runs(self, trigger: Trigger) -> list[str]:
        return [slot.isoformat() for slot in services.upcoming(trigger)] if trigger.is_on else []


class TriggerInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=sorted(CONFIGS))
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    config = serializers.DictField(required=False, help_text="As GET /trigger-kinds describes it")
    input = serializers.DictField(required=False, help_text="Values of the workflow's inputs, with {{ event.… }}")
    is_on = serializers.BooleanField(required=False, default=True)


class TriggerPatch(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=120)
    config = serializers.DictField(required=False, help_text="The whole configuration; a secret left out stays")
    input = serializers.DictField(required=False)
    is_on = serializers.BooleanField(required=False)


class FiringOutput(serializers.ModelSerializer[Firing]):
    execution_state = serializers.CharField(source="execution.state", allow_null=True, default=None)

    class Meta:
        model = Firing
        fields = ("id", "key", "state", "is_test", "execution", "execution_state", "message", "due_at", "created_at")


class FiringDetail(FiringOutput):
    event = serializers.SerializerMethodField()

    class Meta(FiringOutput.Meta):
        fields = (*FiringOutput.Meta.fields, "event", "replay_of")

    def get_event(self, firing: Firing) -> Any:
        return firing.event.get("event")


class FiredOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.CharField()
    message = serializers.CharField(allow_blank=True)
    execution = serializers.UUIDField(allow_null=True)


class PreviewInput(serializers.Serializer[Any]):
    config = serializers.DictField(help_text="Configuration of a schedule")


class PreviewOutput(serializers.Serializer[Any]):
    cron = serializers.ListField(child=serializers.CharField())
    days = serializers.CharField()
    next_runs = serializers.ListField(child=serializers.DateTimeField())


class KindOutput(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    config_schema = serializers.DictField()
    has_address = serializers.BooleanField()


class KindsOutput(WholeList):
    results = KindOutput(many=True)


class FiringQuery(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Firing.State.values, required=False)


def _language() -> str:
    return get_language() or "en"


def _fired(fired: Any) -> Response:
    body = {
        "id": fired.firing.pk,
        "state": fired.firing.state,
        "message": fired.firing.message,
        "execution": fired.firing.execution_id,
    }
    return Response(FiredOutput(body).data, status=202)


def kinds(language: str) -> list[dict[str, Any]]:
    """Every kind with its words and the schema of its configuration."""
    return [
        {
            "kind": kind,
            "title": model.title.in_language(language),
            "description": model.about.in_language(language),
            "config_schema": localise(schema_of(kind), language),
            "has_address": kind in WITH_ADDRESS,
        }
        for kind, model in CONFIGS.items()
    ]


def events(language: str) -> list[dict[str, Any]]:
    """Every event of a connector that a trigger can listen to."""
    return [
        {
            "id": source.id,
            "connector": source.connector.id,
            "title": f"{source.connector.title.in_language(language)} · {source.title.in_language(language)}",
            "description": source.description.in_language(language),
            "every_seconds": int(source.interval),
            "params_schema": localise(input_schema_of(source.params_model), language),
        }
        for source in services.connector_triggers().values()
    ]


class Kinds(RestView):
    permissions: ClassVar = {"get": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="trigger_kinds_list", responses=KindsOutput)
    def get(self, request: Request) -> Response:
        """Every kind of trigger with the schema of its configuration."""
        return Response(whole(kinds(_language())))


class Triggers(ListView[Trigger]):
    """What starts a workflow by itself."""

    permissions: ClassVar = {"get": Permission.WORKFLOW_READ, "post": Permission.WORKFLOW_UPDATE}
    serializer_class = TriggerOutput
    once = frozenset({"post"})

    def rows(self) -> Any:
        workflow = selectors.get_workflow(self.request.actor.workspace, self.kwargs["workflow_id"])
        return Trigger.objects.for_workspace(self.request.actor.workspace).filter(workflow=workflow)

    @extend_schema(operation_id="triggers_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The triggers of a workflow, with the next five moments of schedules."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="triggers_create", request=TriggerInput, responses={201: TriggerOutput})
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Add a trigger; it is on at once unless `is_on` says otherwise."""
        values = body_of(request, TriggerInput)
        trigger = services.create_trigger(request.actor, workflow_id, values.pop("kind"), **values)
        return Response(TriggerOutput(trigger).data, status=201)


class TriggerItem(RestView):
    permissions: ClassVar = {
        "get": Permission.WORKFLOW_READ,
        "patch": Permission.WORKFLOW_UPDATE,
        "delete": Permission.WORKFLOW_UPDATE,
    }

    @extend_schema(operation_id="triggers_read", responses=TriggerOutput)
    def get(self, request: Request, workflow_id: UUID, trigger_id: UUID) -> Response:
        """One trigger."""
        return Response(TriggerOutput(services.get_trigger(request.actor, workflow_id, trigger_id)).data)

    @extend_schema(operation_id="triggers_update", request=TriggerPatch, responses=TriggerOutput)
    def patch(self, request: Request, workflow_id: UUID, trigger_id: UUID) -> Response:
        """Change a trigger, or switch it on or off."""
        values = body_of(request, TriggerPatch)
        return Response(TriggerOutput(services.update_trigger(request.actor, workflow_id, trigger_id, **values)).data)

    @extend_schema(operation_id="triggers_delete", responses={204: None})
    def delete(self, request: Request, workflow_id: UUID, trigger_id: UUID) -> Response:
        """Delete a trigger with its history; its runs stay."""
        services.delete_trigger(request.actor, workflow_id, trigger_id)
        return Response(status=204)


class Test(RestView):
    permissions: ClassVar = {"post": Permission.WORKFLOW_EXECUTE}
    once = frozenset({"post"})

    @extend_schema(operation_id="triggers_test", request=None, responses={202: FiredOutput})
    def post(self, request: Request, workflow_id: UUID, trigger_id: UUID) -> Response:
        """Run the draft with the newest real event, or with a sample of the kind."""
        return _fired(services.test_trigger(request.actor, workflow_id, trigger_id))


class Listen(RestView):
    permissions: ClassVar = {"post": Permission.WORKFLOW_EXECUTE}

    @extend_schema(operation_id="triggers_listen", request=None, responses=TriggerOutput)
    def post(self, request: Request, workflow_id: UUID, trigger_id: UUID) -> Response:
        """For three minutes, requests to the address run the draft, also while the trigger is off."""
        return Response(TriggerOutput(services.listen_for_test(request.actor, workflow_id, trigger_id)).data)


class Address(RestView):
    permissions: ClassVar = {"post": Permission.WORKFLOW_UPDATE}

    @extend_schema(operation_id="triggers_new_address", request=None, responses=TriggerOutput)
    def post(self, request: Request, workflow_id: UUID, trigger_id: UUID) -> Response:
        """Replace the address; the old one answers 404 from now on."""
        return Response(TriggerOutput(services.new_address(request.actor, workflow_id, trigger_id)).data)


class Firings(ListView[Firing]):
    """What a trigger did."""

    permissions: ClassVar = {"get": Permission.EXECUTION_READ}
    serializer_class = FiringOutput
    query: ClassVar = {"get": FiringQuery}

    def rows(self) -> Any:
        trigger = services.get_trigger(self.request.actor, self.kwargs["workflow_id"], self.kwargs["trigger_id"])
        found = services.history_of(trigger)
        return found.filter(state=state) if (state := self.asked.get("state")) else found

    @extend_schema(operation_id="triggers_events_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The events of a trigger, newest first."""
        return super().get(request, *args, **kwargs)


class FiringItem(RestView):
    permissions: ClassVar = {"get": Permission.EXECUTION_PAYLOAD}

    @extend_schema(operation_id="triggers_events_read", responses=FiringDetail)
    def get(self, request: Request, workflow_id: UUID, trigger_id: UUID, firing_id: UUID) -> Response:
        """One event with its stored content."""
        trigger = services.get_trigger(request.actor, workflow_id, trigger_id)
        return Response(FiringDetail(services.get_firing(trigger, firing_id)).data)


class Replay(RestView):
    permissions: ClassVar = {"post": Permission.WORKFLOW_EXECUTE}
    once = frozenset({"post"})

    @extend_schema(operation_id="triggers_events_replay", request=None, responses={202: FiredOutput})
    def post(self, request: Request, workflow_id: UUID, trigger_id: UUID, firing_id: UUID) -> Response:
        """Run a stored event again, as a run of its own."""
        return _fired(services.replay(request.actor, workflow_id, trigger_id, firing_id))


class Preview(RestView):
    permissions: ClassVar = {"post": Permission.WORKFLOW_READ}

    @extend_schema(operation_id="triggers_preview", request=PreviewInput, responses=PreviewOutput)
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """How a schedule is understood, and its next five moments, without storing anything."""
        from django.utils import timezone

        selectors.get_workflow(request.actor.workspace, workflow_id)
        config = read_config("schedule", body_of(request, PreviewInput)["config"])
        assert isinstance(config, ScheduleConfig)
        parsed, rule = config.parsed()
        slots = next_slots(parsed, timezone.now(), config.zone, rule, config.on_closed)
        body = {"cron": [config.understood], "days": rule, "next_runs": slots}
        return Response(PreviewOutput(body).data)
