"""The page of a form trigger: the workflow's inputs as fields, for members or for everybody with the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from integrations.registry import localise
from portal.common.bridge import run_async
from portal.common.errors import Invalid, NotFound
from portal.common.ids import random_token
from portal.workspaces.models import Membership
from workflows import dispatch
from workflows.dispatch import Outcome
from workflows.triggers.config import FormConfig
from workflows.triggers.doors import open_door, take_place
from workflows.triggers.fire import fire, runnable
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.values import fit, type_of

WAIT_SECONDS = 25.0
MAX_FIELD = 100_000


@dataclass(slots=True)
class Field:
    """One input as a form control."""

    name: str
    label: str
    help: str
    kind: str
    value: str
    choices: list[str]
    is_required: bool
    error: str = ""
    step: str = ""
    low: Any = None
    high: Any = None


def fields_of(schema: dict[str, Any], values: dict[str, str], problems: dict[str, str]) -> list[Field]:
    """The controls of an input schema, in its order."""
    required = set(schema.get("required", ()))
    return [
        _field(name, part, values.get(name), name in required, problems.get(name, ""))
        for name, part in schema.get("properties", {}).items()
        if name != "event"
    ]


def _field(name: str, part: dict[str, Any], given: str | None, is_required: bool, error: str) -> Field:
    kind, choices = type_of(part), [str(one) for one in part.get("enum", ()) if one is not None]
    control = "text"
    if choices:
        control = "select"
    elif kind == "boolean":
        control = "checkbox"
    elif kind in ("integer", "number"):
        control = "number"
    elif kind in ("object", "array") or int(part.get("maxLength", 0)) > 300 or part.get("x-widget") == "textarea":
        control = "textarea"
    elif part.get("format") in ("date", "email"):
        control = str(part["format"])
    default = part.get("default")
    start = "" if default is None else ("true" if default is True else "" if default is False else str(default))
    return Field(
        name=name,
        label=str(part.get("title") or name.replace("_", " ").capitalize()),
        help=str(part.get("description") or ""),
        kind=control,
        value=start if given is None else given,
        choices=choices,
        # A field that has a default may stay empty.
        is_required=is_required and default is None and control != "checkbox",
        error=error,
        step="1" if kind == "integer" else "any",
        low=part.get("minimum"),
        high=part.get("maximum"),
    )


@never_cache
def form(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form, or take what was filled in and start the run."""
    trigger, is_test = open_door(token, (Trigger.Kind.FORM,))
    config = FormConfig.model_validate(trigger.config)
    if (refusal := _refusal(request, trigger, config)) is not None:
        return refusal
    _, _, plan = runnable(trigger.workflow, is_test=is_test)
    schema = localise(dict(plan.inputs), get_language() or "en")
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    message = ""
    if request.method == "POST":
        take_place(trigger, config.per_minute)
        values = {name: str(request.POST.get(name, ""))[:MAX_FIELD] for name in schema.get("properties", {})}
        try:
            return _send(request, trigger, values, schema, plan, is_test)
        except Invalid as error:
            problems = {item.field.split(".")[0].split("[")[0]: item.message for item in error.problems}
            message = "" if problems and set(problems) <= set(values) else error.explain()
    page = {
        "trigger": trigger,
        "config": config,
        "fields": fields_of(schema, values, problems),
        "nonce": request.POST.get("nonce") or random_token(24),
        "message": message,
        "is_test": is_test,
        "needs_login": config.access == "members",
    }
    response = render(request, "workflows/trigger_form.html", page, status=422 if request.method == "POST" else 200)
    response["X-Robots-Tag"] = "noindex"
    return response


def _refusal(request: HttpRequest, trigger: Trigger, config: FormConfig) -> HttpResponse | None:
    if config.access == "public":
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not Membership.objects.filter(workspace_id=trigger.workspace_id, user_id=request.user.pk).exists():
        raise NotFound("There is nothing at this address.")
    return None


def _send(
    request: HttpRequest, trigger: Trigger, values: dict[str, str], schema: dict[str, Any], plan: Any, is_test: bool
) -> HttpResponse:
    properties: dict[str, Any] = schema.get("properties", {})
    answers: dict[str, Any] = {}
    for name, text in values.items():
        kind = type_of(properties[name])
        if kind == "boolean":
            answers[name] = text in {"true", "on"}
        elif text.strip():
            answers[name] = fit(text, properties[name])
    user = request.user if request.user.is_authenticated else None
    event = {**answers, "submitted_by": user.email if user else ""}
    if not trigger.input:
        plan.prepare_input({name: value for name, value in answers.items() if name != "event"})
    # The number of the page that was filled in: a second press of the button is the same answer.
    nonce = request.POST.get("nonce", "")[:60] or random_token(24)
    fired = fire(
        trigger,
        f"form:{nonce}",
        event,
        fields=answers,
        is_test=is_test,
        user_id=user.pk if user else None,
        label=user.email if user else trigger.name,
    )
    if fired.firing.state == Firing.State.FAILED:
        raise Invalid(fired.firing.message)
    return redirect("workflows:trigger-form-sent", token=trigger.token, firing_id=fired.firing.pk)


@never_cache
def form_sent(request: HttpRequest, token: str, firing_id: UUID) -> HttpResponse:
    """Thanks, and the result where the form shows it."""
    trigger, _ = open_door(token, (Trigger.Kind.FORM,))
    config = FormConfig.model_validate(trigger.config)
    if (refusal := _refusal(request, trigger, config)) is not None:
        return refusal
    firing = trigger.firings.select_related("execution").filter(pk=firing_id).first()
    if firing is None:
        raise NotFound("There is nothing at this address.")
    outcome: Outcome | None = None
    if config.show_result and firing.execution is not None:
        run = firing.execution
        outcome = Outcome(run.pk, run.state, run.output, run.error)
        if not outcome.is_done:
            started = outcome
            outcome = run_async(lambda: dispatch.wait_for_end(started, WAIT_SECONDS))
    page = {"trigger": trigger, "config": config, "firing": firing, "outcome": outcome}
    response = render(request, "workflows/trigger_form_sent.html", page)
    response["X-Robots-Tag"] = "noindex"
    return response
