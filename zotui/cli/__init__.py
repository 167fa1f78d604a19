"""The command line. A verb's module is imported when the verb is used; ``--help`` needs none of them."""

from zotui.cli.main import main

__all__ = ["main"]
