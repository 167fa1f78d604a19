"""What runs a skill's function, in a process of its own behind the wall. It is the program of that process and imports nothing
of zotui: its source is handed over as a word.

Its input is a line of JSON that says what to call with what, then a zip of the skill's files. What the function prints goes
to the standard error, what it returns, as JSON, to the standard output, which nothing else can reach by accident.
"""

import asyncio
import importlib.util
import inspect
import io
import json
import os
import re
import runpy
import sys
import tempfile
import traceback
import types
import zipfile


def main() -> int:
    """Read, run, tell."""
    told = os.dup(1)
    os.dup2(2, 1)
    sys.dont_write_bytecode = True
    order = json.loads(sys.stdin.buffer.readline())
    folder = tempfile.mkdtemp(prefix="skill-")
    with zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())) as files:
        files.extractall(folder)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    packages = os.environ.pop("SKILL_PACKAGES", "")  # before those of the system, after what comes with Python
    at = next((place for place, path in enumerate(sys.path) if path.endswith("-packages")), len(sys.path))
    sys.path[at:at] = [packages] if packages else []
    sys.path[:0] = [os.path.dirname(os.path.join(folder, order["path"])), os.path.join(folder, "scripts"), folder]
    os.environ["SKILL_DIR"] = folder
    try:
        result = done(folder, order)
    except SystemExit as left:
        result = {"error": f"it left by itself ({left.code})"}
    except BaseException as error:
        result = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-4_000:]}
    sys.stdout.flush()
    with os.fdopen(told, "w", encoding="utf-8", errors="replace") as out:
        out.write(as_json(result))
    return 1 if "error" in result else 0


def done(folder: str, order: dict) -> dict:  # type: ignore[type-arg]
    """What was ordered: tests, or a call."""
    if "tests" in order:
        return tested(folder, order["tests"])
    return {"value": call(load(os.path.join(folder, order["path"])), order)}


def load(path: str) -> types.ModuleType:
    """The script as a module."""
    found = importlib.util.spec_from_file_location("skill_script", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["skill_script"] = module
    found.loader.exec_module(module)
    return module


def call(module: types.ModuleType, order: dict) -> object:  # type: ignore[type-arg]
    """What the function returns. A parameter that can only be given by its place is."""
    function = getattr(module, order["function"])
    values = dict(order["arguments"])
    by_place = [
        values.pop(name)
        for name, one in inspect.signature(function).parameters.items()
        if one.kind is inspect.Parameter.POSITIONAL_ONLY and name in values
    ]
    result = function(*by_place, **values)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def tested(folder: str, paths: list) -> dict:  # type: ignore[type-arg]
    """Which tests passed, and what is wrong with the others; each is told of as it ends."""
    passed: list[str] = []
    failed: dict[str, str] = {}
    for path in paths:
        try:
            tests = tests_in(os.path.join(folder, path))
        except BaseException as error:
            tests = {"": raising(error)}
        for name, test in tests.items():
            said = f"{path}::{name}" if name else path
            wrong = failure(test)
            print(f"FAILED {said}: {wrong}" if wrong else f"ok {said}", flush=True)
            if wrong:
                failed[said] = wrong
            else:
                passed.append(said)
    result: dict = {"value": {"passed": passed, "failed": failed}}  # type: ignore[type-arg]
    if failed:
        result["error"] = f"{len(failed)} of {len(passed) + len(failed)} tests failed"
    return result


def tests_in(path: str) -> dict:  # type: ignore[type-arg]
    """The tests of a file by their names: functions ``test_*``, those of classes ``Test*`` too; else the file itself, which is run."""
    with open(path, "rb") as file:
        if not re.search(rb"^[ \t]*(async[ \t]+)?def[ \t]+test_", file.read(), re.MULTILINE):
            return {"": lambda: runpy.run_path(path, run_name="__main__")}
    found: dict = {}  # type: ignore[type-arg]
    for name, one in vars(load(path)).items():
        if inspect.isfunction(one) and name.startswith("test_"):
            found[name] = one
        elif inspect.isclass(one) and (name.startswith("Test") or hasattr(one, "assertEqual")):
            for method in [method for method in dir(one) if method.startswith("test_")]:
                found[f"{name}.{method}"] = method_of(one, method)
    return found or {"": raising(ValueError("it has no tests"))}


def method_of(kind: type, name: str) -> object:
    """A test that is a method; of unittest with what it sets up."""
    return kind(name).debug if hasattr(kind, "debug") else lambda: getattr(kind(), name)()


def raising(error: BaseException) -> object:
    """A test that fails so."""

    def test() -> None:
        raise error

    return test


def failure(test: object) -> str:
    """What is wrong with what a test tries; nothing where all is as it should be."""
    try:
        result = test()  # type: ignore[operator]
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except SystemExit as left:
        return "" if left.code in (0, None) else f"it left by itself ({left.code})"
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split()) or where.line or ""
        return f"{type(error).__name__}: {said} ({os.path.basename(where.filename)}, line {where.lineno})"
    return ""


def as_json(result: object) -> str:
    """A result as JSON; what is none is told as text."""
    try:
        return json.dumps(result, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({"value": str(result["value"])[:1_000_000]})  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main())
