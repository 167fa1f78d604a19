"""A short round of kills; ``python -m tests.faults.kill --rounds 200`` is the long one."""

import pytest

from tests.faults.kill import run
from zotui.home import Home


@pytest.mark.parametrize("seed", [1])
async def test_kills_at_random_points(home: Home, seed: int) -> None:
    round_ = await run(home, seed, kills=12)
    assert round_.problems() == []
    totals = round_.totals()
    assert totals["kills"] == 12
    assert totals["done"] > 2  # some work came through, however busy the machine is
    assert totals["memories"] > 10
