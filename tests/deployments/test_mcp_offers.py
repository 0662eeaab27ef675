"""Prompts and resources: offered by templates, changed over REST, read by clients of every era."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError
from rest_framework.test import APIClient

from deployments.models import Deployment
from deployments.offers import Prompt, checked
from deployments.services import update_deployment
from portal.common.errors import Invalid
from tests.deployments.client import in_loop, sdk_client
from tests.deployments.conftest import Served
from workflows.models import Execution

Serve = Callable[..., Served]
ASK = {"name": "ask", "text": "Say {word}, {{not this}}.", "arguments": [{"name": "word", "required": True}]}


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_the_naramarket_template_offers_questions_and_texts(serve: Serve, mode: str) -> None:
    served = serve("naramarket-server")

    async def work() -> Any:
        async with sdk_client(served.path, served.headers, mode) as client:
            prompts = (await client.list_prompts()).prompts
            filled = await client.get_prompt("find_open_bids", {"business": "laptops"})
            resources = (await client.list_resources()).resources
            texts = [(await client.read_resource(item.uri)).contents[0] for item in resources]
            return prompts, filled, resources, texts

    prompts, filled, resources, texts = in_loop(work)

    assert [prompt.name for prompt in prompts] == ["find_open_bids", "suggest_bid_price", "compare_products"]
    assert [(a.name, a.required) for a in prompts[0].arguments] == [("business", True), ("region", False)]
    assert "still open for: laptops. Region: ." in filled.messages[0].content.text
    slug = served.deployment.slug
    assert [str(item.uri) for item in resources] == [
        f"portal://{slug}/{name}" for name in ("reading_guide", "categories", "server")
    ]
    assert texts[0].text.startswith("# How to read") and texts[0].mime_type == "text/markdown"
    assert "detail_class_no" in texts[1].text and texts[1].mime_type == "application/json"
    # A resource that reads is a call like any other.
    assert set(Execution.objects.values_list("tool", flat=True)) == {"list_categories", "server_info"}


def test_a_server_without_offers_does_not_advertise_them(serve: Serve) -> None:
    served = serve("echo")

    async def work() -> Any:
        async with sdk_client(served.path, served.headers, "legacy") as client:
            with pytest.raises(MCPError, match="Method not found"):
                await client.list_prompts()
            return client.server_capabilities

    capabilities = in_loop(work)
    assert capabilities.prompts is None and capabilities.resources is None and capabilities.tools is not None


def test_what_is_unknown_or_missing_is_said(serve: Serve) -> None:
    served = serve("echo")
    update_deployment(served.actor, served.deployment, prompts=[ASK], resources=[{"name": "note", "text": "Hi"}])

    async def work() -> list[str]:
        said = []
        async with sdk_client(served.path, served.headers) as client:
            for attempt in (
                client.get_prompt("nope"),
                client.get_prompt("ask", {}),
                client.read_resource(f"portal://{served.deployment.slug}/nope"),
                client.read_resource("file:///etc/passwd"),
            ):
                with pytest.raises(MCPError) as caught:
                    await attempt
                said.append(str(caught.value))
            filled = await client.get_prompt("ask", {"word": "{word}"})
            said.append(filled.messages[0].content.text)
        return said

    unknown, missing, no_resource, foreign, filled = in_loop(work)
    assert "There are ask" in unknown and "needs word" in missing
    assert "no such resource" in no_resource and "no such resource" in foreign
    assert filled == "Say {word}, {not this}."


def test_bytes_own_addresses_and_completion(serve: Serve) -> None:
    served = serve("echo")
    argument = {"name": "word", "choices": ["Seoul", "Sejong", "Busan"]}
    resource = {"name": "dot", "uri": "pictures://dot", "mime_type": "image/png", "blob": "iVBORw=="}
    update_deployment(served.actor, served.deployment, prompts=[{**ASK, "arguments": [argument]}], resources=[resource])

    async def work() -> Any:
        async with sdk_client(served.path, served.headers) as client:
            read = (await client.read_resource("pictures://dot")).contents[0]
            reference = types.PromptReference(type="ref/prompt", name="ask")
            found = await client.complete(reference, {"name": "word", "value": "se"})
            with pytest.raises(MCPError, match="no such prompt or argument"):
                await client.complete(reference, {"name": "other", "value": ""})
            return read, found.completion.values

    read, values = in_loop(work)
    assert (read.blob, read.mime_type) == ("iVBORw==", "image/png")
    assert values == ["Seoul", "Sejong"]


def test_a_change_is_served_without_a_new_revision(serve: Serve) -> None:
    served = serve("echo")
    api = APIClient()
    api.force_login(served.actor.user)
    url = f"/api/v1/deployments/{served.deployment.slug}"

    async def names() -> list[str]:
        async with sdk_client(served.path, served.headers) as client:
            return [prompt.name for prompt in (await client.list_prompts()).prompts]

    headers = {"HTTP_X_WORKSPACE": str(served.actor.workspace.pk)}
    first = api.patch(url, {"prompts": [ASK]}, format="json", **headers)
    assert first.status_code == 200, first.content
    assert first.json()["prompts"][0]["name"] == "ask" and first.json()["live_revision"] == 1
    assert in_loop(names) == ["ask"]

    again = api.patch(url, {"prompts": [{**ASK, "name": "other"}]}, format="json", **headers)
    assert again.status_code == 200 and in_loop(names) == ["other"]


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("prompts", [{"name": "Bad Name", "text": "x"}], "prompts.0.name"),
        ("prompts", [{"name": "a", "text": "{gone}"}], "no arguments: gone"),
        ("prompts", [{"name": "a", "text": "x"}, {"name": "a", "text": "y"}], "occurs twice"),
        ("prompts", [{"name": "a", "text": "x", "arguments": [{"name": "b"}, {"name": "b"}]}], "same name"),
        ("prompts", [{"name": f"p{number}", "text": "x"} for number in range(51)], "at most 50"),
        ("resources", [{"name": "a"}], "either a text, a blob or a tool"),
        ("resources", [{"name": "a", "text": "x", "tool": "echo"}], "either a text, a blob or a tool"),
        ("resources", [{"name": "a", "blob": "no base64!"}], "resources.0.blob"),
        ("resources", [{"name": "a", "text": "x", "uri": "no address"}], "resources.0.uri"),
        ("resources", [{"name": "a", "tool": "nope"}], "has no tool nope"),
        ("resources", [{"name": "a", "tool": "wipe"}], "only reads"),
        ("resources", "nonsense", "resources"),
    ],
)
def test_wrong_offers_are_refused_with_their_place(field: str, values: Any, said: str) -> None:
    tools = {"echo": {"readOnlyHint": True}, "wipe": {"readOnlyHint": False, "destructiveHint": True}}
    with pytest.raises(Invalid) as caught:
        checked(field, values, tools=tools)
    assert said in caught.value.explain() + str([problem.field for problem in caught.value.problems])


def test_nothing_is_stored_when_one_of_them_is_wrong(serve: Serve) -> None:
    served = serve("echo")
    with pytest.raises(Invalid):
        update_deployment(served.actor, served.deployment, name="Other", prompts=[{"name": "a", "text": "{b}"}])
    fresh = Deployment.objects.get(pk=served.deployment.pk)
    assert fresh.name != "Other" and fresh.prompts == []


def test_values_are_never_read_as_blanks_again() -> None:
    prompt = Prompt.model_validate({"name": "a", "text": "{b}{c}", "arguments": [{"name": "b"}, {"name": "c"}]})
    assert prompt.fill({"b": "{c}", "c": "!"}) == "{c}!"
