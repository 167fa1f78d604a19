"""A secret: it works as one, and nothing that shows, stores or copies objects gives it away."""

import base64
import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from string import Template
from typing import Any

import msgspec
import pytest
import rich
import yaml
from rich.console import Console
from rich.pretty import pretty_repr

from tests.vault.canary import CANARY, leaked, painted
from zotui.errors import ZotuiError
from zotui.secret import Secret

SECRET = Secret(CANARY)


@dataclasses.dataclass
class Holder:
    key: Secret


class Struct(msgspec.Struct):
    key: Any


def inspected(private: bool) -> str:
    console = Console(file=io.StringIO(), width=300)
    rich.inspect(SECRET, console=console, all=True, private=private, dunder=private)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


SHOWN: dict[str, Callable[[], str]] = {
    "repr": lambda: repr(SECRET),
    "str": lambda: str(SECRET),
    "ascii": lambda: ascii(SECRET),
    "format": lambda: format(SECRET),
    "format with a spec": lambda: format(SECRET, ">40"),
    "format with a number's spec": lambda: f"{SECRET:08.3f}",
    "%s": lambda: "%s" % SECRET,  # noqa: UP031
    "%r": lambda: "%r" % SECRET,  # noqa: UP031
    "%s in a dict": lambda: "%(key)s" % {"key": SECRET},  # noqa: UP031
    "f-string": lambda: f"{SECRET} {SECRET!r} {SECRET!s:.99} {SECRET=}",
    "str.format": lambda: "{0} {0!r} {0:s}".format(SECRET),  # noqa: UP032
    "template": lambda: Template("$key").substitute(key=SECRET),
    "list": lambda: str([SECRET]),
    "dict": lambda: f"{ {'key': SECRET} }",
    "dataclass": lambda: repr(Holder(SECRET)),
    "dataclass as dict": lambda: repr(dataclasses.asdict(Holder(SECRET))),
    "struct": lambda: repr(Struct(SECRET)),
    "struct to builtins": lambda: repr(msgspec.structs.asdict(Struct(SECRET))),
    "pprint": lambda: pprint.pformat({"key": SECRET}),
    "rich": lambda: pretty_repr(Holder(SECRET)),
    "rich inspect": lambda: inspected(False),
    "rich inspect, private": lambda: inspected(True),
    "copy": lambda: repr(copy.copy(SECRET)),
    "deepcopy": lambda: repr(copy.deepcopy({"key": SECRET})),
    "json with default=str": lambda: json.dumps(SECRET, default=str),
    "msgspec with a hook": lambda: msgspec.json.encode(SECRET, enc_hook=str).decode(),
    "attributes": lambda: repr({name: getattr(SECRET, name, None) for name in dir(SECRET) if name != "hint"}),
    "documentation": lambda: repr(SECRET.__doc__),
    "exception": lambda: f"{ValueError(SECRET)} {ValueError('bad key', SECRET)!r}",
    "error of ours": lambda: repr(ZotuiError(f"bad key {SECRET}")),
}


@pytest.mark.parametrize("sink", SHOWN.values(), ids=SHOWN)
def test_what_shows_objects_does_not_show_it(sink: Callable[[], str]) -> None:
    assert leaked(sink(), CANARY) == set()


STORED: dict[str, Callable[[], object]] = {
    **{f"pickle {protocol}": lambda protocol=protocol: pickle.dumps(SECRET, protocol) for protocol in range(6)},
    "pickle of a holder": lambda: pickle.dumps(Holder(SECRET)),
    "pickle's C-less twin": lambda: pickle._dumps({"key": SECRET}),  # type: ignore[attr-defined]
    "state": lambda: SECRET.__getstate__(),
    "reduce": lambda: SECRET.__reduce_ex__(2),
    "old reduce": lambda: SECRET.__reduce__(),
    "json": lambda: json.dumps({"key": SECRET}),
    "json as a key": lambda: json.dumps({SECRET: 1}),
    "msgspec json": lambda: msgspec.json.encode(Struct(SECRET)),
    "msgspec msgpack": lambda: msgspec.msgpack.encode([SECRET]),
    "msgspec builtins": lambda: msgspec.to_builtins(SECRET),
    "yaml": lambda: yaml.dump({"key": SECRET}),
    "vars": lambda: vars(SECRET),
    "hash": lambda: hash(SECRET),
    "len": lambda: len(SECRET),  # type: ignore[arg-type]
    "list": lambda: list(SECRET),  # type: ignore[call-overload]
    "bytes": lambda: bytes(SECRET),  # type: ignore[call-overload]
    "join": lambda: "".join([SECRET]),  # type: ignore[list-item]
    "concatenation": lambda: "key=" + SECRET,  # type: ignore[operator]
    "int": lambda: int(SECRET),  # type: ignore[call-overload]
    "index": lambda: SECRET[0],  # type: ignore[index]
    "in": lambda: "sk" in SECRET,  # type: ignore[operator]
    "order": lambda: SECRET < SECRET,  # type: ignore[operator]
    "new attribute": lambda: setattr(SECRET, "value", CANARY),
}


@pytest.mark.parametrize("sink", STORED.values(), ids=STORED)
def test_what_stores_objects_refuses_it_and_the_refusal_does_not_tell(sink: Callable[[], object]) -> None:
    with pytest.raises((TypeError, AttributeError, yaml.YAMLError)) as caught:
        sink()
    assert leaked("".join(traceback.format_exception(caught.value)), CANARY) == set()
    assert caught.value.__traceback__ is not None
    assert leaked(painted(caught.value, caught.value.__traceback__.tb_next), CANARY) == set()


def test_a_copy_is_the_same() -> None:
    assert copy.copy(SECRET) is SECRET
    assert copy.deepcopy([SECRET])[0] is SECRET


def test_logging(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("t").debug("key %s %r", SECRET, SECRET)
        logging.getLogger("t").error(SECRET)
        try:
            raise ValueError(SECRET)
        except ValueError:
            logging.getLogger("t").exception("bad key", extra={"key": SECRET})
    assert caplog.text.count("Secret(…)") == 4
    assert leaked(caplog.text + repr([vars(record) for record in caplog.records]), CANARY) == set()


def fail(key: Secret) -> None:
    """Fails with it in variables of all kinds."""
    holder, table, again = Holder(key), {"authorization": key, "all": [key, (key,)]}, lambda: key
    raise RuntimeError("failed", key, holder, table, again)


def test_what_the_tests_look_with_sees_a_text_that_is_no_secret() -> None:
    for key in (CANARY, CANARY[::-1], CANARY.encode().hex(), base64.b64encode(CANARY.encode()), CANARY.encode()):
        with pytest.raises(RuntimeError) as caught:
            fail(key)  # type: ignore[arg-type]
        assert caught.value.__traceback__ is not None
        assert leaked(painted(caught.value, caught.value.__traceback__.tb_next), CANARY)


def test_tracebacks_with_the_variables_of_every_frame() -> None:
    with pytest.raises(RuntimeError) as caught:
        fail(SECRET)
    text = painted(caught.value, caught.value.__traceback__)
    assert "Secret(…)" in text, "the variables are shown"
    text += "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert leaked(text, CANARY) == set()


@pytest.mark.parametrize("value", [CANARY.encode(), [CANARY], None, 7])
def test_only_text_is_a_secret_and_the_refusal_does_not_tell(value: Any) -> None:
    with pytest.raises(TypeError, match=f"a secret is a str, not {type(value).__name__}") as caught:
        Secret(value)
    assert caught.value.__traceback__ is not None
    assert leaked(painted(caught.value, caught.value.__traceback__.tb_next), CANARY) == set()


@pytest.mark.parametrize("text", ["", "x", CANARY, "two\nlines", "ä ö 🎉", "half \ud83d", "\0"])
def test_it_gives_the_text_that_it_was_given(text: str) -> None:
    secret = Secret(text)
    assert secret.reveal() == text
    assert bool(secret) is bool(text)
    assert secret == Secret(text)
    assert secret != Secret(text + "x")
    assert secret != text


@pytest.mark.parametrize(
    ("text", "hint"), [("", "…"), ("12345678901", "…"), ("123456789012", "…9012"), ("gsk_abcdefghijklm", "…jklm")]
)
def test_the_hint_is_for_long_ones_only(text: str, hint: str) -> None:
    assert Secret(text).hint == hint
