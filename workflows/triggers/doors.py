"""What happens behind `/hooks/<token>`: webhooks and inbound mail, from the check of the sender to the answer."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from integrations.files import WorkspaceFiles
from portal.common.bridge import run_async
from portal.common.errors import Invalid, LimitReached, NotAuthenticated, NotFound, PortalError, TooLarge
from portal.common.hub import sync_client
from portal.common.ids import random_token
from portal.common.problems import problem_response
from workflows import dispatch
from workflows.dispatch import Outcome
from workflows.models import Execution
from workflows.triggers import mails, senders
from workflows.triggers.config import EmailConfig, WebhookConfig
from workflows.triggers.config_doors import MAX_BODY
from workflows.triggers.events import mail_fields
from workflows.triggers.fire import Fired, fire
from workflows.triggers.models import Firing, Trigger
from workflows.triggers.services import secret_of

_PRIVATE = {"authorization", "cookie", "proxy-authorization"}
#: Headers that a workflow may set in its answer.
_ANSWER_HEADERS = {"cache-control", "content-language", "content-type", "etag", "location", "retry-after"}


def open_door(token: str, kinds: tuple[str, ...]) -> tuple[Trigger, bool]:
    """The trigger of an address, and whether this is a test. What is off does not exist."""
    found = Trigger.objects.select_related("workflow", "data_key").filter(token=token, kind__in=kinds).first()
    is_test = found is not None and found.test_until is not None and found.test_until > timezone.now()
    if found is None or not (found.is_on or is_test):
        raise NotFound("There is nothing at this address.")
    return found, is_test


def take_place(trigger: Trigger, per_minute: int) -> None:
    """Count a request against the trigger's limit a minute."""
    minute = int(time.time() // 60)
    key = f"trigger:{trigger.pk}:{minute}"
    pipeline = sync_client().pipeline()
    pipeline.incr(key)
    pipeline.expire(key, 120)
    if int(pipeline.execute()[0]) > per_minute:
        raise LimitReached("Too many requests came in this minute.", retry_after=60 - time.time() % 60)


@csrf_exempt
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """A request to a webhook or an inbound mail."""
    try:
        trigger, is_test = open_door(token, (Trigger.Kind.WEBHOOK, Trigger.Kind.EMAIL))
        if trigger.kind == Trigger.Kind.EMAIL:
            response = _mail(request, trigger, is_test)
        else:
            response = _webhook(request, trigger, is_test)
    except PortalError as error:
        response = problem_response(error, request)
        if isinstance(error, NotAuthenticated):
            response["WWW-Authenticate"] = 'Basic realm="webhook"'
    add_never_cache_headers(response)
    return response


def _body(request: HttpRequest, limit: int) -> bytes:
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > limit:
        raise TooLarge(f"The body is larger than {limit:,} bytes.")
    try:
        body = request.body
    except (RequestDataTooBig, RawPostDataException):
        raise TooLarge(f"The body is larger than {limit:,} bytes.") from None
    if len(body) > limit:
        raise TooLarge(f"The body is larger than {limit:,} bytes.")
    return body


def _webhook(request: HttpRequest, trigger: Trigger, is_test: bool) -> HttpResponse:
    config = WebhookConfig.model_validate(trigger.config)
    if request.method not in config.methods:
        response = JsonResponse({"detail": "This method is not accepted here."}, status=405)
        response["Allow"] = ", ".join(config.methods)
        return response
    take_place(trigger, config.per_minute)
    body = _body(request, config.max_bytes)
    if not senders.is_genuine(config, secret_of(trigger), request.headers, body):
        raise NotAuthenticated("The sender could not be verified.", remedy="Check signature, header or password.")
    parsed = _parsed(request, body)
    if config.check == "slack" and isinstance(parsed, dict) and parsed.get("type") == "url_verification":
        return HttpResponse(str(parsed.get("challenge", ""))[:500], content_type="text/plain")
    secret_header = config.header.lower() if config.check in ("header", "hmac") else ""
    query = {name: values[-1] if len(values) == 1 else values for name, values in request.GET.lists()}
    event = {
        "method": request.method,
        "headers": {
            name.lower(): value
            for name, value in request.headers.items()
            if name.lower() not in _PRIVATE and name.lower() != secret_header
        },
        "query": query,
        "body": parsed,
        "received_at": timezone.now().isoformat(),
    }
    fields = {**query, **(parsed if isinstance(parsed, dict) else {})}
    fired = fire(trigger, _key_of(request, config, parsed), event, fields=fields, is_test=is_test)
    return answer(fired, config.wait_seconds if config.answer == "result" else 0.0)


def _key_of(request: HttpRequest, config: WebhookConfig, parsed: Any) -> str:
    """The sender's own id of the event, so that a repeated delivery runs once; a random one where it has none."""
    names = [config.dedupe_header, "Idempotency-Key"]
    if config.check == "github":
        names.insert(0, "X-GitHub-Delivery")
    for name in names:
        if name and (value := request.headers.get(name)):
            return f"id:{value}"
    if config.check == "slack" and isinstance(parsed, dict) and parsed.get("event_id"):
        return f"id:{parsed['event_id']}"
    return f"request:{random_token(20)}"


def _parsed(request: HttpRequest, body: bytes) -> Any:
    """The body as data where its type says so, as text, or as base64."""
    kind = (request.content_type or "").lower()
    if not body:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid("The body is no valid JSON.", remedy=f"{error}"[:200]) from None
    if kind == "application/x-www-form-urlencoded":
        return {name: values[-1] if len(values) == 1 else values for name, values in request.POST.lists()}
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode(), "content_type": kind, "size": len(body)}


def answer(fired: Fired, wait: float) -> HttpResponse:
    """202 with the run's id, or the run's result."""
    firing, outcome = fired.firing, fired.outcome
    if firing.state == Firing.State.FAILED:
        raise Invalid(firing.message or "The input does not fit the workflow.", code="input_does_not_fit")
    body: dict[str, Any] = {"id": str(firing.pk), "state": firing.state, "replayed": not fired.is_new}
    if outcome is not None:
        body["execution"] = str(outcome.execution_id)
    if not wait or outcome is None:
        return JsonResponse(body, status=202)
    ended = outcome if outcome.is_done else run_async(lambda: dispatch.wait_for_end(outcome, wait))
    if not ended.is_done:
        return JsonResponse({**body, "state": ended.state}, status=202)
    response = _of_result(ended)
    response["X-Execution"] = str(ended.execution_id)
    if not fired.is_new:
        response["X-Replayed"] = "true"
    return response


def _of_result(ended: Outcome) -> HttpResponse:
    """The output as JSON; or what the workflow puts under `response`: status, headers, body."""
    if ended.state != Execution.State.SUCCEEDED:
        error = ended.error or {}
        body = {"code": error.get("code", ended.state), "message": error.get("message", "The run did not succeed.")}
        return JsonResponse(body, status=500)
    wanted = ended.output.get("response") if isinstance(ended.output, dict) else None
    if not isinstance(wanted, dict) or not {"status", "headers", "body"} & wanted.keys():
        return JsonResponse(ended.output, safe=False)
    status = wanted.get("status", 200)
    is_status = isinstance(status, int) and not isinstance(status, bool) and 200 <= status <= 599
    content = wanted.get("body")
    response = (
        HttpResponse(content, content_type="text/plain; charset=utf-8")
        if isinstance(content, str)
        else JsonResponse(content, safe=False)
    )
    response.status_code = status if is_status else 200
    for name, value in (wanted.get("headers") or {}).items():
        if str(name).lower() in _ANSWER_HEADERS or str(name).lower().startswith("x-"):
            response[str(name)] = str(value).replace("\r", " ").replace("\n", " ")[:2000]
    # Whatever the workflow writes is shown without our origin's rights.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:"
    return response


def _mail(request: HttpRequest, trigger: Trigger, is_test: bool) -> HttpResponse:
    config = EmailConfig.model_validate(trigger.config)
    if request.method != "POST":
        response = JsonResponse({"detail": "Mails are sent here with POST."}, status=405)
        response["Allow"] = "POST"
        return response
    take_place(trigger, 120)
    if not senders.is_mail_service(config, secret_of(trigger), request.headers):
        raise NotAuthenticated("The password of the mail service is wrong.")
    mail = _read_mail(request)
    if not mails.fits(mail.event, config.senders, config.subject):
        # Accepted, so that the mail service does not try again.
        return JsonResponse({"state": "ignored"}, status=202)
    seen = mail.event["message_id"] or hashlib.sha256(orjson.dumps(mail.event)).hexdigest()
    key = f"mail:{seen}"
    if mail.files and not Firing.objects.filter(trigger=trigger, key=key).exists():
        mail.event["attachments"] = _save(trigger, mail.files)
    return answer(fire(trigger, key, mail.event, fields=mail_fields(mail.event), is_test=is_test), 0.0)


def _read_mail(request: HttpRequest) -> mails.Mail:
    kind = (request.content_type or "").lower()
    if kind == "multipart/form-data":
        length = request.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            raise TooLarge(f"The mail is larger than {MAX_BODY:,} bytes.")
        files = [
            (file.name or "attachment", file.content_type or "application/octet-stream", file.read())
            for name in request.FILES
            for file in request.FILES.getlist(name)
        ]
        return mails.from_form({name: str(value) for name, value in request.POST.items()}, files)
    body = _body(request, MAX_BODY)
    if kind == "application/x-www-form-urlencoded":
        return mails.from_form({name: str(value) for name, value in request.POST.items()}, [])
    if kind == "application/json":
        try:
            values = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Invalid("The body is no valid JSON.") from None
        if not isinstance(values, dict):
            raise Invalid("The mail must be a JSON object.")
        return mails.from_json(values)
    return mails.from_mime(body)


def _save(trigger: Trigger, files: list[tuple[str, str, bytes]]) -> list[dict[str, Any]]:
    """Attachments as references that nodes can read."""
    store = WorkspaceFiles(str(trigger.workspace_id))

    async def save() -> list[dict[str, Any]]:
        return [(await store.save(name, content, kind)).model_dump(mode="json") for name, kind, content in files]

    return run_async(save)
