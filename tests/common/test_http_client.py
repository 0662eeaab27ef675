"""The guarded client against real sockets: rebinding, redirects, size, time, cookies, TLS names."""

import asyncio
import gzip
import zlib
from contextlib import asynccontextmanager

import pytest

from portal.common.http import Budget, Policy, Refused, Unreachable, client

LOCAL = "http://127.0.0.1"


@asynccontextmanager
async def server(answer):
    """A raw HTTP server; `answer(head, writer)` writes what it likes."""
    seen = []

    async def handle(reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                seen.append(head.decode())
                await answer(head.decode(), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1], seen
    finally:
        listener.close()


def reply(body=b"ok", status="200 OK", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def always(data):
    async def answer(head, writer):
        writer.write(data)

    return answer


def resolver_of(table, calls=None):
    async def resolve(host, port):
        if calls is not None:
            calls.append(host)
        found = table[host]
        return found.pop(0) if isinstance(found[0], list) else found

    return resolve


async def test_a_private_host_named_by_the_operator_is_reached():
    async with server(always(reply(b"hello"))) as (port, _), client(trusted_url=f"{LOCAL}:{port}") as http:
        assert (await http.get(f"{LOCAL}:{port}/x")).text == "hello"


async def test_a_name_that_leads_to_a_private_address_is_refused():
    async with server(always(reply())) as (port, seen):
        async with client(resolver=resolver_of({"evil.example": ["127.0.0.1"]})) as http:
            with pytest.raises(Refused) as caught:
                await http.get(f"http://evil.example:{port}/")
        assert caught.value.error_code == "address_refused"
        assert "127.0.0.1" not in caught.value.explain()
        assert seen == []


async def test_one_private_address_among_public_ones_refuses_the_name():
    async with client(resolver=resolver_of({"mixed.example": ["8.8.8.8", "10.0.0.1"]})) as http:
        with pytest.raises(Refused):
            await http.get("http://mixed.example/")


async def test_the_checked_address_is_dialled_and_the_name_looked_up_once(monkeypatch):
    dialled, calls = [], []

    async def record(self, host, port, *rest, **options):
        import httpcore2

        dialled.append(host)
        raise httpcore2.ConnectError("stop here")

    monkeypatch.setattr("httpcore2.AnyIOBackend.connect_tcp", record)
    # The second answer would be the rebinding; it must never be asked for.
    table = {"rebind.example": [["93.184.216.34"], ["127.0.0.1"]]}
    async with client(resolver=resolver_of(table, calls)) as http:
        with pytest.raises(Unreachable):
            await http.get("http://rebind.example/")
        assert dialled == ["93.184.216.34"] and calls == ["rebind.example"]
        with pytest.raises(Refused):
            await http.get("http://rebind.example/")
    assert dialled == ["93.184.216.34"]


async def test_tls_is_bound_to_the_name_not_to_the_address(monkeypatch):
    names = []

    class Stream:
        async def start_tls(self, ssl_context, server_hostname=None, timeout=None):
            import ssl

            import httpcore2

            assert ssl_context.check_hostname and ssl_context.verify_mode == ssl.CERT_REQUIRED
            names.append(server_hostname)
            raise httpcore2.ConnectError("stop here")

    async def connect(self, host, port, *rest, **options):
        return Stream()

    monkeypatch.setattr("httpcore2.AnyIOBackend.connect_tcp", connect)
    async with client(resolver=resolver_of({"secure.example": ["93.184.216.34"]})) as http:
        with pytest.raises(Unreachable):
            await http.get("https://secure.example/")
    assert names == ["secure.example"]


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "http://localhost:1/", "http://2130706433/", "file:///etc/passwd"]
)
async def test_a_redirect_to_a_private_address_is_refused(target):
    redirect = reply(b"", "302 Found", Location=target)
    async with (
        server(always(redirect)) as (port, _),
        client(trusted_url=f"{LOCAL}:{port}", follow_redirects=True) as http,
    ):
        with pytest.raises(Refused):
            await http.get(f"{LOCAL}:{port}/")


async def test_the_allow_list_holds_for_each_hop():
    async with (
        server(always(reply(b"", "302 Found", Location="https://elsewhere.example/"))) as (port, _),
        client(trusted_url=f"{LOCAL}:{port}", egress=["ok.example"], follow_redirects=True) as http,
    ):
        with pytest.raises(Refused) as caught:
            await http.get(f"{LOCAL}:{port}/")
    assert caught.value.error_code == "egress_refused"


async def test_redirects_in_circles_end():
    async with server(always(reply(b"", "302 Found", Location="/again"))) as (port, seen):
        async with client(trusted_url=f"{LOCAL}:{port}", follow_redirects=True, max_redirects=3) as http:
            with pytest.raises(Refused) as caught:
                await http.get(f"{LOCAL}:{port}/")
        assert caught.value.error_code == "too_many_redirects"
        assert len(seen) == 4


async def test_a_secret_header_does_not_follow_to_another_origin():
    async with server(always(reply(b"other"))) as (second, seen):
        redirect = reply(b"", "307 Temporary Redirect", Location=f"{LOCAL}:{second}/")
        options = {"policy": Policy(("127.0.0.0/8",)), "follow_redirects": True, "sensitive_headers": ["X-Key"]}
        async with server(always(redirect)) as (first, before), client(**options) as http:
            await http.get(f"{LOCAL}:{first}/", headers={"X-Key": "s3cret", "Authorization": "Bearer s3cret"})
        assert "s3cret" in before[0] and "s3cret" not in seen[0]


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_cap_is_cut_off(declared):
    async def answer(head, writer):
        if declared:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(50):
            writer.write(b"x" * 100_000)
            await writer.drain()
        writer.close()

    budget = Budget(max_bytes=200_000)
    async with server(answer) as (port, _), client(trusted_url=f"{LOCAL}:{port}", budget=budget) as http:
        with pytest.raises(Refused) as caught:
            await http.get(f"{LOCAL}:{port}/")
    assert caught.value.error_code == "answer_too_large"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_packed_bomb_is_cut_off_while_unpacking(encoding):
    plain = b"\0" * 50_000_000
    packed = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    async with (
        server(always(reply(packed, Content_Encoding=encoding))) as (port, _),
        client(trusted_url=f"{LOCAL}:{port}", budget=Budget(max_bytes=1_000_000)) as http,
    ):
        with pytest.raises(Refused) as caught:
            await http.get(f"{LOCAL}:{port}/")
    assert caught.value.error_code == "answer_too_large"


@pytest.mark.parametrize("pack", ["gzip", "zlib", "raw"])
async def test_packed_answers_are_read(pack):
    text = ("가나다라 " * 5000).encode()
    raw = zlib.compressobj(wbits=-15)
    packed = {"gzip": gzip.compress(text), "zlib": zlib.compress(text), "raw": raw.compress(text) + raw.flush()}[pack]
    encoding = "gzip" if pack == "gzip" else "deflate"
    async with (
        server(always(reply(packed, Content_Encoding=encoding))) as (port, _),
        client(trusted_url=f"{LOCAL}:{port}") as http,
    ):
        assert (await http.get(f"{LOCAL}:{port}/")).content == text


@pytest.mark.parametrize("packing", ["br", "gzip, gzip"])
async def test_a_packing_that_was_not_asked_for_is_an_error_not_garbage(packing):
    async with (
        server(always(reply(b"??", Content_Encoding=packing))) as (port, _),
        client(trusted_url=f"{LOCAL}:{port}") as http,
    ):
        with pytest.raises(Unreachable):
            await http.get(f"{LOCAL}:{port}/")


async def test_a_slow_trickle_ends_with_the_total_budget():
    async def trickle(head, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with server(trickle) as (port, _), client(trusted_url=f"{LOCAL}:{port}", budget=Budget(total=0.3)) as http:
        with pytest.raises(Unreachable) as caught:
            await http.get(f"{LOCAL}:{port}/")
    assert caught.value.error_code == "timeout"


async def test_the_budget_spans_the_whole_redirect_chain():
    async def slow(head, writer):
        await asyncio.sleep(0.15)
        writer.write(reply(b"", "302 Found", Location="/next"))

    async with server(slow) as (port, seen):
        options = {"budget": Budget(total=0.5), "follow_redirects": True, "max_redirects": 50}
        async with client(trusted_url=f"{LOCAL}:{port}", **options) as http:
            with pytest.raises(Unreachable):
                await http.get(f"{LOCAL}:{port}/")
        assert 1 < len(seen) < 6


async def test_no_connection_and_no_answer_are_unreachable():
    async with server(always(b"")) as (port, _):
        pass
    async with client(trusted_url=f"{LOCAL}:{port}") as http:
        with pytest.raises(Unreachable):
            await http.get(f"{LOCAL}:{port}/")


@pytest.mark.parametrize("data", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
async def test_a_broken_answer_is_unreachable(data):
    async def answer(head, writer):
        writer.write(data)
        await writer.drain()
        writer.close()

    async with server(answer) as (port, _), client(trusted_url=f"{LOCAL}:{port}") as http:
        with pytest.raises(Unreachable) as caught:
            await http.get(f"{LOCAL}:{port}/")
    assert caught.value.retryable


async def test_cookies_are_not_kept_and_proxies_of_the_environment_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with server(always(reply(Set_Cookie="session=1; Path=/"))) as (port, seen):
        async with client(trusted_url=f"{LOCAL}:{port}") as http:
            await http.get(f"{LOCAL}:{port}/")
            await http.get(f"{LOCAL}:{port}/")
        assert len(seen) == 2 and "cookie" not in seen[1].lower()


async def test_connections_are_shared_by_the_clients_of_a_loop():
    ports = set()

    async def answer(head, writer):
        ports.add(writer.get_extra_info("peername")[1])
        writer.write(reply())

    async with server(answer) as (port, _):
        for _ in range(3):
            async with client(trusted_url=f"{LOCAL}:{port}") as http:
                await http.get(f"{LOCAL}:{port}/")
    assert len(ports) == 1
