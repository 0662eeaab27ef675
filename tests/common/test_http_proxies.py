"""Egress proxies: chosen by availability alone, checked addresses, nothing past a dead pool."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from integrations.sdk import MemoryStore
from portal.common import http
from portal.common.http import Policy, Refused, Unreachable
from portal.common.http.proxies import ProxiedTransport, ProxyPool


class FakeProxy:
    """A plain forward proxy that answers by itself, and remembers what it was asked."""

    def __init__(self, status: str = "200 OK") -> None:
        self.status, self.asked, self.logins, self.url = status, [], [], ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.split(" ")[1])
        self.logins += [line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("proxy-auth")]
        writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def proxies() -> AsyncIterator[list[FakeProxy]]:
    found, servers = [FakeProxy(), FakeProxy()], []
    for number, proxy in enumerate(found):
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        servers.append(server)
        proxy.url = f"http://me{number}:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    for server in servers:
        server.close()
        await server.wait_closed()


async def public(host: str, port: int) -> list[str]:
    return ["127.0.0.1"] if host == "127.0.0.1" else ["10.0.0.7"] if host == "inside.test" else ["93.184.215.14"]


def client_of(pool: ProxyPool) -> http.GuardedClient:
    policy = Policy()
    return http.client(policy=policy, transport=ProxiedTransport(pool, policy, resolver=public), resolver=public)


async def test_a_site_stays_with_its_proxy_whatever_it_answers(proxies: list[FakeProxy]) -> None:
    pool = ProxyPool([proxy.url for proxy in proxies], MemoryStore())
    for proxy in proxies:
        proxy.status = "429 Too Many Requests"

    async with client_of(pool) as client:
        answers = [(await client.get("http://site.test/rows")).status_code for _ in range(4)]

    assert answers == [429] * 4
    assert sorted(len(proxy.asked) for proxy in proxies) == [0, 4]
    used = next(proxy for proxy in proxies if proxy.asked)
    assert used.asked[0] == "http://site.test/rows" and len(used.logins) == 4


async def test_a_dead_proxy_rests_and_another_takes_over(proxies: list[FakeProxy]) -> None:
    dead = "http://127.0.0.1:9"
    pool = ProxyPool([dead, proxies[0].url], MemoryStore())

    async with client_of(pool) as client:
        for number in range(8):
            assert (await client.get(f"http://site{number}.test/")).status_code == 200
    health = await pool.health()

    assert health["127.0.0.1:9"].failures == 1, "it rests after the first failure and is not tried again"
    assert [proxy.name for proxy in await pool.choose("site1.test")] == [proxies[0].url.partition("@")[2]]
    assert "secret" not in str(health)


async def test_the_rest_doubles_and_ends(proxies: list[FakeProxy]) -> None:
    now = [1_000.0]
    pool = ProxyPool([proxies[0].url], MemoryStore(), clock=lambda: now[0])
    (proxy,) = pool.proxies

    await pool.failed(proxy, "down")
    await pool.failed(proxy, "down")

    assert await pool.choose("site.test") == []
    now[0] += 121
    assert await pool.choose("site.test") == [proxy]
    await pool.worked(proxy)
    assert (await pool.health())[proxy.name].failures == 0


async def test_without_a_working_proxy_nothing_goes_out_directly() -> None:
    pool = ProxyPool(["http://127.0.0.1:9"], MemoryStore())

    async with client_of(pool) as client:
        with pytest.raises(Unreachable) as raised:
            await client.get("http://site.test/")

    assert raised.value.error_code == "no_proxy"


@pytest.mark.parametrize("address", ["http://inside.test/", "http://127.0.0.1/", "http://169.254.169.254/latest"])
async def test_no_private_address_behind_a_proxy(proxies: list[FakeProxy], address: str) -> None:
    pool = ProxyPool([proxies[0].url], MemoryStore())

    async with client_of(pool) as client:
        with pytest.raises(Refused):
            await client.get(address)

    assert proxies[0].asked == []


async def test_a_proxy_that_refuses_us_is_no_answer_of_the_site(proxies: list[FakeProxy]) -> None:
    proxies[0].status = "407 Proxy Authentication Required"
    pool = ProxyPool([proxies[0].url], MemoryStore())

    async with client_of(pool) as client:
        with pytest.raises(Unreachable):
            await client.get("https://site.test/")

    assert (await pool.health())[pool.proxies[0].name].failures == 1


async def test_the_check_tells_which_answer(proxies: list[FakeProxy]) -> None:
    pool = ProxyPool([proxies[0].url, "http://127.0.0.1:9"], MemoryStore())

    found = await pool.check(Policy(), resolver=public)

    assert sorted(found.values()) == [False, True]
    assert found["127.0.0.1:9"] is False


@pytest.mark.parametrize("url", ["socks5://host:1", "host:3128", "http://"])
def test_an_entry_that_is_no_proxy_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="EGRESS_PROXIES"):
        ProxyPool([url], MemoryStore())
