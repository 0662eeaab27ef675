"""Every error body of the reference and of the samples, and what the client does with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from procurement.g2b import (
    BadRequest,
    KeyRefused,
    ProviderFault,
    QuotaExhausted,
    RangeTooWide,
    TooFast,
    UnknownService,
    Unreadable,
    read_answer,
)

RECORDED = Path(__file__).resolve().parents[2] / "procurement" / "data" / "errors"
OPERATION = "getShoppingMallPrdctInfoList"


def gateway_xml(code: str, words: str) -> str:
    return (
        f"<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnAuthMsg>{words}</returnAuthMsg>"
        f"<returnReasonCode>{code}</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"
    )


def gateway_json(code: str, words: str) -> str:
    header = {"errMsg": "SERVICE ERROR", "returnAuthMsg": words, "returnReasonCode": code}
    return json.dumps({"OpenAPI_ServiceResponse": {"cmmMsgHeader": header}})


def provider(code: str) -> str:
    return json.dumps({"nkoneps.com.response.ResponseError": {"header": {"resultCode": code, "resultMsg": "에러"}}})


def usual(code: str) -> str:
    return json.dumps({"response": {"header": {"resultCode": code, "resultMsg": "에러"}, "body": {}}})


REACTIONS = [
    *[(code, ProviderFault, True) for code in ("01", "02", "04", "05", "99")],
    *[(code, BadRequest, False) for code in ("06", "08", "10", "11")],
    ("07", RangeTooWide, False),
    ("12", UnknownService, False),
    *[(code, KeyRefused, False) for code in ("20", "21", "29", "30", "31", "32")],
    ("22", QuotaExhausted, False),
    ("23", TooFast, True),
    ("77", ProviderFault, True),
]


@pytest.mark.parametrize(("code", "error", "retryable"), REACTIONS)
@pytest.mark.parametrize("shape", [usual, provider, lambda c: gateway_xml(c, "X"), lambda c: gateway_json(c, "X")])
def test_every_code_in_every_envelope_is_an_error_and_never_an_empty_answer(shape, code, error, retryable):
    with pytest.raises(error) as caught:
        read_answer(shape(code).encode(), operation=OPERATION)
    assert caught.value.retryable is retryable
    assert caught.value.details["reason_code"] == code


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("gateway_key_30.xml", 200, KeyRefused),
        ("gateway_key_30.xml", 403, KeyRefused),
        ("gateway_param_10.json", 400, BadRequest),
        ("gateway_quota_22.xml", 200, QuotaExhausted),
        ("gateway_quota_plain.txt", 429, QuotaExhausted),
        ("provider_range_07.json", 200, RangeTooWide),
        ("provider_required_08.json", 200, BadRequest),
    ],
)
def test_recorded_error_bodies(name, status, error):
    with pytest.raises(error):
        read_answer((RECORDED / name).read_bytes(), status=status, operation=OPERATION)


@pytest.mark.parametrize(
    ("text", "status", "error"),
    [
        ("Unauthorized", 401, KeyRefused),
        ("Forbidden", 403, KeyRefused),
        ("API not found", 404, UnknownService),
        ("API rate limit exceeded", 429, TooFast),
        ("API token quota exceeded", 429, QuotaExhausted),
        ("Error forwarding request to backend server", 502, ProviderFault),
        ("Error receiving response from backend server", 502, ProviderFault),
        ("Unexpected error(s)", 500, ProviderFault),
        ("<!DOCTYPE html><html><body>점검</body></html>", 200, Unreadable),
        ("<html><body>점검</body></html>", 503, Unreadable),
        ("", 200, Unreadable),
        ("", 429, TooFast),
        ('{"response":{"header":{"resu', 200, Unreadable),
        ("<response><header><resultCode>00", 200, Unreadable),
        ("{}", 200, Unreadable),
        ('{"response":{"body":{"items":[]}}}', 200, Unreadable),
        ("[1,2]", 200, Unreadable),
    ],
)
def test_plain_text_pages_and_broken_bodies(text, status, error):
    with pytest.raises(error):
        read_answer(text.encode(), status=status, operation=OPERATION)


@pytest.mark.parametrize("shape", [usual, provider])
def test_code_03_is_an_honest_empty_answer(shape):
    page = read_answer(shape("03").encode())
    assert (page.rows, page.total) == ([], 0)


@pytest.mark.parametrize(
    "items",
    ['""', "null", "[]", "{}", '{"item": []}', '{"item": ""}'],
)
def test_every_spelling_of_no_items_is_read_as_none(items):
    body = f'{{"response":{{"header":{{"resultCode":"00"}},"body":{{"items":{items},"totalCount":"0"}}}}}}'
    assert read_answer(body.encode()).rows == []


@pytest.mark.parametrize("items", ['[{"a":"1"}]', '{"item":[{"a":"1"}]}', '{"item":{"a":"1"}}', '[{"a":1}]'])
def test_rows_come_as_list_or_single_object_and_always_as_text(items):
    body = f'{{"response":{{"header":{{"resultCode":"0"}},"body":{{"items":{items},"totalCount":"1"}}}}}}'
    if '"resultCode":"0"' in body:
        body = body.replace('"resultCode":"0"', '"resultCode":"00"')
    page = read_answer(body.encode())
    assert page.rows == [{"a": "1"}]
    assert page.total == 1


@pytest.mark.parametrize(
    "name", ["getDlvrReqDtlInfoList", "getPrdctIndvAtrbInfoList02", "getShoppingMallPrdctInfoList"]
)
def test_xml_and_json_of_the_same_answer_give_the_same_rows(name):
    folder = RECORDED.parent / "samples"
    from_json = read_answer((folder / f"{name}.json").read_bytes())
    from_xml = read_answer((folder / f"{name}.xml").read_bytes())
    assert from_json == from_xml


def test_xml_with_entities_is_not_expanded():
    doctype = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
    bomb = doctype + b"<response><header><resultCode>&a;</resultCode></header></response>"
    with pytest.raises(Unreadable):
        read_answer(bomb)


async def test_a_key_error_stops_at_once(fixed_answer):
    client = fixed_answer((RECORDED / "gateway_key_30.xml").read_bytes())
    with pytest.raises(KeyRefused, match="code 30") as caught:
        await client.page(OPERATION, {"inqryDiv": "1"})
    assert client.calls == 1
    assert "활용신청" in caught.value.remedy


async def test_a_provider_fault_is_tried_four_times(fixed_answer):
    client = fixed_answer(provider("02"))
    with pytest.raises(ProviderFault):
        await client.page(OPERATION, {"inqryDiv": "1"})
    assert client.calls == 4


async def test_the_daily_quota_stops_every_client_of_the_key(fixed_answer):
    client = fixed_answer((RECORDED / "gateway_quota_22.xml").read_bytes())
    with pytest.raises(QuotaExhausted) as caught:
        await client.page(OPERATION, {"inqryDiv": "1"})
    assert caught.value.retry_after > 0
    # Given the upstream refused once, nothing more is sent today.
    with pytest.raises(QuotaExhausted):
        await client.page(OPERATION, {"inqryDiv": "1"})
    assert len(client.seen) == 1
    # Other operations have their own allowance.
    with pytest.raises(QuotaExhausted):
        await client.page("getDlvrReqInfoList", {"inqryDiv": "1"})
    assert len(client.seen) == 2


async def test_a_bare_429_on_the_first_call_of_a_run_means_the_quota(fixed_answer):
    client = fixed_answer("", status=429)
    with pytest.raises(QuotaExhausted):
        await client.page(OPERATION, {"inqryDiv": "1"})
    assert client.calls == 1


async def test_too_fast_is_waited_out(g2b, world):
    world.faults = [{"kind": "gateway-xml:23", "times": 2}]
    page = await g2b.page("getPrdctIndvAtrbInfoList02", {"prdctIdntNo": "23657020"})
    assert len(page.rows) == 9
    assert g2b.calls == 3
    assert await g2b.gate.store.get("g2b:test:calm") == b"1"


async def test_no_connection_names_the_operation_and_hides_the_key(make_client):
    import httpx2

    from procurement.g2b import G2bClient
    from procurement.sandbox import SANDBOX_KEY

    def refuse(request):
        raise httpx2.ConnectError(f"no route to {request.url}")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse), base_url="http://upstream.test") as http:
        client = G2bClient(http, SANDBOX_KEY, attempts=1)
        with pytest.raises(ProviderFault) as caught:
            await client.page(OPERATION, {"inqryDiv": "1"})
    assert OPERATION in str(caught.value)
    assert "Sandbox0Key" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
