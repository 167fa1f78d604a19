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
    sys.path[:0] = [os.path.dirname(os.path.join(folder, order["path"])), folder]
    os.environ["SKILL_DIR"] = folder
    try:
        result = {"value": call(load(os.path.join(folder, order["path"])), order)}
    except SystemExit as left:
        result = {"error": f"it left by itself ({left.code})"}
    except BaseException as error:
        result = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-4_000:]}
    sys.stdout.flush()
    with os.fdopen(told, "w", encoding="utf-8", errors="replace") as out:
        out.write(as_json(result))
    return 1 if "error" in result else 0


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


def as_json(result: object) -> str:
    """A result as JSON; what is none is told as text."""
    try:
        return json.dumps(result, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({"value": str(result["value"])[:1_000_000]})  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main())
