"""Slack against its sandbox: messages, threads, paging, files, error words, signatures."""

import hashlib
import hmac

import httpx2
import pytest

from integrations.connectors.slack import sandbox
from integrations.connectors.slack.client import verify_signature
from integrations.sdk import AuthError, MemoryFiles, MissingCredential, RateLimited, Rejected, Unavailable

SIGNED = {"credential": sandbox.CREDENTIAL}
CHANNEL = "C0SANDBOX1"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(sandbox, "MESSAGES", sandbox._first_messages())
    monkeypatch.setattr(sandbox, "FILES", {})
    yield
    sandbox.app.state.faults.waiting.clear()


async def test_a_posted_message_is_read_back_over_pages(run):
    posted = await run("slack.post_message", SIGNED, channel="#일반", text="새 글")
    result = await run("slack.read_channel", SIGNED, channel="#일반", count=4)
    assert result["messages"][0]["ts"] == posted["ts"] and result["messages"][0]["text"] == "새 글"
    assert result["count"] == 4 and result["complete"] is False
    whole = await run("slack.read_channel", SIGNED, channel=CHANNEL)
    assert whole["count"] == 6 and whole["complete"] is True
    assert [one["ts"] for one in whole["messages"]] == sorted((one["ts"] for one in whole["messages"]), reverse=True)


async def test_a_thread_holds_its_answers(run):
    ts = "1760000200.000200"
    await run("slack.post_message", SIGNED, channel=CHANNEL, text="늦습니다", thread_ts=ts)
    result = await run("slack.read_thread", SIGNED, channel=CHANNEL, ts=ts)
    assert [one["text"] for one in result["messages"]][:3] == ["오늘 회의는 10시입니다", "참석합니다", "저도요"]
    assert result["messages"][-1]["text"] == "늦습니다"


async def test_only_own_messages_are_changed(run):
    changed = await run("slack.update_message", SIGNED, channel=CHANNEL, ts="1760000300.000300", text="고침")
    assert changed["text"] == "고침"
    with pytest.raises(Rejected) as caught:
        await run("slack.update_message", SIGNED, channel=CHANNEL, ts="1760000100.000100", text="남의 글")
    assert caught.value.error_code == "slack_cant_update_message" and caught.value.remedy


async def test_channels_and_people_are_listed_over_pages(run):
    channels = await run("slack.list_channels", SIGNED)
    assert [one["name"] for one in channels["channels"]] == ["일반", "입찰-알림", "운영"] and channels["complete"]
    assert (await run("slack.list_channels", SIGNED, private=False, archived=True))["count"] == 3
    people = await run("slack.list_users", SIGNED)
    assert [one["real_name"] for one in people["users"]] == ["김민지", "이준호"]
    assert (await run("slack.find_user", SIGNED, email="junho@sandbox.example"))["id"] == "U0JUNHO"


async def test_messages_are_found(run):
    result = await run("slack.search_messages", SIGNED, query="회의 in:#일반")
    assert result["count"] == 1 and result["messages"][0]["channel"] == CHANNEL and result["messages"][0]["permalink"]


async def test_a_file_takes_three_steps_and_the_token_stays_home(run):
    files = MemoryFiles()
    ref = await files.save("보고서.pdf", b"%PDF-1.7", "application/pdf")
    done = await run(
        "slack.upload_file", {**SIGNED, "files": files}, channel=CHANNEL, file=ref.model_dump(), comment="봐 주세요"
    )
    assert done["title"] == "보고서.pdf" and sandbox.FILES[done["id"]]["content"] == b"%PDF-1.7"


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("invalid_auth", AuthError),
        ("token_expired", AuthError),
        ("missing_scope", AuthError),
        ("ratelimited", RateLimited),
        ("internal_error", Unavailable),
        ("channel_not_found", Rejected),
        ("msg_too_long", Rejected),
        ("brand_new_word", Rejected),
    ],
)
async def test_error_words_become_errors(run, sandboxes, word, error):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=sandboxes), base_url="http://s") as http:
        body = {"ok": False, "error": word, "needed": "chat:write"}
        await http.post("/slack/__faults__", json={"status": 200, "retry_after": 11, "body": body})
    with pytest.raises(error) as caught:
        await run("slack.post_message", SIGNED, channel=CHANNEL, text="x")
    assert type(caught.value) is error
    if word == "ratelimited":
        assert caught.value.retry_after == 11
    elif word == "missing_scope":
        assert "chat:write" in caught.value.message
    else:
        assert word in caught.value.message


async def test_a_page_loop_is_found_out(run, sandboxes):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=sandboxes), base_url="http://s") as http:
        body = {"ok": True, "members": [], "response_metadata": {"next_cursor": "same"}}
        await http.post("/slack/__faults__", json={"status": 200, "times": 5, "body": body})
    with pytest.raises(Unavailable) as caught:
        await run("slack.list_users", SIGNED)
    assert caught.value.error_code == "page_loop"


async def test_a_wrong_and_a_missing_token(run):
    with pytest.raises(AuthError):
        await run("slack.list_users", {"credential": {"access_token": "xoxb-wrong"}})
    with pytest.raises(MissingCredential):
        await run("slack.list_users")


def test_signatures_of_slack_are_checked():
    secret, body, now = "8f742231b10e8888abcd99yyyzzz85a5", b"token=x&team_id=T1", 1531420618
    good = "v0=" + hmac.new(secret.encode(), b"v0:1531420618:" + body, hashlib.sha256).hexdigest()
    assert verify_signature(secret, "1531420618", body, good, now=now)
    assert not verify_signature(secret, "1531420618", body + b"!", good, now=now)
    assert not verify_signature("other", "1531420618", body, good, now=now)
    assert not verify_signature(secret, "1531420618", body, good, now=now + 301)
    assert not verify_signature(secret, "soon", body, good, now=now)
