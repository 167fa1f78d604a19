"""Where ``zotui`` begins, and how every failure becomes one line and an exit code."""

import errno
import os
import sys
from typing import NoReturn

from zotui.errors import ZotuiError


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run, and exit: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    _open_closed_streams()
    try:
        code = run(words)
        sys.stdout.flush()
    except ZotuiError as error:
        if debug and error.exit_code != 2:
            raise
        code = fail(error.message, error.hint, error.exit_code)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        _let_go_of_stdout()
        code = 1
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EIO):
            _let_go_of_stdout()
            code = fail(f"the output cannot be written: {error.strerror}", "free some space where it goes", 1)
        else:
            code = fail(
                f"something unforeseen failed: {type(error).__name__}: {error}", "zotui --debug … shows where", 1
            )
    sys.exit(code)


def run(words: list[str]) -> int:
    """The app where there are no words, without click, which would hold up its first paint; else a verb."""
    if not words:
        from zotui.cli.app import open_app

        open_app()
        return 0
    from zotui.cli.verbs import run as run_verb

    return run_verb(words)


def fail(message: str, hint: str, code: int) -> int:
    """Say what was wrong in one line on stderr, the next step behind it."""
    from zotui.text import one_line

    line = f"zotui: {one_line(message, 600)}" + (f" → {one_line(hint, 300)}" if hint else "")
    print(line, file=sys.stderr)
    return code


def _open_closed_streams() -> None:
    """Whoever started us may have closed stdin, stdout or stderr: nothing is read from them, and nothing said."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (it stays open)


def _let_go_of_stdout() -> None:
    """What stdout still holds would fail again when Python ends: it goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
