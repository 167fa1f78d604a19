"""The programs of a skill, as their source tells: nothing is imported, nothing runs."""

import ast
import re
import tomllib
from collections.abc import Iterable
from typing import Literal

from zotui.pythontext import parsed
from zotui.skills.skill import Parameter, Script
from zotui.text import one_line

FUNCTIONS = ("run", "execute")
LARGEST = 1_000_000  # bytes of a script
LONGEST_HEAD = 60  # lines
Function = ast.FunctionDef | ast.AsyncFunctionDef
_MAY_HAVE = re.compile(rb"^(?:async[ \t]+)?def[ \t]+(?:run|execute)\b", re.MULTILINE)
_BLOCK = re.compile(r"^# /// script\s*$\n((?:^#(?: .*)?$\n)+?)^# ///\s*$", re.MULTILINE)  # PEP 723


def script_in(path: str, source: bytes, problems: list[str]) -> Script | None:
    """The script of a file of Python, None where it has neither ``run()`` nor ``execute()``; what is wrong with it is
    added to ``problems``."""
    if not _MAY_HAVE.search(source):
        return None
    try:
        found = _heads(source) or _functions(parsed(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        problems.append(_told(path, error))
        return None
    for name in FUNCTIONS:
        if name in found:
            stem = path.rpartition("/")[2].removesuffix(".py")
            return Script(one_line(stem, 200), path, name, _parameters(found[name].args))
    return None


def mistake_in(path: str, source: bytes) -> str:
    """Why a file of Python could not run at all, in words; nothing where it could. Its head alone has been read before."""
    try:
        parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return _told(path, error)
    return ""


def _told(path: str, error: BaseException) -> str:
    line = f" line {error.lineno}:" if isinstance(error, SyntaxError) and error.lineno else ""
    return one_line(f"{path}:{line} it is no Python: {getattr(error, 'msg', error)}", 200)


def _functions(body: Iterable[ast.stmt]) -> dict[str, Function]:
    return {one.name: one for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


def _heads(source: bytes) -> dict[str, Function]:
    """The functions by their heads alone, as to read all of a file takes a hundred times as long; nothing where that may not be
    right: where one is there twice, stands in a text, or has a head that is hard to tell."""
    found: dict[str, Function] = {}
    for match in _MAY_HAVE.finditer(source):
        before = source[: match.start()]
        if before.count(b'"""') % 2 or before.count(b"'''") % 2 or b"\0" in source:
            return {}
        head = _head(source[match.start() :].split(b"\n", LONGEST_HEAD)[:LONGEST_HEAD])
        if head is None or head.name in found:
            return {}
        found[head.name] = head
    return found


def _head(lines: list[bytes]) -> Function | None:
    """The function that begins with these lines, without its body."""
    for count in range(1, len(lines) + 1):
        whole = b"\n".join(lines[:count]).rstrip()
        if count > 1 and not whole.endswith((b":", b"...")):
            continue
        try:
            (one,) = parsed(whole + b" pass" if whole.endswith(b":") else whole).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return one if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) else None
    return None


def dependencies_in(source: bytes) -> list[str]:
    """What a script declares to need (PEP 723)."""
    if b"# /// script" not in source:
        return []
    block = _BLOCK.search(source.decode("utf-8", "replace").replace("\r\n", "\n"))
    if block is None:
        return []
    try:
        fields = tomllib.loads("\n".join(line[2:] for line in block[1].splitlines()))
    except tomllib.TOMLDecodeError:
        return []
    found = fields.get("dependencies", [])
    return [one_line(one, 200) for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _parameters(args: ast.arguments) -> tuple[Parameter, ...]:
    placed = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(placed) - len(args.defaults)) + [*args.defaults]
    found = [_parameter(one, default) for one, default in zip(placed, defaults, strict=True)]
    if args.vararg:
        found.append(_parameter(args.vararg, None, "args"))
    found += [_parameter(one, default) for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    if args.kwarg:
        found.append(_parameter(args.kwarg, None, "kwargs"))
    return tuple(found)


def _parameter(arg: ast.arg, default: ast.expr | None, kind: Literal["named", "args", "kwargs"] = "named") -> Parameter:
    annotation = one_line(ast.unparse(arg.annotation), 200) if arg.annotation else ""
    return Parameter(arg.arg, annotation, one_line(ast.unparse(default), 200) if default else None, kind)
