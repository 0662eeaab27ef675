"""Every kind of trigger with its configuration; the models give the forms and name every wrong field."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from integrations.sdk.schema import input_schema_of, problems_of
from portal.common.errors import Invalid
from workflows.triggers.config_base import TriggerConfig, check_plain
from workflows.triggers.config_doors import EmailConfig, FormConfig, WebhookConfig
from workflows.triggers.config_events import AfterConfig, ErrorConfig, EventConfig, SignalConfig
from workflows.triggers.config_schedule import ScheduleConfig
from workflows.triggers.models import Trigger

__all__ = [
    "CONFIGS",
    "WITH_ADDRESS",
    "AfterConfig",
    "EmailConfig",
    "ErrorConfig",
    "EventConfig",
    "FormConfig",
    "ScheduleConfig",
    "SignalConfig",
    "TriggerConfig",
    "WebhookConfig",
    "check_plain",
    "read_config",
    "schema_of",
]
Kind = Trigger.Kind
CONFIGS: dict[str, type[TriggerConfig]] = {
    Kind.SCHEDULE: ScheduleConfig,
    Kind.WEBHOOK: WebhookConfig,
    Kind.FORM: FormConfig,
    Kind.EMAIL: EmailConfig,
    Kind.EVENT: EventConfig,
    Kind.SIGNAL: SignalConfig,
    Kind.WORKFLOW: AfterConfig,
    Kind.ERROR: ErrorConfig,
}
#: Kinds that have an address of their own.
WITH_ADDRESS = (Kind.WEBHOOK, Kind.FORM, Kind.EMAIL)


def read_config(kind: str, values: dict[str, Any]) -> TriggerConfig:
    """The typed configuration; `Invalid` names each wrong field."""
    model = CONFIGS[kind]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Invalid("The trigger is not set up properly.", problems=problems_of(error, schema_of(kind))) from None


def schema_of(kind: str) -> dict[str, Any]:
    """The form of a kind as JSON Schema, with Korean words as `x-…-ko`."""
    return input_schema_of(CONFIGS[kind])
