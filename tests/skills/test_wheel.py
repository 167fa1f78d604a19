"""A wheel, built and installed as anybody would, holds the bundled skills."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.processes import ROOT

BUILD = """
import sys
from hatchling.builders.wheel import WheelBuilder

print(next(WheelBuilder(sys.argv[1]).build(directory=sys.argv[2], versions=["standard"])))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of this tree."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("zotui", "skills"):
        shutil.copytree(ROOT / name, folder / "tree" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "tree" / name)
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder / "tree"), str(folder)], capture_output=True, text=True, timeout=60
    )
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.splitlines()[-1])


def test_it_holds_the_package_and_the_skills_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    bundled = [
        path.relative_to(ROOT / "skills") for path in (ROOT / "skills").rglob("*") if path.suffix in (".md", ".py")
    ]
    assert {f"zotui/skills/bundled/{path}" for path in bundled} <= set(names)
    assert "zotui/py.typed" in names
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"zotui"}
    assert {f"zotui/data/vectors.{name}" for name in ("bin", "license.txt", "notice.txt")} <= set(names)
    assert wheel.stat().st_size < 6_000_000


def test_installed_without_network_it_lists_them(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", system_site_packages=False, with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        str(wheel),
    ]
    done = subprocess.run(install, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # What it depends on is lent by this environment, without the tree that is installed in it.
    lent = tmp_path / "lent"
    lent.mkdir()
    for found in Path(pytest.__file__).parents[1].iterdir():
        if found.suffix != ".pth" and "zotui" not in found.name:
            (lent / found.name).symlink_to(found)
    (site / "lent.pth").write_text(str(lent))
    environment = {
        "PATH": os.environ["PATH"],
        "ZOTUI_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    run = [str(python), "-m", "zotui", "skills", "list"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [
        [path.parent.name, "ready", "bundled"] for path in sorted((ROOT / "skills").glob("*/SKILL.md"))
    ]
    where = [str(python), "-c", "import zotui; print(zotui.__file__)"]
    assert subprocess.run(where, capture_output=True, text=True, cwd=tmp_path, env=environment).stdout.startswith(
        str(site)
    )
