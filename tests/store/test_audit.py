"""The audit log: only added to, and whatever is changed behind its back is found and named."""

import pytest

from zotui.store import Store, audit


def fill(store: Store, count: int) -> None:
    """Add so many rows, each in a transaction of its own."""
    for n in range(count):
        store.write_now(lambda db, n=n: audit.add(db, "call", f"row {n}", turn="t", details={"n": n}), durable=False)


def force(store: Store, statement: str) -> None:
    """Change the log as somebody would who owns the file: without its triggers."""

    def change(db: audit.Database) -> None:
        db.execute("DROP TRIGGER audit_stays")
        db.execute("DROP TRIGGER audit_is_whole")
        db.execute(statement)

    store.write_now(change)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET subject = 'x'", "DELETE FROM audit", "UPDATE audit SET hash = '' WHERE seq = 3"]
)
async def test_rows_are_never_changed(store: Store, statement: str) -> None:
    fill(store, 5)
    with pytest.raises(Exception, match="append-only"):
        await store.write(lambda db: db.execute(statement))
    assert await store.read(audit.verify) == audit.Verdict(5, (await store.read(audit.entries))[0].hash)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param("UPDATE audit SET subject = 'nothing' WHERE seq = 4", "row 4 was changed", id="subject"),
        pytest.param("UPDATE audit SET at = at + 1 WHERE seq = 1", "row 1 was changed", id="time"),
        pytest.param("UPDATE audit SET turn_id = NULL WHERE seq = 9", "row 9 was changed", id="turn"),
        pytest.param("UPDATE audit SET details = '{}' WHERE seq = 2", "row 2 was changed", id="details"),
        pytest.param("DELETE FROM audit WHERE seq = 6", "row 6 is missing", id="one gone"),
        pytest.param("DELETE FROM audit WHERE seq BETWEEN 3 AND 5", "rows 3 to 5 are missing", id="some gone"),
        pytest.param("DELETE FROM audit WHERE seq = 1", "row 1 is missing", id="the first gone"),
    ],
)
async def test_what_was_changed_is_named(store: Store, change: str, said: str) -> None:
    fill(store, 10)
    force(store, change)
    verdict = await store.read(audit.verify)
    assert verdict.said.startswith(said)
    assert verdict.broken_at is not None
    assert verdict.rows == verdict.broken_at - 1


async def test_a_row_made_to_fit_breaks_the_next(store: Store) -> None:
    fill(store, 10)
    force(store, "UPDATE audit SET subject = 'other', hash = (SELECT hash FROM audit WHERE seq = 5) WHERE seq = 4")
    assert (await store.read(audit.verify)).broken_at == 4


async def test_long_logs_are_checked_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 7)
    fill(store, 40)
    assert (await store.read(audit.verify)).rows == 40
    page = await store.read(lambda db: audit.entries(db, 5, 31))
    assert [row.seq for row in page] == [30, 29, 28, 27, 26]
