"""Which hosts are named, and which addresses are never reached."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from zotui.sandbox import hosts


@pytest.mark.parametrize(
    ("entry", "host", "port", "named"),
    [
        ("example.org", "example.org", 443, True),
        ("example.org", "EXAMPLE.org.", 80, True),
        ("example.org", "example.org", 8443, False),
        ("example.org:8443", "example.org", 8443, True),
        ("example.org:8443", "example.org", 443, False),
        ("example.org", "www.example.org", 443, False),
        ("example.org", "example.org.evil.net", 443, False),
        ("example.org", "evilexample.org", 443, False),
        ("*.example.org", "www.example.org", 443, True),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "example.org.evil.net", 443, False),
        ("*", "anything.net", 443, True),
        ("*", "anything.net", 22, False),
        ("[::1]:99", "::1", 99, True),
        ("10.0.0.1", "10.0.0.1", 80, True),
    ],
    ids=str,
)
def test_what_a_host_is_for(entry: str, host: str, port: int, named: bool) -> None:
    assert hosts.is_named([hosts.parse(entry)], host, port) is named


@pytest.mark.parametrize(
    "text", ["", "a b", "https://example.org", "example.org/path", "*evil.org", "a.*.b", "x:0", "x:99999", "x:", "a@b"]
)
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|port"):
        hosts.parse(text)


@pytest.mark.parametrize(
    ("address", "by_name", "when_named"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.1.1", False, True),
        ("172.20.0.1", False, True),
        ("100.64.0.1", False, True),
        ("fd12::1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("100.100.100.200", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("fd20:ce::254", False, False),
        ("168.63.129.16", False, False),  # from where Azure tells its machines what they are to be
        ("fec0::1", False, True),
    ],
)
def test_what_is_near_is_reached_by_its_own_address_only(address: str, by_name: bool, when_named: bool) -> None:
    assert (hosts.may_reach(address, False), hosts.may_reach(address, True)) == (by_name, when_named)


def test_a_name_that_leads_home_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 80)), (socket.AF_INET, 1, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: both)
    assert hosts.addresses("rebound.example", 80, False) == [(socket.AF_INET, "93.184.216.34")]
    both.pop()
    with pytest.raises(PermissionError, match="on this machine"):
        hosts.addresses("rebound.example", 80, False)


def test_an_address_of_this_machine_is_told_from_others() -> None:
    assert hosts.is_own(socket.AF_INET, "127.0.0.1")
    assert not hosts.is_own(socket.AF_INET, "93.184.216.34")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="it makes a network of its own")
def test_a_public_address_of_this_machine_is_not_reached_by_name() -> None:
    line = 'ip link set lo up; ip addr add 93.184.216.34/32 dev lo; exec "$0" -c "$1"'
    code = "from zotui.sandbox import hosts; print(hosts.addresses('93.184.216.34', 80, True))\n"
    code += "try: hosts.addresses('93.184.216.34', 80, False)\nexcept PermissionError as error: print(error)"
    done = subprocess.run(["unshare", "-n", "sh", "-c", line, sys.executable, code], capture_output=True, text=True)
    assert "93.184.216.34'" in done.stdout, done
    assert "93.184.216.34 is on this machine" in done.stdout
