"""Everything in a home is its owner's alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import opened
from zotui.errors import HomeError
from zotui.home import Home


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """The umasks of careless, usual and careful people."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_modes_under_any_umask(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    store = opened(home)
    try:
        store.write_now(lambda db: db.execute("INSERT INTO desk(key, value) VALUES ('a', 'b')"))
        found = {path: mode(path) for path in [home.path, *home.path.rglob("*")] if not path.is_socket()}
        sockets = [mode(path) for path in home.run.glob("*.bell")]
    finally:
        store.close()
    assert found == {path: 0o700 if path.is_dir() else 0o600 for path in found}
    assert {"zotui.db", "zotui.db-wal", "zotui.db-shm", "config.toml", "write.lock"} <= {path.name for path in found}
    assert sockets == [0o600]


def test_an_open_home_and_file_are_closed_to_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.path.mkdir()
    home.path.chmod(0o755)
    home.database.touch()
    home.database.chmod(0o644)
    opened(home.prepare()).close()
    assert mode(home.path) == 0o700
    assert mode(home.database) == 0o600


def test_a_file_in_the_homes_place(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeError, match="is a file, not a folder: move it away"):
        Home(tmp_path / "home").prepare()
    with pytest.raises(HomeError, match="is a file"):
        Home(tmp_path / "home" / "deeper").prepare()
