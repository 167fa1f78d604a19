"""The filter of system calls, run step by step as the kernel would: for both machines it knows."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.sandbox.seccomp import _MACHINES, ALLOW, ERRNO, KILL, REFUSED, SHARED, UNKNOWN, program

MACHINES = sorted(_MACHINES)
EPERM, ENOSYS = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS


def run(machine: str, number: int, *arguments: int, arch: int | None = None, filtered: bytes = b"") -> int:
    """What the program returns for a call. Raises IndexError where it runs out of itself."""
    data = struct.pack(
        "=iIQ6Q", number, _MACHINES[machine][0] if arch is None else arch, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6]
    )
    steps = list(struct.iter_unpack("=HBBI", filtered or program(machine)))
    at = accumulator = 0
    while True:
        code, if_so, if_not, value = steps[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            return int(value)
        else:
            true = {0x15: accumulator == value, 0x45: bool(accumulator & value), 0x35: accumulator >= value}[code]
            at += if_so if true else if_not


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_refused_and_what_is_as_if_unknown(machine: str) -> None:
    numbers = _MACHINES[machine][1]
    assert {run(machine, numbers[name]) for name in REFUSED} == {EPERM}
    assert {run(machine, numbers[name]) for name in UNKNOWN} == {ENOSYS}
    assert run(machine, numbers["ptrace"], arch=0x40000003) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_what_depends_on_an_argument(machine: str) -> None:
    numbers = _MACHINES[machine][1]
    families = {family: run(machine, numbers["socket"], family) for family in range(50)}
    assert [family for family, answer in families.items() if answer == ALLOW] == [1, 2, 10, 16]
    assert families[40] == ERRNO | errno.EAFNOSUPPORT
    assert run(machine, numbers["clone"], 17) == ALLOW
    for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert run(machine, numbers["clone"], bit | 17) == EPERM
    assert run(machine, numbers["ioctl"], 0, 0x5401) == ALLOW
    assert {run(machine, numbers["ioctl"], 0, request) for request in (0x5412, 0x541C, 0x5423)} == {EPERM}
    assert run(machine, numbers["ioctl"], 0, 0x5412 | 1 << 32) == EPERM  # of which the kernel sees the lower half
    assert run(machine, numbers["fchmodat"], 0, 0, 0o755) == ALLOW
    assert run(machine, numbers["fchmodat"], 0, 0, 0o4755) == EPERM
    assert run(machine, numbers["openat"], 0, 0, 0o102, 0o2644) == EPERM
    assert run(machine, numbers["openat"], 0, 0, 0o102, 0o644) == ALLOW
    assert run(machine, numbers["openat"], 0, 0, 0, 0o6644) == ALLOW  # the mode says nothing where nothing is made


@pytest.mark.parametrize("machine", MACHINES)
@given(number=st.integers(0, 500), arguments=st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6))
def test_it_always_comes_to_an_answer(machine: str, number: int, arguments: list[int]) -> None:
    named = {n: name for name, n in _MACHINES[machine][1].items()}
    answer = run(machine, number, *arguments)
    assert answer == ALLOW or number in named


def test_the_numbers_of_x32_are_refused() -> None:
    assert run("x86_64", 0x40000000 + 101) == ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("network", "families"), [(False, []), (True, [2, 10, 16])], ids=["off", "open"])
def test_without_namespaces_more_is_refused(machine: str, network: bool, families: list[int]) -> None:
    numbers = _MACHINES[machine][1]
    filtered = program(machine, shared=True, network=network)

    def call(name: str, *arguments: int) -> int:
        return run(machine, numbers[name], *arguments, filtered=filtered)

    assert [family for family in range(50) if call("socket", family) == ALLOW] == families
    assert {call(name) for name in (*REFUSED, *SHARED)} == {EPERM}
    assert [kind for kind in (1, 2, 5, 0x801, 0x802, 0x80002, 0x80802) if call("socketpair", 1, kind) == ALLOW] == [
        1,
        5,
        0x801,
    ]
    assert [pid for pid in (1, 4711, 2**32 - 1, 2**64 - 1) if call("kill", pid, 9) != ALLOW] == [2**32 - 1, 2**64 - 1]
    assert (call("prlimit64", 0), call("prlimit64", 4711)) == (ALLOW, EPERM)
    assert call("fchmodat", 0, 0, 0o4755) == EPERM
