"""Hosts that commands may reach: how they are written, and which addresses are never reached by their names.

``example.org``, ``*.example.org`` (all below it), ``example.org:8443``, an address, or ``*``: any that is of the public
network. Where no port is given, it is that of http or https. What is of this machine or of the network around it is
reached only where its very address is written down, or ``localhost``; the servers by which clouds tell machines
their keys are not reached at all.
"""

import fnmatch
import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import NamedTuple

PORTS = (80, 443)
_ENTRY = re.compile(r"(\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?", re.IGNORECASE)
_FLOOR = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
            "fe80::/10", "fd00:c1::/32", "fd00:ec2::/32", "fd20:ce::/32",
        ),
    )
)  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Entry(NamedTuple):
    """One host of a list; ``port`` is None for the usual ones."""

    name: str
    port: int | None

    def is_for(self, host: str, port: int) -> bool:
        """Whether it names this host and port."""
        right_port = port == self.port if self.port is not None else port in PORTS
        return right_port and (self.name == "*" or fnmatch.fnmatchcase(host, self.name))


def parse(text: str) -> Entry:
    """A host as people write it. Raises ValueError that says what is wrong with it."""
    found = _ENTRY.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no host: write example.org, *.example.org, example.org:8443 or *")
    port = int(found[2]) if found[2] else None
    if port is not None and not 0 < port < 65_536:
        raise ValueError(f"{text!r} has no port from 1 to 65535")
    return Entry(plain(found[1]), port)


def plain(host: str) -> str:
    """A host's name in small letters, without the brackets of an address and the dot at its end."""
    return host.strip("[]").rstrip(".").lower()


def parted(host: str) -> tuple[str, str]:
    """A host's name, plain, and its port as it stands there; empty where it has none."""
    found = re.fullmatch(r"(\[.*\]|[^:]*):(\d+)", host)
    name, port = found.groups() if found else (host, "")
    return plain(name), port


def is_named(entries: Iterable[Entry], host: str, port: int) -> bool:
    """Whether a list of hosts holds this one."""
    return any(entry.is_for(plain(host), port) for entry in entries)


def is_near(host: str) -> bool:
    """Whether a name is an address, or this machine: who writes that down means it."""
    if plain(host) == "localhost":
        return True
    try:
        ipaddress.ip_address(plain(host))
    except ValueError:
        return False
    return True


def may_reach(address: str, named: bool) -> bool:
    """Whether an address may be reached: one of the public network always, another where it was ``named`` itself."""
    one = _real(ipaddress.ip_address(address.partition("%")[0]))
    if any(one in network for network in _FLOOR if network.version == one.version):
        return False
    if one.is_multicast or one.is_unspecified:
        return False
    return named or (one.is_global and not one.is_reserved and not getattr(one, "is_site_local", False))


def is_own(family: socket.AddressFamily, address: str) -> bool:
    """Whether an address, of whatever network, is of this machine: then it is from there that it is spoken to."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, PORTS[0]))  # nothing is sent
        except OSError:
            return False
        return bool(probe.getsockname()[0] == address)


def addresses(host: str, port: int, named: bool) -> list[tuple[socket.AddressFamily, str]]:
    """The addresses of a host that may be reached, looked up now: who connects to one of them connects to what was
    looked at. Blocks. Raises OSError where the name is unknown, and PermissionError where no address may be reached."""
    found = socket.getaddrinfo(plain(host), port, type=socket.SOCK_STREAM)
    all_ = [(family, str(where[0])) for family, _, _, _, where in found]
    kept = [one for one in all_ if may_reach(one[1], named) and (named or not is_own(*one))]
    if not kept:
        raise PermissionError(f"{host} is on this machine or in the network around it")
    return list(dict.fromkeys(kept))


def _real(address: Address) -> Address:
    """The IPv4 address within one of IPv6, if it holds one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
