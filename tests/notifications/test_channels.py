"""Each channel's wire format, judged against its public specification or its stand-in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import smtplib
import time
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from django.core import mail

from integrations.sandbox_server import discover_sandboxes
from portal.common import http
from portal.common.errors import Conflict, Invalid, LimitReached
from portal.notifications import deliveries, destinations, push_crypto, sandbox
from portal.notifications.channels import base, email, push, slack, sms
from portal.notifications.channels.webhook import sign
from portal.notifications.destinations import destination_create, destination_test
from portal.notifications.models import Channel, Delivery, Destination, Mode
from portal.notifications.preferences import save_matrix
from portal.notifications.publish import notify
from portal.notifications.topics import Words
from portal.workspaces.services import Actor
from tests.notifications.conftest import TOPIC, Receiver


def test_the_signature_is_that_of_the_specification() -> None:
    # The vector that the libraries of Standard Webhooks test against.
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https://user:pass@example.com/"}, "url"),
        ({"url": "https://example.com/", "secret": "short"}, "secret"),
        ({"url": "https://example.com/", "secret": "whsec_" + base64.b64encode(b"x" * 8).decode()}, "secret"),
        ({}, "url"),
    ],
)
def test_a_wrong_webhook_names_its_field(owner: Actor, values: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        destination_create(owner, Channel.WEBHOOK, values)
    assert [problem.field for problem in caught.value.problems] == [field]


# Web push ----------------------------------------------------------------------------------------------------

#: RFC 8291, appendix A.
RFC = {
    "plaintext": b"When I grow up, I want to be a watermelon",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    "receiver": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "receiver_private": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
    "sender_private": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "salt": "DGv6ra1nlYgDCS1FRnbzlw",
    "body": (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    ),
}


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(push_crypto.decode(text)), push_crypto.CURVE)


def test_a_push_message_is_sealed_as_in_the_rfc() -> None:
    body = push_crypto.encrypt(
        RFC["plaintext"],  # type: ignore[arg-type]
        RFC["receiver"],  # type: ignore[arg-type]
        RFC["auth"],  # type: ignore[arg-type]
        sender=private(RFC["sender_private"]),  # type: ignore[arg-type]
        salt=push_crypto.decode(RFC["salt"]),  # type: ignore[arg-type]
    )
    assert push_crypto.encode(body) == RFC["body"]


def unseal(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What the browser does with a message."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, length = body[:16], body[20]
    sender_point, sealed = body[21 : 21 + length], body[21 + length :]
    sender = ec.EllipticCurvePublicKey.from_encoded_point(push_crypto.CURVE, sender_point)
    shared = key.exchange(ec.ECDH(), sender)
    own = push_crypto.point(key.public_key())
    material = push_crypto._hkdf(auth, shared, b"WebPush: info\x00" + own + sender_point, 32)
    content = push_crypto._hkdf(salt, material, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = push_crypto._hkdf(salt, material, b"Content-Encoding: nonce\x00", 12)
    return AESGCM(content).decrypt(nonce, sealed, None).rstrip(b"\x00").removesuffix(b"\x02")


def subscription() -> dict[str, Any]:
    keys = {"p256dh": RFC["receiver"], "auth": RFC["auth"]}
    return {"endpoint": "https://push.example.net/send/abc", "expirationTime": None, "keys": keys}


def test_a_browser_can_read_what_it_gets(owner: Actor, sent: list[str], receiver: Receiver) -> None:
    destination_create(owner, Channel.PUSH, subscription(), name="Chrome, Android")
    notify(owner.workspace, TOPIC, "가격이 내렸습니다", "🏠" * 3000, "/properties/")

    delivery = Delivery.objects.get()
    done = deliveries.deliver(delivery.pk)

    assert done is not None and done.status == "sent"
    (request,) = receiver.requests
    head = request.headers
    assert head["content-encoding"] == "aes128gcm" and int(head["ttl"]) > 0 and len(request.content) <= 4096
    note = json.loads(
        unseal(request.content, private(RFC["receiver_private"]), push_crypto.decode(RFC["auth"]))  # type: ignore[arg-type]
    )
    assert note["title"] == "가격이 내렸습니다" and note["url"].endswith("/properties/")
    scheme, token, key = head["authorization"].replace(",", "").split()
    assert scheme == "vapid" and key == f"k={push.vapid().public}"
    signed, _, signature = token.removeprefix("t=").rpartition(".")
    raw = push_crypto.decode(signature)
    public = push.vapid().private.public_key()
    der = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(push_crypto.decode(signed.partition(".")[2]))
    assert claims["aud"] == "https://push.example.net" and claims["sub"].startswith("mailto:")
    assert 0 < claims["exp"] - time.time() <= 86_400


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_left_is_forgotten(owner: Actor, sent: list[str], receiver: Receiver, status: int) -> None:
    place, _ = destination_create(owner, Channel.PUSH, subscription())
    receiver.answers = [httpx2.Response(status)]
    event = notify(owner.workspace, TOPIC, "x")
    assert event is not None

    deliveries.deliver(event.deliveries.get().pk)

    place.refresh_from_db()
    assert not place.is_active


def test_the_same_secret_gives_the_same_key_and_a_set_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = push_crypto.Vapid.derived("a", "mailto:x@y"), push_crypto.Vapid.derived("b", "mailto:x@y")
    assert one.public == push_crypto.Vapid.derived("a", "mailto:x@y").public != two.public
    assert push_crypto.Vapid.from_text(one.private_text, "mailto:x@y").public == one.public


def test_a_subscription_with_broken_keys_is_refused(owner: Actor) -> None:
    for keys in ({}, {"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": RFC["auth"], "auth": RFC["auth"]}):
        with pytest.raises(Invalid):
            destination_create(owner, Channel.PUSH, {**subscription(), "keys": keys})


# Slack -------------------------------------------------------------------------------------------------------


def test_slack_gets_blocks_with_harmless_text(owner: Actor, receiver: Receiver, sent: list[str]) -> None:
    hook = "https://hooks.slack.com/services/T0/B0/secret"
    destination_create(owner, Channel.SLACK, {"hook_url": hook}, personal=False)
    event = notify(owner.workspace, TOPIC, "A <b> & c", "<!channel> hello", "/runs/")
    assert event is not None

    deliveries.deliver(event.deliveries.get().pk)

    body = json.loads(receiver.requests[0].content)
    text = body["blocks"][0]["text"]["text"]
    assert "A &lt;b&gt; &amp; c" in text and "<!channel>" not in text and "/runs/|" in text
    assert "secret" not in Destination.objects.get().address


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"ok": True, "ts": "1"}, "sent"),
        ({"ok": False, "error": "ratelimited"}, "pending"),
        ({"ok": False, "error": "msg_too_long"}, "failed"),
        ({"ok": False, "error": "channel_not_found"}, "failed"),
    ],
)
def test_the_words_of_slacks_api_are_understood(
    owner: Actor, receiver: Receiver, sent: list[str], answer: dict[str, Any], status: str
) -> None:
    values = {"token": "xoxb-sandbox-token", "room": "C0SANDBOX2"}
    place, _ = destination_create(owner, Channel.SLACK, values, personal=False)
    receiver.answers = [httpx2.Response(200, json=answer)]
    event = notify(owner.workspace, TOPIC, "x")
    assert event is not None

    done = deliveries.deliver(event.deliveries.get().pk)

    assert done is not None and done.status == status
    assert receiver.requests[0].url.path == "/slack/chat.postMessage"
    place.refresh_from_db()
    assert place.is_active is (answer.get("error") != "channel_not_found")


def test_only_slack_itself_is_an_incoming_webhook(owner: Actor) -> None:
    for url in ("https://hooks.slack.com.evil.example/services/x", "http://hooks.slack.com/services/x"):
        with pytest.raises(Invalid):
            destination_create(owner, Channel.SLACK, {"hook_url": url})


# Text messages -----------------------------------------------------------------------------------------------


@pytest.fixture
def solapi(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The stand-in of Solapi in place of the network; gives what it accepted."""
    real = http.client
    transport = httpx2.ASGITransport(app=discover_sandboxes().apps["/solapi"][1])

    class Mounted(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            request.url = request.url.copy_with(path=request.url.path.removeprefix("/solapi"))
            return await transport.handle_async_request(request)

    monkeypatch.setattr(base.http, "client", lambda **options: real(**options, transport=Mounted()))
    sandbox.sent.clear()
    return sandbox.sent


def code_in(text: str) -> str:
    return next(word for word in text.replace(".", " ").split() if word.isdigit() and len(word) == 6)


def test_a_number_confirms_itself_and_receives(
    owner: Actor, solapi: list[dict[str, Any]], sent: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    place, _ = destination_create(owner, Channel.SMS, {"phone": "+82 10-1234-5678"})
    assert not place.is_usable and place.address == "010-****-5678"
    assert solapi[0]["to"] == "01012345678" and solapi[0]["from"] == sandbox.SENDER
    code = code_in(solapi[0]["text"])

    with pytest.raises(Invalid):
        destinations.confirm(owner, place.pk, "000000" if code != "000000" else "111111")
    assert destinations.confirm(owner, place.pk, code).is_usable
    delivery = destination_test(owner, place.pk)

    assert delivery.status == "sent" and "test message" in solapi[1]["text"]
    rows = str(list(Destination.objects.values())) + str(list(Delivery.objects.values())) + caplog.text
    assert code not in rows and "01012345678" not in rows


def test_a_code_can_be_tried_five_times(owner: Actor, solapi: list[dict[str, Any]]) -> None:
    place, _ = destination_create(owner, Channel.SMS, {"phone": "010-1234-5678"})
    code = code_in(solapi[0]["text"])
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(destinations.CODE_TRIES):
        with pytest.raises(Invalid):
            destinations.confirm(owner, place.pk, wrong)

    with pytest.raises(Invalid):
        destinations.confirm(owner, place.pk, code)


def test_nobody_is_flooded_with_codes(owner: Actor, solapi: list[dict[str, Any]]) -> None:
    place, _ = destination_create(owner, Channel.SMS, {"phone": "010-1234-5678"})

    for _ in range(destinations.CODES_A_DAY - 1):
        destinations.send_code(owner, place)

    with pytest.raises(LimitReached):
        destinations.send_code(owner, place)
    assert len(solapi) == destinations.CODES_A_DAY


def test_a_number_that_is_refused_is_final_and_a_fault_is_not(
    owner: Actor, solapi: list[dict[str, Any]], sent: list[str]
) -> None:
    place, _ = destination_create(owner, Channel.SMS, {"phone": "010-1234-5678"})
    destinations.confirm(owner, place.pk, code_in(solapi[0]["text"]))
    sandbox._fault.update(status=503, times=1)
    busy = destination_test(owner, place.pk)
    assert (busy.status, busy.error_code) == ("failed", "http_503")
    assert destination_test(owner, place.pk).status == "sent"

    with pytest.raises(base.Undeliverable) as caught:
        destination_create(owner, Channel.SMS, {"phone": "010-1234-0000"})
    assert caught.value.error_code == "sms_1062"


def test_the_signature_of_solapi_is_over_date_and_salt() -> None:
    place = sms.site("solapi", live="https://api.solapi.com", sandbox="/solapi")
    header = sms.Solapi(place, "KEY", "SECRET", "021").authorization("2026-01-01T00:00:00+00:00", "a" * 32)
    expected = hmac.new(b"SECRET", b"2026-01-01T00:00:00+00:00" + b"a" * 32, hashlib.sha256).hexdigest()
    assert header.endswith(f"signature={expected}") and "SECRET" not in header


def test_long_texts_are_cut_as_the_networks_count() -> None:
    text = sms.shorten("가" * 2000)
    assert len(text.encode("euc-kr", "ignore")) <= sms.MAX_BYTES and text.endswith("…")
    assert sms.shorten("short") == "short"


# E-mail ------------------------------------------------------------------------------------------------------


def test_a_further_address_confirms_itself_and_ones_own_is_there_already(owner: Actor) -> None:
    with pytest.raises(Conflict):
        destination_create(owner, Channel.EMAIL, {"email": owner.user.email.upper()})
    other, _ = destination_create(owner, Channel.EMAIL, {"email": "team@example.com"}, personal=False)

    assert not other.is_usable
    (letter,) = mail.outbox
    assert letter.to == ["team@example.com"]
    assert destinations.confirm(owner, other.pk, code_in(letter.subject)).is_usable


def test_letters_are_in_the_readers_language_and_hold_no_markup(owner: Actor, sent: list[str]) -> None:
    owner.user.language = "ko"
    owner.user.save()
    save_matrix(owner, {(TOPIC, Channel.EMAIL): Mode.INSTANT})
    notify(owner.workspace, TOPIC, Words("<script>x</script>\r\nBcc: a@b.c", "<script>글</script>\r\nBcc: a@b.c"), "b")
    deliveries.deliver(Delivery.objects.get().pk)

    (hostile,) = mail.outbox
    assert "글" in hostile.subject and "받을 알림과 방법 고르기" in hostile.body
    assert "\n" not in hostile.subject and "<script>" not in hostile.alternatives[0][0]
    assert hostile.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.c": (550, b"no such user a@b.c")}), "failed"),
        (smtplib.SMTPRecipientsRefused({"a@b.c": (451, b"greylisted")}), "pending"),
        (smtplib.SMTPResponseException(554, b"spam"), "failed"),
        (smtplib.SMTPServerDisconnected("gone"), "pending"),
        (ConnectionRefusedError(), "pending"),
    ],
)
def test_mail_servers_words_are_understood(
    owner: Actor, sent: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    save_matrix(owner, {(TOPIC, Channel.EMAIL): Mode.INSTANT})
    notify(owner.workspace, TOPIC, "x")
    monkeypatch.setattr(email.EmailMultiAlternatives, "send", refuse)

    done = deliveries.deliver(Delivery.objects.get().pk)

    assert done is not None and done.status == status
    assert "a@b.c" not in done.error


def test_slack_is_where_upstreams_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slack.web_api().mode == "sandbox" and slack.web_api().trusted_url
    assert slack.site("slack", live="https://slack.com/api", sandbox="/slack", custom="http://gateway/x/").base_url == (
        "http://gateway/x"
    )
