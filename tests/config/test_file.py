"""Changing ``config.toml`` for the person: one line is another, and all else is as it was, byte for byte."""

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.processes import Children, output
from zotui.config import TEMPLATE, read_config
from zotui.config.file import add_provider, set_model
from zotui.errors import ConfigError
from zotui.home import Home

LAB = '[providers.lab]\nbase_url = "http://127.0.0.1:9/v1"\n'

# The file before and after ``groq/x`` was made the default.
CHANGES = {
    "an empty file": ("", 'model = "groq/x"\n'),
    "the line alone": ('model = "offline"', 'model = "groq/x"'),
    "comments around it": (
        '# who\nmodel = "offline"  # mine\n\n# end\n',
        '# who\nmodel = "groq/x"  # mine\n\n# end\n',
    ),
    "a literal string": ("model='offline'\n", 'model="groq/x"\n'),
    "escapes in it": ('model = "groq/a\\"b\\\\"\nprivate = true\n', 'model = "groq/x"\nprivate = true\n'),
    "a step in": ('  model   =\t"offline"\n', '  model   =\t"groq/x"\n'),
    "a key in quotes": ('"model" = "offline"\n', '"model" = "groq/x"\n'),
    "no model line": (f"# only this\n{LAB}", f'model = "groq/x"\n# only this\n{LAB}'),
    "a model line that is a comment": ('# model = "offline"\n', 'model = "groq/x"\n# model = "offline"\n'),
    "a model in a table": (
        f'{LAB}[providers.lab.extra]\nmodel = "other"\n',
        f'model = "groq/x"\n{LAB}[providers.lab.extra]\nmodel = "other"\n',
    ),
    "a model in a text": (
        'providers.groq.extra.note = """\nmodel = "a"\n"""\nmodel = "offline"\n',
        'providers.groq.extra.note = """\nmodel = "a"\n"""\nmodel = "groq/x"\n',
    ),
    "below a list of several lines": (
        'fallback = [\n  "groq",\n]\nproviders.groq.extra.l = [\n[1],\n]\nmodel = "offline"\n',
        'fallback = [\n  "groq",\n]\nproviders.groq.extra.l = [\n[1],\n]\nmodel = "groq/x"\n',
    ),
    "Windows lines": ('# a\r\nmodel = "offline"\r\n', '# a\r\nmodel = "groq/x"\r\n'),
    "Windows lines without it": ("# a\r\n", 'model = "groq/x"\r\n# a\r\n'),
    "a byte order mark": ('\ufeffmodel = "offline"\n', '\ufeffmodel = "groq/x"\n'),
    "a byte order mark without it": ("\ufeff# a\n", '\ufeffmodel = "groq/x"\n# a\n'),
    "no line end": (f"{LAB}# end", f'model = "groq/x"\n{LAB}# end'),
    "a number that is none": (
        f'model = "offline"\n{LAB}extra = {{ x = nan }}\n',
        f'model = "groq/x"\n{LAB}extra = {{ x = nan }}\n',
    ),
    "the template": (TEMPLATE, TEMPLATE.replace('\nmodel = "offline"', '\nmodel = "groq/x"')),
}

REFUSED = {
    "several lines": 'model = """\noffline"""\n',
    "faulty already": 'modle = "offline"\n',
    "broken": "model = \n",
    "twice": 'model = "offline"\nmodel = "offline"\n',
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def write(file: Path, text: str) -> None:
    file.write_bytes(text.encode())


@pytest.mark.parametrize("kind", CHANGES)
def test_one_line_changes(kind: str, file: Path) -> None:
    before, after = CHANGES[kind]
    write(file, before)
    set_model(file, "groq/x")
    assert file.read_bytes().decode() == after
    assert read_config(after).model == "groq/x"
    assert [other.name for other in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_changed_is_said_and_stays(kind: str, file: Path) -> None:
    write(file, REFUSED[kind])
    with pytest.raises(ConfigError, match=r"config\.toml") as caught:
        set_model(file, "groq/x")
    assert "\n" not in str(caught.value)
    assert file.read_bytes().decode() == REFUSED[kind]
    assert [other.name for other in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("model", ["nope/x", "", "groq/\udcff"])
def test_a_model_that_cannot_be_is_refused(model: str, file: Path) -> None:
    write(file, CHANGES["comments around it"][0])
    with pytest.raises(ConfigError):
        set_model(file, model)
    assert file.read_bytes().decode() == CHANGES["comments around it"][0]


@pytest.mark.parametrize("model", ['groq/a"b\\c', "groq/a\nb\tc\x01\x7f", "groq/ünï🎉", "groq/'''", " groq/x "])
def test_any_name_of_a_model_comes_back_as_it_is(model: str, file: Path) -> None:
    write(file, CHANGES["comments around it"][0])
    set_model(file, model)
    assert read_config(file.read_bytes().decode()).model == model.replace("\x7f", "")


PIECES = [
    "# a comment with model = in it\n",
    'model = "offline"\n',
    "model = 'groq/a'  # why\n",
    '  "model"  =  "ollama"\r\n',
    '# model = "groq"\n',
    "private = false\n",
    'fallback = [\n  "groq", # first\n]\n',
    "\n",
    "\r\n",
    "   \n",
    "[agent]\nmax_steps = 3\n",
    '[providers.lab]\nbase_url = "http://127.0.0.1:9/v1"\n',
    '[providers.lab.extra]\nmodel = "x"\n',
    'providers.groq.extra.t = """\nmodel = "y"\n[z]\n"""\n',
    "providers.groq.extra.l = [\n[1]]\n",
    "[prices]\n'lab/tiny' = { input = 1, output = 2 }\n",
    '[keys]\nmodels = "f6"\n',
    "[policy]\n",
    "nonsense\n",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.lists(st.sampled_from(PIECES), max_size=7).map("".join),
    mark=st.sampled_from(["", "", "\ufeff"]),
    cut=st.booleans(),
)
def test_every_other_line_is_kept_or_nothing_is_changed(text: str, mark: str, cut: bool, file: Path) -> None:
    before = mark + (text.rstrip("\r\n") if cut else text)
    write(file, before)
    try:
        set_model(file, "groq/new")
    except ConfigError:
        assert file.read_bytes().decode() == before
        return
    after = file.read_bytes().decode()
    old, new = before.removeprefix(mark).splitlines(keepends=True), after.removeprefix(mark).splitlines(keepends=True)
    assert after.startswith(mark)
    if len(new) > len(old):
        assert new[0].rstrip() == 'model = "groq/new"'
        new = new[1:]
    assert len([1 for one, other in zip(old, new, strict=True) if one != other]) <= 1
    told, meant = tomllib.loads(after.removeprefix("\ufeff")), tomllib.loads(before.removeprefix("\ufeff"))
    assert told == {**meant, "model": "groq/new"}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.text(max_size=80), model=st.text(max_size=30).map("groq/".__add__))
def test_no_text_breaks_it(before: str, model: str, file: Path) -> None:
    file.write_bytes(before.encode("utf-8", "replace"))
    kept = file.read_bytes()
    try:
        set_model(file, model)
    except ConfigError:
        assert file.read_bytes() == kept
    else:
        assert file.read_bytes().endswith(kept[1:])


class TestPlace:
    """The file itself."""

    def test_it_is_for_its_owner_only(self, file: Path) -> None:
        write(file, "")
        file.chmod(0o644)
        set_model(file, "groq/x")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_a_link_stays_a_link(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "dots").mkdir()
        write(tmp_path / "dots" / "zotui.toml", "# mine\n")
        file.symlink_to(tmp_path / "dots" / "zotui.toml")
        set_model(file, "groq/x")
        assert file.is_symlink()
        assert (tmp_path / "dots" / "zotui.toml").read_text() == 'model = "groq/x"\n# mine\n'

    def test_where_it_cannot_be_written_it_stays(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(file, "# mine\n")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(ConfigError, match="No space left on device: it was left as it was"):
            set_model(file, "groq/x")
        assert file.read_text() == "# mine\n"
        assert [other.name for other in file.parent.iterdir()] == [file.name]

    def test_what_is_no_text_is_said(self, file: Path) -> None:
        file.write_bytes(b"\xff\xfe")
        with pytest.raises(ConfigError, match="make it readable"):
            set_model(file, "groq/x")
        assert file.read_bytes() == b"\xff\xfe"


class TestProviders:
    """A provider is added once, under a name of its own."""

    URL = "http://127.0.0.1:9/v1"

    def test_it_is_put_at_the_end(self, file: Path) -> None:
        write(file, "# mine\r\nprivate = true")
        assert add_provider(file, "local", self.URL) == "local"
        assert file.read_bytes().decode() == (
            f'# mine\r\nprivate = true\r\n\r\n[providers.local]\r\nbase_url = "{self.URL}"\r\n'
        )
        before = file.read_bytes()
        assert add_provider(file, "local", self.URL) == "local"
        assert file.read_bytes() == before

    def test_another_of_that_name_stays(self, file: Path) -> None:
        for number, name in enumerate(("local", "local2", "local3")):
            assert add_provider(file, "local", f"http://127.0.0.1:{number + 1}/v1") == name
        assert read_config(file.read_text()).providers["local"].base_url == "http://127.0.0.1:1/v1"

    def test_a_second_ollama_speaks_as_the_first(self, file: Path) -> None:
        write(file, "[providers.ollama]\nconcurrency = 2\n")
        name = add_provider(file, "ollama", "http://127.0.0.1:7/")
        assert name == "ollama2"
        assert read_config(file.read_text()).providers[name].dialect == "ollama"

    @pytest.mark.parametrize("text", ["providers = {}\n", "broken\n"])
    def test_where_none_can_be_added_it_stays(self, text: str, file: Path) -> None:
        write(file, text)
        with pytest.raises(ConfigError):
            add_provider(file, "local", self.URL)
        assert file.read_text() == text


def test_many_processes_at_once_lose_nothing(home: Home, children: Children) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom zotui.config.file import add_provider, set_model\n"
        "for n in range(10):\n"
        "    name = add_provider(Path(sys.argv[1]), f'p{sys.argv[2]}x{n}', f'http://127.0.0.1:{n + 1}/v1')\n"
        "    set_model(Path(sys.argv[1]), name)\n"
    )
    started = [children.python(program, str(home.config_file), str(number)) for number in range(4)]
    for child in started:
        output(child)
    config = home.config()
    assert len(config.providers) == 40
    assert config.model in {f"p{number}x9" for number in range(4)}
    assert home.config_file.read_text().startswith(TEMPLATE[:200])
