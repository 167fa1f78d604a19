"""The home: one folder that holds everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from zotui.errors import ConfigError, HomeError
from zotui.private import make_file, make_folder
from zotui.text import clean

if TYPE_CHECKING:
    from zotui.config import Config

LONGEST_LOG = 2_000_000  # bytes of a log that are read
FOLDERS = ("skills", "workspace", "logs", "backups", "outputs", "cache", "run")


class Home:
    """Where everything is. Nothing is created until :meth:`prepare`."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        chosen = path or os.environ.get("ZOTUI_HOME") or Path.home() / ".zotui"
        self.path = Path(os.path.abspath(os.path.expanduser(os.fspath(chosen))))
        self._stamp: tuple[int, int, int] | None = None

    @property
    def database(self) -> Path:
        return self.path / "zotui.db"

    @property
    def config_file(self) -> Path:
        return self.path / "config.toml"

    @property
    def skills(self) -> Path:
        return self.path / "skills"

    @property
    def workspace(self) -> Path:
        return self.path / "workspace"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def bin(self) -> Path:
        """Where deleted files of the workspace are, for a while."""
        return self.path / "bin"

    @property
    def outputs(self) -> Path:
        """What commands put out, where that is long. Of the last days."""
        return self.path / "outputs"

    @property
    def cache(self) -> Path:
        """What can be fetched again. Commands may read of it what they are given."""
        return self.path / "cache"

    @property
    def backups(self) -> Path:
        return self.path / "backups"

    @property
    def vault(self) -> Path:
        """The one file of keys."""
        return self.path / "vault"

    @property
    def run(self) -> Path:
        """Locks and sockets of the processes that are up; nothing in it outlives them."""
        return self.path / "run"

    def prepare(self) -> Home:
        """Create what is missing, folders 0700 and files 0600 under any umask. Raises HomeError."""
        try:
            os.fspath(self.path).encode()
            self._make()
            for name in FOLDERS:
                make_folder(self.path / name)
            if not self.config_file.exists():
                from zotui.config import TEMPLATE

                make_file(self.config_file, TEMPLATE)
        except UnicodeEncodeError:
            raise HomeError(f"the home {self.path} is not named in UTF-8", "choose another --home") from None
        except FileExistsError as error:
            raise HomeError(f"{error.filename} is a file, not a folder", "move it away or choose --home") from None
        except NotADirectoryError as error:
            raise HomeError(f"{error.filename}: a part of this path is a file", "choose another --home") from None
        except OSError as error:
            raise HomeError(
                f"cannot use the home {self.path}: {error.strerror or error}",
                "make it writable or choose --home",
            ) from None
        return self

    def _make(self) -> None:
        """The folder itself, and those above it that are missing. One that others use is left as it is."""
        for folder in [*reversed(self.path.parents), self.path]:
            if not folder.is_dir():
                make_folder(folder)
        strange = not self.config_file.exists() and not self.database.exists() and any(self.path.iterdir())
        if strange and self.path.stat().st_mode & 0o077:
            raise HomeError(
                f"{self.path} holds other things, and others may read it",
                f"choose an empty folder, or make it yours alone: chmod 700 {self.path}",
            )
        make_folder(self.path)

    def changed_config(self) -> Config | None:
        """The configuration, if the file is another than when this was asked last; None where it is not."""
        try:
            status = self.config_file.stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        return self.config()

    def read_log(self, name: str) -> str:
        """The end of a log, clean. Blocks. Raises NotFound."""
        from zotui.errors import NotFound

        try:
            content = (self.logs / Path(name).name).read_bytes()[-LONGEST_LOG:]
        except OSError as error:
            raise NotFound(f"no log {name!r}: {error.strerror}") from None
        return clean(content.decode("utf-8", "replace"))

    def config(self) -> Config:
        """The validated configuration; the defaults where there is no file. Raises ConfigError."""
        from zotui.config import Config, read_config  # it brings msgspec, which the app's first paint can do without

        try:
            text = self.config_file.read_text("utf-8")
        except FileNotFoundError:
            return Config()
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
            raise ConfigError(f"{self.config_file}: {said}", "make it a readable UTF-8 text file") from None
        return read_config(text, str(self.config_file))
