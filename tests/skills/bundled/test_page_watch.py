"""Pages that change."""

from pathlib import Path

import pytest

from tests.skills.bundled import script

compare = script("page-watch", "compare")


def test_first_same_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = Path("page.html")
    page.write_text("<html><head><title>x<body><p>Price: <b>9</b> EUR<p>now 10:00")
    assert compare("shop", "page.html").startswith("first look: 2 lines")
    assert compare("shop", "page.html") == "no change"
    page.write_text("<html><body><p>Price: 8\x1b[2J EUR<p>now 10:01")
    said = compare("shop", "page.html", ignore="^now ")
    assert said == "changed: 1 new, 1 gone\n- Price: 9 EUR\n+ Price: 8 [2J EUR"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("../x", "p"), "name is"),
        (("x", "none"), "cannot be read"),
        (("x", "p", "("), "no regular expression"),
        (("x", "p"), "no text"),
    ],
    ids=["name", "file", "ignore", "empty"],
)
def test_what_is_wrong_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p").write_text("<html><script>draw()</script>")
    with pytest.raises(ValueError, match=said):
        compare(*given)
    assert not Path("page-watch").exists()
