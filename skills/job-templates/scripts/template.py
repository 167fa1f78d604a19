"""Command lines that submit jobs to the pool. They are text, quoted for a shell; nothing is submitted here."""

import itertools
import re
import shlex
from pathlib import Path

MOST = 1000  # jobs of one template
FFMPEG = "ffmpeg -n -i {file} -c:v libx264 -crf 22 -c:a aac {stem}.mp4"
NAME = re.compile(r"\{([a-z_]\w*)\}")


def run(
    kind: str,
    command: str = "",
    values: str = "",
    files: str = "",
    chunk: int = 10,
    cpus: int = 0,
    memory_mb: int = 0,
    timeout: int = 0,
    retries: int = -1,
    gpu: str = "",
) -> str:
    """The ``zotui pool submit`` lines of a sweep, batch, train, render or transcode, one a job.

    ``memory_mb`` is in MB and ``timeout`` in seconds, for one job; 0 leaves them to the pool. Raises ValueError for
    what is missing, for a name in the command that has no value, and for more than 1,000 jobs.
    """
    if kind not in ("sweep", "batch", "train", "render", "transcode"):
        raise ValueError("kind is sweep, batch, train, render or transcode")
    command = command or (FFMPEG if kind == "transcode" else "")
    if not command.strip():
        raise ValueError(f"a {kind} needs command, what one job runs")
    if kind == "sweep":
        cases = _combinations(values)
    elif kind == "render":
        cases = _frames(values, chunk)
    elif kind == "train":
        cases = [{}]
    else:
        cases = _files(files)
    if retries < 0:
        retries = {"train": 3, "sweep": 0}.get(kind, 1)
    options = [("--cpus", cpus), ("--memory-mb", memory_mb), ("--timeout", timeout), ("--retries", retries)]
    common = [word for option, number in options if number > 0 for word in (option, str(number))] + (
        ["--gpu", gpu] if gpu else []
    )
    return "\n".join(_line(command, case, common) for case in cases)


def _line(command: str, case: dict[str, str], common: list[str]) -> str:
    try:
        words = [NAME.sub(lambda found: case[found[1]], word) for word in shlex.split(command)]
    except KeyError as error:
        raise ValueError(f"{{{error.args[0]}}} has no value; there are {', '.join(case) or 'none'}") from None
    except ValueError as error:
        raise ValueError(f"command cannot be split into words: {error}") from None
    inputs = ["--input", case["file"]] if "file" in case else []
    return shlex.join(["zotui", "pool", "submit", *common, *inputs, "--", *words])


def _combinations(values: str) -> list[dict[str, str]]:
    named: dict[str, list[str]] = {}
    for part in filter(None, map(str.strip, values.split(";"))):
        name, equals, listed = part.partition("=")
        found = [value.strip() for value in listed.split(",") if value.strip()]
        if not equals or not found or not re.fullmatch(r"[a-z_]\w*", name.strip()):
            raise ValueError(f"{part!r} is no list of values; write lr=0.1,0.01; seed=1,2")
        named[name.strip()] = found
    if not named:
        raise ValueError("a sweep needs values, as lr=0.1,0.01; seed=1,2")
    total = 1
    for found in named.values():
        total *= len(found)
    _few(total)
    return [dict(zip(named, case, strict=True)) for case in itertools.product(*named.values())]


def _frames(values: str, chunk: int) -> list[dict[str, str]]:
    found = re.fullmatch(r"\s*frames\s*=\s*(\d{1,9})\s*-\s*(\d{1,9})\s*", values)
    if not found or int(found[1]) > int(found[2]) or chunk < 1:
        raise ValueError("a render needs values, as frames=1-240, and a chunk of at least 1")
    first, last = int(found[1]), int(found[2])
    _few((last - first) // chunk + 1)
    return [{"first": str(at), "last": str(min(at + chunk - 1, last))} for at in range(first, last + 1, chunk)]


def _files(pattern: str) -> list[dict[str, str]]:
    if not pattern or pattern.startswith("/") or ".." in Path(pattern).parts:
        raise ValueError("files is a pattern of the workspace, as data/*.csv")
    found = sorted(path for path in Path().glob(pattern) if path.is_file())
    if not found:
        raise ValueError(f"no file fits {pattern!r}")
    _few(len(found))
    odd = next((path for path in found if not str(path).isprintable()), None)
    if odd:
        raise ValueError(f"{str(odd)!r} has control characters in its name; rename it")
    return [{"file": str(path), "stem": path.stem} for path in found]


def _few(count: int) -> None:
    if count > MOST:
        raise ValueError(f"that would be {count} jobs; at most {MOST} at once")
