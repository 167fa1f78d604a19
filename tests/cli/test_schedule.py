"""``zotui schedule``: what happens by itself."""

import json
from datetime import datetime

import pytest

from tests.cli.inside import Inside
from tests.processes import opened
from zotui.home import Home

DAILY = ("--rrule", "FREQ=DAILY;BYHOUR=9", "--tz", "Europe/Paris")


def added(inside: Inside, *words: str) -> str:
    """The name of one that is put."""
    done = inside("schedule", "add", *DAILY, *words)
    assert done.code == 0, done.complaint
    return done.out.split()[0]


def test_from_adding_to_removing(home: Home) -> None:
    inside = Inside(home)
    assert "nothing is scheduled" in inside("schedule", "list").out
    done = inside("schedule", "add", *DAILY, "--run", "echo hi", "--title", "job", "--misfire", "all", "--retries", "2")
    assert done.err.splitlines()[0].startswith("every day at 09:00, Europe/Paris  (FREQ=DAILY;BYHOUR=9, from 20")
    assert len(done.err.splitlines()) == 6
    name = done.out.split()[0]
    [one] = inside("schedule", "list", "--json").json
    assert (one["title"], one["state"], one["tz"], one["rrule"]) == (
        "job",
        "active",
        "Europe/Paris",
        "FREQ=DAILY;BYHOUR=9",
    )
    assert (one["policy"]["misfire"], one["policy"]["retries"], one["action"]["kind"]) == ("all", 2, "run")
    assert one["next_run"].endswith("Z")
    listed = inside("schedule", "list")
    assert listed.out.split()[:3] == ["▸", name, "in"]
    assert "nothing happens until one is" in listed.err
    shown = inside("schedule", "show", name).out
    assert "run       echo hi" in shown
    assert "next      " in shown
    assert len(inside("schedule", "show", "job", "--json").json["next"]) == 5
    inside("schedule", "pause", name)
    assert inside("schedule", "list", "--json").json[0]["state"] == "paused"
    assert "resumed job" in inside("schedule", "resume", name).err
    assert "left out: " in inside("schedule", "skip", name).err
    [run] = inside("schedule", "history", name, "--json").json
    assert (run["status"], run["reason"]) == ("skipped", "asked")
    edited = inside("schedule", "edit", name, "--title", "other", "--overlap", "queue", "--json").json
    assert (edited["title"], edited["policy"]["overlap"], edited["policy"]["misfire"]) == ("other", "queue", "all")
    assert "deleted other" in inside("schedule", "rm", name).err
    assert inside("schedule", "list", "--json").json == []


def test_a_run_by_hand(home: Home) -> None:
    inside = Inside(home)
    name = added(inside, "--ask", "help", "--title", "brief")
    done = inside("schedule", "run", name, "--wait")
    assert done.code == 0
    assert done.out.startswith("done: ")
    [run] = inside("schedule", "history", "--json").json
    assert (run["cause"], run["status"], run["attempt"]) == ("manual", "done", 1)
    assert inside("chats", "list", "--json").json[0]["id"] == run["conv_id"]
    assert inside("schedule", "history").out.split()[0] == "✓"
    assert inside("schedule", "stop", run["id"]).code == 1
    queued = inside("schedule", "run", name, "--json").json
    assert queued["status"] == "queued"
    assert inside("schedule", "stop", queued["id"][-8:]).code == 0


def test_what_is_emptied_is_no_more(home: Home) -> None:
    inside = Inside(home)
    name = added(inside, "--run", "true", "--quiet", "22:00-07:00", "--deliver", "file:a", "--exdate", "2030-01-01")
    done = inside("schedule", "edit", name, "--quiet", "", "--deliver", "", "--exdate", "", "--json").json
    assert (done["policy"]["quiet"], done["policy"]["deliver"], done["exdate"]) == ("", [], [])


def test_a_zone_that_is_gone_is_said_of_its_automation_alone(home: Home) -> None:
    inside = Inside(home)
    gone = added(inside, "--run", "true", "--title", "old")
    added(inside, "--run", "true", "--title", "new")
    inside("schedule", "run", gone)
    store = opened(home)
    store.write_now(lambda db: db.execute("UPDATE automations SET tz = 'Mars/Olympus' WHERE title = 'old'"))
    store.close()
    assert len(inside("schedule", "list").out.splitlines()) == 2
    assert len(inside("schedule", "history").out.splitlines()) == 1
    for verb in (("skip", gone), ("preview", gone), ("edit", gone, "--title", "older")):
        done = inside("schedule", *verb)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "tz=Mars/Olympus: is no known time zone" in done.err
    inside("schedule", "pause", gone)
    assert ", Mars/Olympus" in inside("schedule", "show", gone).out
    assert inside("schedule", "edit", gone, "--tz", "Europe/Paris").code == 0


def test_what_is_left_out_is_not_shown_as_next(home: Home) -> None:
    inside = Inside(home)
    done = inside("schedule", "add", "--rdate", "2400-12-25T09:00", "--tz", "UTC", "--run", "true", "--title", "last")
    assert done.err.startswith("2400-12-25T09:00, UTC  (no rule, ")
    inside("schedule", "skip", "last")
    assert inside("schedule", "show", "last", "--json").json["next"] == []
    name = added(inside, "--run", "true")
    second = inside("schedule", "show", name, "--json").json["next"][1]
    inside("schedule", "skip", name)
    assert inside("schedule", "preview", name, "--json").json[0] == second


def test_one_that_fails(home: Home) -> None:
    inside = Inside(home)
    name = added(inside, "--run", "echo out; exit 3")
    done = inside("schedule", "run", name, "--wait")
    assert (done.code, done.out) == (1, "failed (exit_code): exit code 3\n")
    [notice] = inside("notices", "list", "--json").json
    assert notice["text"] == "echo out; exit 3: exit_code: exit code 3"


def test_preview_keeps_nothing(home: Home) -> None:
    inside = Inside(home)
    found = inside("schedule", "preview", *DAILY, "-n", "3", "--after", "2026-03-27", "--json").json
    assert found == ["2026-03-27T09:00:00+01:00", "2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00"]
    assert len(inside("schedule", "preview", *DAILY).out.splitlines()) == 5
    assert inside("schedule", "list", "--json").json == []
    name = added(inside, "--run", "true")
    assert len(inside("schedule", "preview", name, "-n", "7", "--json").json) == 7
    once = inside("schedule", "preview", "--rdate", "2020-01-01", "--json")
    assert once.json == []


def test_exceptions_and_additions(home: Home) -> None:
    found = Inside(home)(
        "schedule", "preview", "--rrule", "FREQ=DAILY;BYHOUR=9", "--tz", "UTC", "--start", "2027-01-01",
        "--exdate", "2027-01-02", "--rdate", "2027-01-03T12:00", "-n", "3", "--after", "2027-01-01", "--json",
    ).json  # fmt: skip
    assert [datetime.fromisoformat(at).strftime("%d %H") for at in found] == ["01 09", "03 09", "03 12"]


def test_backfill(home: Home) -> None:
    inside = Inside(home)
    name = added(inside, "--run", "true", "--start", "2026-01-01")
    assert "3 are made up for" in inside("schedule", "backfill", name, "--from", "2026-02-01", "--to", "2026-02-04").err
    assert [one["cause"] for one in inside("schedule", "history", name, "--json").json] == ["backfill"] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--run", "a"), "when shall it happen"),
        (("add", *DAILY), "what shall happen"),
        (("add", *DAILY, "--run", "a", "--ask", "b"), "what shall happen"),
        (("add", "--rrule", "FREQ=DAILY;INTERVAL=0", "--run", "a"), "INTERVAL=0"),
        (("add", "--rrule", "FREQ=SECONDLY", "--run", "a"), "60 s at least"),
        (("add", *DAILY, "--run", "a", "--deliver", "x"), "nothing to deliver to"),
        (("add", *DAILY, "--skill", "x", "--json-args", "["), "no JSON object"),
        (("add", "--rrule", "FREQ=DAILY;UNTIL=20200101", "--run", "a"), "must not be before the start"),
        (("add", "--rdate", "2020-01-01", "--run", "a"), "never happens from now on"),
        (("show", "x"), "no automation 'x'"),
        (("edit", "x"), "nothing to change"),
        (("edit", "x", "--title", "a"), "no automation 'x'"),
        (("preview",), "say which one, or when"),
        (("skip", "x"), "no automation 'x'"),
        (("stop", "x"), "no run 'x'"),
        (("history", "x"), "no automation 'x'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_refused_in_one_line(home: Home, words: tuple[str, ...], said: str) -> None:
    done = Inside(home)("schedule", *words)
    assert done.code in (1, 2)
    assert said in done.complaint


def test_the_ledger_names_it(home: Home) -> None:
    inside = Inside(home)
    inside("schedule", "run", added(inside, "--ask", "help"), "--wait")
    details = json.dumps(inside("audit", "--json").json)
    assert "automation added" in details


def test_a_unit_for_systemd(home: Home) -> None:
    done = Inside(Home(home.path / 'a "b" $c %d'))("serve", "--print-unit")
    [line] = [line for line in done.out.splitlines() if line.startswith("ExecStart=")]
    assert line.endswith(r'a \"b\" $$c %%d" "serve"')
    assert "WantedBy=default.target" in done.out


def test_one_that_runs_here_takes_no_other_along(home: Home) -> None:
    inside = Inside(home)
    other = added(inside, "--run", "touch other", "--title", "other")
    inside("schedule", "run", other)
    name = added(inside, "--run", "echo hi", "--deliver", "file:told.txt")
    assert inside("schedule", "run", name, "--wait").code == 0
    assert (home.workspace / "told.txt").read_text() == "echo hi\n\nhi\n\n"
    [run] = inside("schedule", "history", other, "--json").json
    assert (run["status"], run["attempt"]) == ("queued", 0)
    assert not (home.workspace / "other").exists()
