"""The zone of this machine, and by which rules a zone goes: they are changed several times a year."""

import hashlib
import os
import zoneinfo
from functools import cache
from importlib import resources
from pathlib import Path

from zotui.automations.moments import zone_of

LOCAL = Path("/etc/localtime")


def local_zone() -> str:
    """The name of the zone that this machine is in; UTC where it does not say. Source: tzset(3), localtime(5)."""
    target = os.path.realpath(LOCAL)
    for name in (os.environ.get("TZ", "").removeprefix(":"), target.rpartition("zoneinfo/")[2]):
        try:
            if name and not name.startswith("/"):
                return zone_of(name.replace("Etc/UTC", "UTC")).key
        except ValueError:
            continue
    return "UTC"


@cache
def rules_of(zone: str) -> str:
    """By what the rules of a zone are known again, for as long as this process lives: it reads them once."""
    for folder in zoneinfo.TZPATH:
        try:
            return _print(Path(folder, zone).read_bytes())
        except OSError:
            continue
    try:
        return _print(resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes())
    except (OSError, ImportError):
        return ""


def _print(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()
