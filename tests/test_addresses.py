"""Addresses: whose host, and whether it is this machine."""

import pytest

from zotui.addresses import host_of, is_here, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "zo.localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "127.0.0.1.example", "localhost.example", "", "::2"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://me:secret@host:81/v1?x=1", "host:81"),
        ("https://[::1]:9", "[::1]:9"),
        ("localhost:9/v1", "localhost:9"),
        ("http://[broken", "[broken"),
        ("http://h:/v1", "h:"),
        ("http://me:sec/ret@host:81", "me"),
        ("http://me:sec?ret@[::1]:81", "me"),
        ("http:///v1", "an address without a host"),
    ],
)
def test_host_of(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "https://[::1]", "http://me:secret@zo.localhost:9"])
def test_here(url: str) -> None:
    assert is_here(url)


@pytest.mark.parametrize("url", ["http://far.test", "", "127.0.0.1:9", "http://[broken", "http://127.0.0.1@far.test"])
def test_elsewhere(url: str) -> None:
    assert not is_here(url)
