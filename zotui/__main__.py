"""``python -m zotui``: the same as the ``zotui`` command."""

from zotui.cli import main

main()
