"""Limits and quotas of tool calls: per server, key, client, tool and workspace, the same in every process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from django.urls import reverse

from deployments.mcp.auth import Principal
from deployments.mcp.limits import take
from deployments.mcp.target import load_target
from deployments.models import Deployment, DeploymentKey
from deployments.services import create_key
from portal.common import hub
from portal.notifications.models import Event
from portal.notifications.notices import QUOTA_REACHED, QUOTA_WARNING
from portal.workspaces.models import Plan, Usage
from portal.workspaces.usage import KeyLimits, read_meters
from portal.workspaces.usage_copy import copy_usage
from tests.deployments.client import BOTH, http, in_loop, modern, request
from tests.deployments.conftest import Served
from tests.pages.conftest import client_of
from workflows.models import Execution

Serve = Callable[..., Served]


def put_on_plan(served: Served, **limits: int) -> None:
    workspace = served.actor.workspace
    workspace.plan = Plan.objects.create(name=f"plan of {workspace.pk}", **limits)
    workspace.save()


async def calls(served: Served, count: int, *, key: str = "", client: str = "") -> list[httpx2.Response]:
    """Tool calls of the modern era, one after the other."""
    body, headers = modern("tools/call", {"name": "echo", "arguments": {"text": "x"}}, name="echo")
    if client:
        body["params"]["_meta"]["io.modelcontextprotocol/clientInfo"] = {"name": client, "version": "1"}
    authorization = {"Authorization": f"Bearer {key}"} if key else served.headers
    async with http({**headers, **authorization}) as web:
        return [await web.post(served.path, json=body) for _ in range(count)]


def refused(answer: httpx2.Response) -> dict[str, Any]:
    """The error data of a refused call."""
    result = answer.json()["result"]
    assert result["isError"] is True
    data: dict[str, Any] = result["_meta"]["portal/error"]
    return data


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"workspace_per_minute": 2}, "workspace"),
        ({"key_per_minute": 2}, "key"),
        ({"client_per_minute": 2}, "client"),
        ({"tool_per_minute": 2}, "tool"),
        ({"daily_calls": 2}, "day"),
        ({"monthly_calls": 2}, "month"),
    ],
)
def test_each_limit_of_the_plan_refuses_the_third_call(serve: Serve, limits: dict[str, int], name: str) -> None:
    served = serve()
    put_on_plan(served, **limits)

    answers = in_loop(lambda: calls(served, 3))

    assert [answer.json()["result"].get("isError", False) for answer in answers] == [False, False, True]
    error = refused(answers[2])
    assert error["details"]["limit"] == name and error["remedy"] and error["retry_after"] > 0
    assert error["code"] == ("quota_reached" if name in {"day", "month"} else "limit_reached")
    assert f"Try again in {answers[2].headers['retry-after']} s" in answers[2].json()["result"]["content"][0]["text"]
    assert f'"{name}";r=0;' in answers[2].headers["ratelimit"]
    assert Execution.objects.count() == 2, "a refused call starts nothing"


def test_every_era_tells_what_is_left(serve: Serve) -> None:
    served = serve()
    put_on_plan(served, workspace_per_minute=60, daily_calls=10)
    Deployment.objects.update(rate_limit=600)

    async def work() -> list[httpx2.Response]:
        new = await calls(served, 1)
        async with http({**served.headers, **BOTH}) as web:
            old = await web.post(served.path, json=request("tools/call", {"name": "echo", "arguments": {"text": "x"}}))
        return [*new, old]

    new, old = in_loop(work)

    assert new.headers["ratelimit-policy"] == '"server";q=600;w=60, "workspace";q=60;w=60, "day";q=10;w=86400'
    assert '"workspace";r=59;t=1' in new.headers["ratelimit"] and '"day";r=9;' in new.headers["ratelimit"]
    assert '"day";r=8;' in old.headers["ratelimit"] and "retry-after" not in old.headers


def test_keys_and_clients_have_buckets_of_their_own(serve: Serve) -> None:
    served = serve()
    put_on_plan(served, key_per_minute=1, client_per_minute=1)
    _, other = create_key(served.actor, served.deployment, "Other")

    async def work() -> list[bool]:
        answers = [*await calls(served, 2), *await calls(served, 1, key=other)]
        return [answer.json()["result"].get("isError", False) for answer in answers]

    assert in_loop(work) == [False, True, False]


def test_a_key_may_have_a_smaller_quota_than_its_workspace(serve: Serve) -> None:
    served = serve()
    put_on_plan(served, daily_calls=100)
    DeploymentKey.objects.filter(deployment=served.deployment).update(daily_calls=1)
    _, other = create_key(served.actor, served.deployment, "Other")

    async def work() -> list[httpx2.Response]:
        return [*await calls(served, 2), *await calls(served, 1, key=other)]

    first, second, third = in_loop(work)

    assert refused(second)["details"]["limit"] == "key-day"
    assert not first.json()["result"].get("isError") and not third.json()["result"].get("isError")


def test_a_limit_reached_in_one_loop_counts_in_the_next(serve: Serve) -> None:
    served = serve()
    put_on_plan(served, workspace_per_minute=2)
    in_loop(lambda: calls(served, 2))

    (answer,) = in_loop(lambda: calls(served, 1))

    assert refused(answer)["details"]["limit"] == "workspace"


def test_a_call_costs_one_round_trip_to_redis_and_no_row(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()
    put_on_plan(served, **dict.fromkeys(("workspace_per_minute", "key_per_minute", "client_per_minute"), 50))
    Plan.objects.update(tool_per_minute=50, daily_calls=50, monthly_calls=50)
    Deployment.objects.update(rate_limit=50)
    sent: list[str] = []

    async def work() -> None:
        target = await load_target(served.deployment.slug)
        assert target is not None
        who = Principal(id="key:1", kind="key", label="k", client_name="c", limits=KeyLimits(9, 9, 9))
        await take(target, who, "echo")  # the first one loads the script
        real = hub.client().execute_command

        async def watched(*arguments: Any, **options: Any) -> Any:
            sent.append(arguments[0])
            return await real(*arguments, **options)

        monkeypatch.setattr(hub.client(), "execute_command", watched)
        monkeypatch.setattr("portal.common.pg.connection", None)
        decision = await take(target, who, "echo")
        assert len(decision.standings) == 9

    in_loop(work)

    assert sent == ["EVALSHA"]


def told() -> list[str]:
    return list(Event.objects.order_by("id").values_list("topic", flat=True))


def test_usage_is_copied_warned_of_and_survives_redis(serve: Serve, _redis_client: Any) -> None:
    served = serve()
    put_on_plan(served, daily_calls=5)
    in_loop(lambda: calls(served, 4))

    copy_usage()
    copy_usage()

    row = Usage.objects.get(period="day", subject="")
    assert (row.calls, row.refused) == (4, 0) and row.warned_at and not row.stopped_at
    assert told() == [QUOTA_WARNING]

    _redis_client.flushdb()
    copy_usage()

    assert read_meters(served.actor.workspace)[0].used == 4
    answers = in_loop(lambda: calls(served, 2))
    assert refused(answers[1])["code"] == "quota_reached"
    copy_usage()
    row.refresh_from_db()
    assert (row.calls, row.refused) == (5, 1) and row.stopped_at
    assert told() == [QUOTA_WARNING, QUOTA_REACHED]


def test_a_key_is_made_with_limits_and_keeps_them_when_rotated(serve: Serve) -> None:
    served = serve()
    client = client_of(served.actor)
    page = reverse("deployments:key-create", args=[served.deployment.slug])

    made = client.post(page, {"label": "CI", "per_minute": "30", "daily_calls": "5", "monthly_calls": ""})

    key = DeploymentKey.objects.get(label="CI")
    assert (key.per_minute, key.daily_calls, key.monthly_calls) == (30, 5, 0)
    assert "30 a minute" in made.content.decode() and "5 a day" in made.content.decode()
    client.post(reverse("deployments:key-rotate", args=[served.deployment.slug, key.pk]))
    assert DeploymentKey.objects.filter(label="CI", daily_calls=5, per_minute=30).count() == 2
    for wrong in ("0", "-1", "many", "99999999999"):
        assert client.post(page, {"label": "Wrong", "daily_calls": wrong}).status_code == 422
    assert not DeploymentKey.objects.filter(label="Wrong").exists()
