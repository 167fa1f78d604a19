"""Python as text: read into a tree, of which nothing runs."""

import ast
import threading
import warnings

_PARSING = threading.Lock()


def parsed(source: str | bytes) -> ast.Module:
    """Python as a tree, made by one thread at a time. Raises SyntaxError, ValueError, RecursionError, MemoryError.

    Python 3.11 loses count of how deep it is where another tree is made meanwhile, be it by the collector of garbage, and says so
    with a SystemError (https://github.com/python/cpython/issues/106905): then it is made once more.
    """
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what others write: of a backslash in a text
        try:
            return ast.parse(source)
        except SystemError:
            return ast.parse(source)
