"""What is seen of one folder."""

import os
from pathlib import Path

import pytest

from tests.sandbox.world import ORDINARY
from zotui.workspace.undo import tree


def test_a_folder_that_may_be_listed_and_not_entered_is_not_an_empty_one(workspace: Path) -> None:
    (workspace / "f").touch()
    workspace.chmod(0o444)
    folder = os.open(workspace, os.O_RDONLY)
    user = os.geteuid()
    os.seteuid(user or ORDINARY)
    try:
        with pytest.raises(PermissionError):
            tree.look(folder)
    finally:
        os.seteuid(user)
        os.close(folder)
        workspace.chmod(0o755)
