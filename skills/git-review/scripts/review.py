"""What changed in a git working tree, and which lines of it are a risk. Runs nothing that the repository configures."""

import re
import subprocess
from pathlib import Path

LARGE = 1024 * 1024
MOST = 200  # findings shown
GIT = [
    "git",
    "-c",
    "safe.directory=*",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.quotePath=false",
]
RISKS = (
    (
        "secret",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bsk-[\w-]{20,}|\bxox[abpr]-[\w-]{10,}"
        ),
    ),
    ("secret", re.compile(r"(?i)(password|passwd|secret|api_?key|token)[\"']?\s*[:=]\s*[\"'][^\"'\s$<{]{8,}[\"']")),
    ("conflict marker", re.compile(r"^(<{7} |={7}$|>{7} )")),
    (
        "debug leftover",
        re.compile(r"\b(breakpoint\(\)|pdb\.set_trace|console\.log\(|debugger;|dbg!\(|var_dump\(|binding\.pry)"),
    ),
    ("todo", re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")),
)
TEST = re.compile(r"(^|/)(tests?/|test_[^/]*$|[^/]*[._]test\.[a-z]+$|[^/]*\.spec\.[a-z]+$)")


def run(folder: str = ".", against: str = "HEAD") -> str:
    """The changes of a working tree against a commit, untracked files too, with risky lines as ``file:line``.

    A secret is never repeated. Raises ValueError where there is no git, no repository or no such commit.
    """
    if against.startswith("-"):
        raise ValueError("against is a commit, as HEAD~1 or main")
    root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    if against == "HEAD" and not _git(folder, "rev-list", "--all", "-n1").strip():
        against = _git(folder, "hash-object", "-t", "tree", "/dev/null").strip()  # no commit yet: against nothing
    plain = ["--no-ext-diff", "--no-textconv", "--no-color"]
    names = _git(folder, "diff", *plain, "--name-status", "-z", "--no-renames", against, "--").split("\0")
    changed = list(zip(names[1::2], names[0::2], strict=False))
    untracked = [name for name in _git(str(root), "ls-files", "-o", "--exclude-standard", "-z").split("\0") if name]
    if not changed and not untracked:
        return f"nothing changed against {against}"
    found = [("deleted test", name) for name, state in changed if state == "D" and TEST.search(name)]
    for name in [name for name, state in changed if state != "D"] + untracked:
        path = root / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size > LARGE:
            found.append(("large file", f"{name} ({path.stat().st_size / LARGE:.1f} MiB)"))
    found += _risks(
        _git(folder, "diff", *plain, "--no-renames", "-U0", "--src-prefix=a/", "--dst-prefix=b/", against, "--")
    )
    for name in untracked:
        found += _in_file(root / name, name)
    stat = _git(folder, "diff", *plain, "--stat=100", against, "--").rstrip()
    lines = [stat, *(f" {name} (new, not tracked)" for name in untracked[:MOST])]
    lines += ["", f"{len(found)} risks" + (":" if found else " found by pattern")]
    lines += [f"{what}: {where}" for what, where in found[:MOST]]
    return _plain("\n".join(lines + ([f"and {len(found) - MOST} more"] if len(found) > MOST else [])))


def _git(folder: str, *words: str) -> str:
    try:
        done = subprocess.run(
            [*GIT, "-C", folder, *words], capture_output=True, timeout=60, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError:
        raise ValueError("git is not installed here") from None
    except subprocess.TimeoutExpired:
        raise ValueError("git took more than a minute; review a part of the tree") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it failed"]
        raise ValueError(f"git: {_plain(said[0])[:200]}")
    return done.stdout.decode(errors="replace")


def _risks(diff: str) -> list[tuple[str, str]]:
    found, name, number, inside = [], "", 0, False
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            inside = False
        elif line.startswith("+++ ") and not inside:
            name = line[6:].rstrip("\t")
        elif hunk := re.match(r"@@ -\S+ \+(\d+)", line):
            number, inside = int(hunk[1]), True
        elif line.startswith("+") and inside:
            found += [(what, f"{name}:{number}") for what in _of_line(line[1:])]
            number += 1
    return found


def _in_file(path: Path, name: str) -> list[tuple[str, str]]:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGE:
        return []
    try:
        content = path.read_bytes()
    except OSError as error:
        return [("unreadable", f"{name}: {error.strerror}")]
    if b"\0" in content[:8000]:
        return []
    lines = content.decode(errors="replace").splitlines()
    return [(what, f"{name}:{number}") for number, line in enumerate(lines, 1) for what in _of_line(line)]


def _of_line(line: str) -> list[str]:
    return list(dict.fromkeys(what for what, pattern in RISKS if pattern.search(line[:5000])))


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
