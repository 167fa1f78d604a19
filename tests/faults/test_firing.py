"""A short round of it; ``python -m tests.faults.firing --rounds 500`` is the long one."""

import sys

from tests.processes import Children, output


def test_times_that_come_while_the_process_is_killed(children: Children) -> None:
    told = output(children.start([sys.executable, "-m", "tests.faults.firing", "--rounds", "15"]))
    assert "15 times killed" in told
    assert "'done': " in told
