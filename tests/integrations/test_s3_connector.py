"""S3 against its sandbox, which checks every signature, and against moto's server, which knows nothing of ours."""

import datetime as dt

import httpx2
import pytest

from integrations.connectors.s3 import sandbox
from integrations.connectors.s3.signing import Keys, presigned_query, signed_headers
from integrations.runtime import run_action
from integrations.sdk import AuthError, MemoryFiles, RateLimited, Rejected, Unavailable

SIGNED = {"credential": sandbox.CREDENTIAL}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(sandbox, "files", dict(sandbox.SAMPLES))
    yield
    sandbox.app.state.faults.waiting.clear()


async def test_files_go_there_and_back(run):
    files = MemoryFiles()
    options = {**SIGNED, "files": files}
    key = "새 폴더/a+b c&d='~.txt"
    ref = await files.save("x.bin", bytes(range(256)), "application/x-test")
    stored = await run("s3.put", options, key=key, file=ref.model_dump())
    assert stored["size"] == 256 and len(stored["etag"]) == 32
    got = await run("s3.get", options, key=key)
    assert got["file"]["sha256"] == ref.sha256 and got["file"]["name"] == "a+b c&d='~.txt"
    assert got["file"]["content_type"] == "application/x-test"
    await run("s3.delete", SIGNED, key=key)
    with pytest.raises(Rejected) as caught:
        await run("s3.get", SIGNED, key=key)
    assert caught.value.error_code == "upstream_not_found" and "NoSuchKey" in caught.value.message


async def test_listings_are_put_together_from_pages_and_say_whether_they_are_whole(run):
    found = await run("s3.list_files", SIGNED)
    assert [one["key"] for one in found["files"]] == ["readme.txt", "reports/2026-01.csv", "reports/2026-02.csv"]
    assert found["complete"] is True and found["files"][1]["size"] == 8
    part = await run("s3.list_files", SIGNED, count=2)
    assert part["count"] == 2 and part["complete"] is False
    level = await run("s3.list_files", SIGNED, folders=True)
    assert level["folders"] == ["reports/"] and level["count"] == 1


async def test_a_listing_that_leads_in_a_circle_is_noticed(run, monkeypatch):
    body = (
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>"
        "</ListBucketResult>"
    )
    options = {**SIGNED, "transport": httpx2.MockTransport(lambda request: httpx2.Response(200, text=body))}
    with pytest.raises(Unavailable) as caught:
        await run("s3.list_files", options)
    assert caught.value.error_code == "page_loop"


@pytest.mark.parametrize(
    ("status", "code", "error", "ours"),
    [
        (403, "AccessDenied", AuthError, "not_allowed"),
        (403, "InvalidAccessKeyId", AuthError, "auth_error"),
        (404, "NoSuchBucket", Rejected, "upstream_not_found"),
        (409, "OperationAborted", Rejected, "upstream_conflict"),
        (301, "PermanentRedirect", Rejected, "rejected"),
        (503, "SlowDown", RateLimited, "rate_limited"),
        (429, "", RateLimited, "rate_limited"),
        (500, "InternalError", Unavailable, "unavailable"),
    ],
)
async def test_errors_of_s3_become_the_right_one(run, status, code, error, ours):
    body = f"<Error><Code>{code}</Code><Message>as asked</Message></Error>"
    answer = httpx2.Response(status, text=body, headers={"Retry-After": "7"})
    with pytest.raises(error) as caught:
        await run("s3.get", {**SIGNED, "transport": httpx2.MockTransport(lambda request: answer)}, key="x")
    assert caught.value.error_code == ours
    if error is RateLimited:
        assert caught.value.retry_after == 7


async def test_a_document_with_entities_is_refused(run):
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ListBucketResult><Prefix>&b;</Prefix></ListBucketResult>'
    )
    options = {**SIGNED, "transport": httpx2.MockTransport(lambda request: httpx2.Response(200, text=bomb))}
    with pytest.raises(Unavailable):
        await run("s3.list_files", options)


@pytest.mark.parametrize("fault", [{"status": 429, "retry_after": 3}, {"broken": "html"}, {"broken": "drop"}])
async def test_prepared_faults_of_the_sandbox(run, sandboxes, fault):
    transport = httpx2.ASGITransport(app=sandboxes)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
        await client.post("/s3/__faults__", json=fault)
    with pytest.raises((RateLimited, Unavailable)):
        await run("s3.list_files", SIGNED)


async def test_a_wrong_secret_is_noticed_and_a_missing_bucket_named(run):
    with pytest.raises(AuthError):
        await run("s3.get", {"credential": {**sandbox.CREDENTIAL, "secret_key": "wrong"}}, key="readme.txt")
    with pytest.raises(Rejected, match="No bucket"):
        await run("s3.get", {"credential": {**sandbox.CREDENTIAL, "bucket": ""}}, key="readme.txt")


def test_the_signature_is_the_one_of_the_documentation():
    """The GET Object example of "Signature calculations for the authorization header" in the S3 API reference."""
    keys = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    now = dt.datetime(2013, 5, 24, tzinfo=dt.UTC)
    host = "examplebucket.s3.amazonaws.com"
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = signed_headers(keys, "GET", host, "/test.txt", {}, {"Range": "bytes=0-9"}, empty, now)
    assert headers["authorization"].endswith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    link = presigned_query(keys, "GET", host, "/test.txt", {}, 86400, now)
    assert link.endswith("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


async def test_another_s3_server_agrees(monkeypatch):
    """moto's own server over a socket: put, list, get, a link used by a plain client, delete."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    monkeypatch.setenv("S3_BASE_URL", address)
    credential = {"access_key": "AKIAEXAMPLE", "secret_key": "secret", "bucket": "shelf"}
    files = MemoryFiles()

    async def call(name, **params):
        return await run_action(f"s3.{name}", params, credential=credential, files=files)

    try:
        async with httpx2.AsyncClient() as plain:
            assert (await plain.put(f"{address}/shelf")).status_code == 200
            await call("put", key="한글/a b+c.txt", text="내용")
            for number in range(3):
                await call("put", key=f"n/{number}", text=str(number))
            found = await call("list_files")
            assert [one["key"] for one in found["files"]] == ["n/0", "n/1", "n/2", "한글/a b+c.txt"]
            assert (await call("list_files", folders=True))["folders"] == ["n/", "한글/"]
            got = await call("get", key="한글/a b+c.txt")
            assert got["file"]["size"] == len("내용".encode())
            link = await call("presign", key="한글/a b+c.txt", seconds=60)
            assert (await plain.get(link["url"])).text == "내용"
            await call("delete", key="n/0")
            assert (await call("list_files", prefix="n/"))["count"] == 2
            with pytest.raises(Rejected):
                await call("get", key="n/0")
    finally:
        server.stop()
