"""What tests share: a home of their own, child processes that do not outlive them, a clean environment."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.echo import echo  # noqa: F401 (a fixture of all)
from tests.processes import Children, end_background, opened
from zotui.home import Home
from zotui.models.registry import BUILT_IN
from zotui.store import Store

ENVIRONMENT = ("ZOTUI_HOME", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "OLLAMA_HOST")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of whoever runs the tests: no home, no proxy, no key, no skill."""
    keys = [variable for row in BUILT_IN.values() for variable in row.env]
    monkeypatch.setattr("zotui.models.keys._TAKEN", {})
    monkeypatch.setattr("zotui.skills.places.surroundings", lambda: (Path("/nobody"), Path("/")))
    for name in (*ENVIRONMENT, *keys):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A prepared home; the background process that doors start for it ends with the test."""
    home = Home(tmp_path / "home").prepare()
    yield home
    end_background(home)


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """The home's file, open."""
    store = opened(home)
    yield store
    store.close()


@pytest.fixture
def children() -> Iterator[Children]:
    """Child processes that end with the test."""
    started = Children()
    yield started
    started.end()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be skipped (as root, in the README's command), a skip is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("ZOTUI_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
