"""Who the gate lets in."""

import pytest

from zotui.web.gate import Gate


@pytest.mark.parametrize(
    ("host", "origin", "here"),
    [
        ("127.0.0.1:8000", None, True),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("", None, False),
        ("127.0.0.1", None, False),
        ("127.0.0.1:8001", None, False),
        ("evil.example:8000", None, False),
        ("127.0.0.1:8000.evil.example", None, False),
        ("localhost:8000", None, False),  # the page's own addresses are of 127.0.0.1: a browser would send no cookie
        ("127.0.0.1:8000", "http://127.0.0.1:8001", False),
        ("127.0.0.1:8000", "http://evil.example", False),
        ("127.0.0.1:8000", "null", False),
        ("127.0.0.1:8000", "", False),
        ("127.0.0.1:8000", "http://[", False),
    ],
)
def test_only_this_address_is_meant(host: str, origin: str | None, here: bool) -> None:
    assert Gate(8000).is_here(host, origin) is here


def test_a_browser_leaves_out_the_port_that_goes_without_saying() -> None:
    assert Gate(80).is_here("127.0.0.1", "http://127.0.0.1")


def test_the_token_is_of_this_run() -> None:
    gate, other = Gate(1), Gate(1)
    assert gate.is_token(gate.token)
    assert len(gate.token) >= 43  # 256 bits
    for given in ("", other.token, gate.token[:-1], gate.token + "x", "\udc80", "ÿ"):
        assert not gate.is_token(given)


def test_a_browser_is_known_by_its_pass_which_is_not_the_token() -> None:
    gate, other = Gate(1), Gate(1)
    name, _, value = gate.cookie.partition(";")[0].partition("=")
    assert gate.token not in gate.cookie
    assert gate.is_known(f"{name}={value}")
    assert gate.is_known(f"theirs=1; {name}={value}; more=2")
    for cookies in (
        "",
        other.cookie,
        f"{name}=x",
        f"{name}={gate.token}",
        f"{name}=\udc80",
        "\x00;=;",
        f"other={value}",
    ):
        assert not gate.is_known(cookies)


def test_two_runs_do_not_take_each_others_cookies() -> None:
    one, other = Gate(8000), Gate(8001)
    jar = "; ".join(gate.cookie.partition(";")[0] for gate in (one, other))
    assert one.cookie.partition("=")[0] != other.cookie.partition("=")[0]
    assert one.is_known(jar)
    assert other.is_known(jar)
