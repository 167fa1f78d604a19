"""Addresses: whose they are, whether they are on this machine, and by which proxy they are reached."""

import ipaddress
import re
from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """The host of ``url``, with its port if it has one; without user and password."""
    rest = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://", "", url.strip())
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":(?!\d*$)[^\[\]]*$", "", host)  # no port: the start of a password with "/" in it
    return host or "an address without a host"


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an IP address, without port) is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name; not all that begins like an address is one
        return False


def is_here(url: str) -> bool:
    """Whether ``url`` is on this machine; what is no URL is nowhere."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def proxy_for(url: str) -> str | None:
    """The proxy the environment names for ``url``; None where it names none and for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
        return None
    known = getproxies()
    proxy = known.get(parts.scheme) or known.get("all")
    if not proxy:
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    return re.sub(r"^socks://", "socks5://", proxy)
