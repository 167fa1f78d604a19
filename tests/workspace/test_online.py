"""Commands with a way out: who is asked, what is remembered, what the model is told."""

import json
import shutil

import pytest

from tests.openai_server import Exchange, OpenAIServer, calls, says
from tests.waiting import wait_for
from zotui.computer import Computer
from zotui.conversations import Question, TurnView, taint
from zotui.errors import NotFound, UsageError
from zotui.home import Home

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


def told(exchange: Exchange) -> str:
    """What the model was told of the last call."""
    return str([one["content"] for one in json.loads(exchange.body)["messages"] if one["role"] == "tool"][-1])


class Asking:
    """Turns in which the model wants one page by a command."""

    def __init__(self, computer: Computer, server: OpenAIServer, echo: str) -> None:
        self.computer, self.server = computer, server
        self.line = f"curl -s --noproxy '' http://{echo}/page"
        self.hosts = [echo]
        self.chat: str | None = None

    async def begin(self, **wishes: object) -> str:
        """A turn that calls run_online."""
        self.server.script(calls(("run_online", {"command": self.line, "hosts": self.hosts})))
        self.server.answer(lambda exchange: says(f"told: {told(exchange)}"))
        turn = await self.computer.submit("go", self.chat, **wishes)  # type: ignore[arg-type]
        self.chat = (await self.computer.turns.view(turn)).turn.conv_id
        return turn

    async def question(self) -> Question:
        """What waits for the person."""
        found: list[Question] = await wait_for(self.computer.turns.questions)
        return found[0]

    async def end(self, turn: str) -> TurnView:
        """A turn at its end."""
        async for view in self.computer.turns.follow(turn):
            last = view
        return last

    async def go(self, **wishes: object) -> str:
        """A turn that asks nobody; what the model was told."""
        view = await self.end(await self.begin(**wishes))
        assert view.turn.status == "done"
        return view.output


@pytest.fixture
def asking(computer: Computer, server: OpenAIServer, echo: str) -> Asking:
    return Asking(computer, server, echo)


async def test_once_in_this_conversation_and_always(computer: Computer, asking: Asking) -> None:
    turn = await asking.begin()
    question = await asking.question()
    pattern = f"Net({asking.hosts[0]})"
    assert question.choices == ["allow once", "deny", "edit the command first", "always allow"]
    assert question.command == asking.line
    assert f"Allowed for good would be: {pattern}" in question.text
    await computer.turns.answer(question.id, "always allow")
    view = await asking.end(turn)
    assert f"reached {asking.hosts[0]}]" in view.output
    assert "GET /page HTTP/1.1" in view.output
    assert [(one.pattern, one.conv_id) for one in await computer.grants.list()] == [(pattern, None)]
    assert await computer.store.read(lambda db: taint.cause(db, str(asking.chat))) == "run_online"

    turn = await asking.begin()  # the page has tainted this conversation: what was remembered does not hold here
    question = await asking.question()
    assert question.choices == ["allow once", "deny", "edit the command first"]
    with pytest.raises(UsageError, match="allowed once"):
        await computer.turns.answer(question.id, "always allow")
    await computer.turns.answer(question.id, "deny")
    assert "denied this call" in (await asking.end(turn)).output

    asking.chat = None
    assert "GET /page" in await asking.go(attended=False)
    assert await computer.grants.forget(pattern) == pattern
    with pytest.raises(NotFound, match="nothing is allowed as"):
        await computer.grants.forget(pattern)
    asking.chat = None
    assert "nobody is there" in await asking.go(attended=False)
    said = await computer.store.read(
        lambda db: db.execute("SELECT subject, details FROM audit WHERE kind = 'grant'").fetchall()
    )
    assert said == [(pattern, '{"status":"everywhere"}'), (pattern, '{"status":"forgotten"}')]


async def test_what_was_not_reached_taints_nothing(computer: Computer, asking: Asking) -> None:
    asking.line = "echo no way"
    assert "no way" in await asking.go(grants=(f"Net({asking.hosts[0]})",))
    assert await computer.store.read(lambda db: taint.cause(db, str(asking.chat))) == ""
    with pytest.raises(NotFound, match="no open question"):
        await computer.turns.answer("x", "allow in this conversation")


async def test_the_persons_own_command_runs_instead(computer: Computer, asking: Asking) -> None:
    turn = await asking.begin()
    question = await asking.question()
    with pytest.raises(UsageError, match="command is missing"):
        await computer.turns.answer(question.id, "edit the command first")
    await computer.turns.answer(question.id, "allow: echo mine")
    view = await asking.end(turn)
    assert "[the person had this run instead: echo mine]" in view.output
    assert "\nmine" in view.output
    assert "GET /page" not in view.output


async def test_granted_beforehand_it_runs_though_others_words_are_there(computer: Computer, asking: Asking) -> None:
    asking.chat = await computer.chats.create()
    await computer.store.write(lambda db: taint.mark(db, str(asking.chat), "a page"))
    assert "nobody is there" in await asking.go(attended=False)
    grant = f"Net({asking.hosts[0]})"
    assert "GET /page" in await asking.go(attended=False, grants=(grant,))
    with pytest.raises(UsageError, match="nothing that can be allowed"):
        await computer.submit("x", grants=("!Net(a.org)",))


async def test_what_is_no_host_is_told(asking: Asking, home: Home) -> None:
    asking.hosts = ["https://example.org/"]
    assert "is no host" in await asking.go(grants=("run_online",))


async def test_with_the_network_every_command_has_a_way_until_others_words_are_there(
    home: Home, computer: Computer, server: OpenAIServer, echo: str
) -> None:
    with home.config_file.open("a") as file:
        file.write(f'[sandbox]\nnetwork = "allow"\nhosts = ["{echo}"]\n')
    line = f"curl -s --noproxy '' http://{echo}/page || echo no way out"
    chat = None
    for wanted in ("GET /page", "no way out"):
        server.script(calls(("run_command", {"command": line})))
        server.answer(lambda exchange: says(f"told: {told(exchange)}"))
        reply = await computer.ask("go", chat)
        chat = reply.conversation_id
        assert wanted in reply.output
