"""Every way to write or reach a private address is refused."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.http import Policy, Refused, client
from portal.common.http.addresses import is_public, literal_address

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.9.9.9", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "3fff::1",
    "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", PRIVATE)
def test_special_addresses_are_not_public(text):
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_ordinary_addresses_are_public(text):
    assert is_public(ip_address(text))


@given(st.ip_addresses())
def test_nothing_that_the_standard_library_calls_special_is_public(address):
    if is_public(address):
        assert not (address.is_private or address.is_loopback or address.is_link_local or address.is_multicast)
        assert not (address.is_unspecified or (address.is_reserved and address.version == 4))


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "134744072",
     "0x08080808", "08.8.8.8", "1.1", "fe80::1%eth0", "fe80::1%25eth0", "127.0.0.256", ":::1", "2130706433."],
)  # fmt: skip
def test_disguised_addresses_are_refused_even_when_they_mean_a_public_one(host):
    with pytest.raises(Refused):
        literal_address(host)


@pytest.mark.parametrize("host", ["example.com", "1password.com", "0x.org", "a.b.c.d", "한국.kr", "3com.com"])
def test_names_are_not_addresses(host):
    assert literal_address(host) is None


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f000001/",
     "http://0177.0.0.1/", "http://127.1/", "http://127。0。0。1/", "http://①②⑦.⓪.⓪.①/", "http://user@127.0.0.1/",
     "http://a:b@[fe80::1%25eth0]/", "http://[::]/", "http://0/", "http://169.254.169.254/latest/meta-data/",
     "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "unix:/tmp/x", "//example.com", "nonsense"],
)  # fmt: skip
async def test_a_request_to_a_forbidden_address_never_leaves(url):
    async with client() as http:
        with pytest.raises(Refused):
            await http.get(url)


@pytest.mark.parametrize(
    ("egress", "host", "allowed"),
    [
        (("api.example.com",), "api.example.com", True),
        (("api.example.com",), "API.Example.com", True),
        (("api.example.com",), "api.example.com.", True),
        (("api.example.com",), "evil-api.example.com", False),
        (("*.example.com",), "deep.api.example.com", True),
        (("*.example.com",), "example.com", False),
        (("*.example.com",), "badexample.com", False),
        ((), "example.com", False),
        (None, "example.com", True),
    ],
)
def test_the_allow_list_names_hosts_and_subdomains(egress, host, allowed):
    policy = Policy(egress=egress)
    if allowed:
        policy.check_host(host, 443)
    else:
        with pytest.raises(Refused) as caught:
            policy.check_host(host, 443)
        assert caught.value.error_code == "egress_refused"


def test_exceptions_name_a_network_a_host_or_one_port():
    policy = Policy(private=("10.1.0.0/16", "intranet.example", "127.0.0.1:8900"))
    policy.check_host("10.1.2.3", 80)
    policy.check_host("127.0.0.1", 8900)
    assert policy.trusts("intranet.example", 1234)
    for host, port in (("10.2.0.1", 80), ("127.0.0.1", 8901), ("127.0.0.1", 80)):
        with pytest.raises(Refused):
            policy.check_host(host, port)
