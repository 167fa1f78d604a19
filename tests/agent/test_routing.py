"""Who answers in the end: retries, fallback, limits shared by all, caps, and every attempt in the ledger."""

import asyncio
import json
import timeit
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import msgspec
import pytest

from tests.agent.lab import Lab
from tests.openai_server import Exchange, OpenAIServer, answers, cuts, hangs, openai_server, says, thinks
from tests.processes import looking, one, rows
from tests.waiting import wait_for
from zotui.agent.agent import encoded_images
from zotui.config import Config, PriceConfig, ProviderConfig, SpendingConfig
from zotui.conversations import TurnView
from zotui.errors import UsageError
from zotui.models import gate, prices
from zotui.models import ledger as ledger_of
from zotui.store import now_ms

PRICES = {"lab/tiny": PriceConfig(input=1.0, output=1198.0)}  # of 10 and 5 tokens: $0.006
COST = 0.006


@pytest.fixture
async def second() -> AsyncIterator[OpenAIServer]:
    """Another server."""
    async with openai_server() as server:
        yield server


def standing_in(second: OpenAIServer, **more: Any) -> Config:
    """A configuration in which another server stands in for the first."""
    return Config(fallback=["spare/big"], providers={"spare": ProviderConfig(base_url=second.url)}, **more)


def ledger(lab: Lab) -> list[Any]:
    """All attempts: who was asked, how it ended."""
    return rows(lab.home, "SELECT model, status, reason FROM usage ORDER BY id")


def limited(status: int = 429, after: str = "0") -> Any:
    return answers(status, json.dumps({"error": {"message": "slow down"}}), retry_after=after)


FAILS = answers(500, json.dumps({"error": {"message": "broken"}}))


class TestFallback:
    async def test_the_next_one_answers_and_all_attempts_are_kept(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second))
        lab.server.script(limited(), limited(), FAILS)
        second.script(says("from the spare"))
        view = await lab.ask("hi")
        assert (view.turn.status, view.output) == ("done", "from the spare")
        assert [(m.role, m.model) for m in view.messages] == [("user", ""), ("assistant", "spare/big")]
        assert "lab/tiny" in view.replies[0].note
        assert "broken" in view.replies[0].note
        assert ledger(lab) == [
            ("lab/tiny", "failed", "rate_limit"),
            ("lab/tiny", "failed", "rate_limit"),
            ("lab/tiny", "failed", "server"),
            ("spare/big", "done", None),
        ]
        assert len(second.exchanges) == 1

    async def test_nobody_else_is_asked_once_text_was_shown(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second))
        lab.server.script(cuts("Half an ans"))
        view = await lab.ask("hi")
        assert (view.turn.status, view.turn.reason, view.output) == ("interrupted", "truncated", "Half an ans")
        assert (len(lab.server.exchanges), len(second.exchanges)) == (1, 0)

    async def test_a_fault_of_the_request_is_nobodys_to_mend(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second))
        lab.server.script(answers(400, json.dumps({"error": {"message": "maximum context length is 10 tokens"}})))
        view = await lab.ask("hi")
        assert (view.turn.status, view.turn.reason) == ("failed", "context_overflow")
        assert second.exchanges == []

    async def test_a_missing_key_is_passed_over(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second))
        second.script(says("ok"))
        view = await lab.ask("hi", model="groq")
        assert view.output == "ok"
        assert "groq needs a key" in view.replies[0].note

    async def test_where_all_fail_the_last_one_is_told(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second))
        lab.server.script(answers(401, "{}"))
        second.script(answers(402, "{}"))
        view = await lab.ask("hi")
        assert (view.turn.status, view.turn.reason) == ("failed", "billing")

    async def test_who_fails_again_and_again_is_left_alone_for_a_while(
        self, lab: Lab, second: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lab.worker(config=standing_in(second))
        lab.server.script(FAILS, FAILS, FAILS)
        second.answer(lambda exchange: says("ok"))
        assert (await lab.ask("one")).output == "ok"
        view = await lab.ask("two")
        assert view.output == "ok"
        assert "is left alone for a while" in view.replies[0].note
        assert len(lab.server.exchanges) == 3
        lab.server.script(says("well again"))
        await lab.store.write(lambda db: db.execute("UPDATE breakers SET open_until = ?", (now_ms() - 1,)))
        assert (await lab.ask("three")).output == "well again"
        assert one(lab.home, "SELECT count(*) FROM breakers WHERE model = 'lab/tiny'") == 0

    async def test_a_model_that_fails_is_not_held_against_its_neighbours(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second))
        lab.server.script(FAILS, FAILS, FAILS, says("I am well"))
        second.answer(lambda exchange: says("ok"))
        assert (await lab.ask("one", model="lab/ill")).output == "ok"
        assert (await lab.ask("two", model="lab/tiny")).output == "I am well"

    async def test_after_a_while_one_request_tries_it_and_the_others_wait_for_that(self, lab: Lab) -> None:
        door = gate.Gate(lab.store)
        await lab.store.write(
            lambda db: db.execute(
                "INSERT INTO breakers(model, failures, open_until, said) VALUES ('lab/tiny', 3, 1, 'ill')"
            )
        )
        said = await asyncio.gather(*(door.closed_to("lab/tiny") for _ in range(8)))
        assert sorted(said) == ["", *["ill"] * 7]

    async def test_private_goes_on_to_one_that_is_here(self, lab: Lab, second: OpenAIServer) -> None:
        far = ProviderConfig(base_url="https://far.invalid/v1", models=["x"])
        config = standing_in(second)
        lab.worker(config=Config(fallback=config.fallback, providers={**config.providers, "far": far}))
        second.script(says("here"))
        view = await lab.ask("hi", model="far", private=True)
        assert view.output == "here"
        assert "not on this machine" in view.replies[0].note


class TestOpaque:
    async def test_only_its_maker_is_sent_it(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second))
        details = [{"type": "reasoning.encrypted", "data": "OPAQUE"}]

        async def signed(exchange: Exchange) -> None:
            head = {"index": 0, "id": "c1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
            await exchange.delta({"reasoning_details": details, "tool_calls": [head]})
            await exchange.end("tool_calls")

        lab.server.script(signed, says("It is noon."))
        first = await lab.ask("what time is it?")
        assert lab.server.requests[1]["messages"][2]["reasoning_details"] == details
        second.script(says("ok"))
        await lab.ask("and now?", first.turn.conv_id, model="spare/big")
        assert "OPAQUE" not in json.dumps(second.requests)
        lab.server.script(says("ok"))
        await lab.ask("and now?", first.turn.conv_id)
        assert "OPAQUE" in json.dumps(lab.server.requests[2])

    async def test_reasoning_is_kept_and_is_no_output(self, lab: Lab) -> None:
        lab.worker()
        lab.server.script(thinks("weigh it", "yes"))
        view = await lab.ask("hi")
        assert (view.output, view.replies[0].reasoning) == ("yes", "weigh it")


class TestLimits:
    async def test_fifty_turns_keep_below_the_rate(self, lab: Lab) -> None:
        """A server that counts in windows of a second; 40 a second, so that the test is short."""
        seen: list[float] = []
        clock = asyncio.get_running_loop().time

        def choose(exchange: Exchange) -> Any:
            now = clock()
            seen.append(now)
            return limited() if sum(now - then < 1 for then in seen) > 40 else says("ok")

        lab.server.answer(choose)
        config = Config(
            providers={"lab": ProviderConfig(base_url=lab.server.url, models=["tiny"], requests_per_minute=2400)}
        )
        async with lab.another_store() as other:
            lab.worker(config=config)
            lab.worker(config=config, store=other)
            turns = [await lab.submit(f"spawn {number}") for number in range(50)]
            views = [await lab.over(turn) for turn in turns]
        assert {view.turn.status for view in views} == {"done"}
        assert {status for _, status, _ in ledger(lab)} == {"done"}
        assert len(seen) == 50

    async def test_a_cap_on_requests_at_once_holds_for_all_workers(self, lab: Lab) -> None:
        open_, most = 0, 0

        def choose(exchange: Exchange) -> Any:
            async def play(exchange: Exchange) -> None:
                nonlocal open_, most
                open_ += 1
                most = max(most, open_)
                await exchange.text("a", 1)
                await asyncio.wait_for(together.wait(), 20)
                open_ -= 1
                await exchange.end()

            return play

        together = asyncio.Event()
        lab.server.answer(choose)
        config = Config(providers={"lab": ProviderConfig(base_url=lab.server.url, models=["tiny"], concurrency=3)})
        async with lab.another_store() as other:
            lab.worker(config=config)
            lab.worker(config=config, store=other)
            turns = [await lab.submit(f"spawn {number}") for number in range(9)]
            await wait_for(lambda: open_ == 3)
            await wait_for(lambda: one(lab.home, "SELECT count(*) FROM turns WHERE status = 'running'") == 9)
            assert open_ == 3
            together.set()
            views = [await lab.over(turn) for turn in turns]
        assert {view.turn.status for view in views} == {"done"}
        assert most == 3

    async def test_one_that_waits_for_its_turn_can_be_stopped(self, lab: Lab) -> None:
        config = Config(providers={"lab": ProviderConfig(base_url=lab.server.url, models=["tiny"], concurrency=1)})
        lab.worker(config=config)
        lab.server.script(hangs("I have it"))
        first = await lab.submit("first")
        await lab.shows(first, "I have it")
        second = await lab.submit("second")
        await lab.is_in(second, "running")
        await lab.turns.stop(second)
        assert (await lab.over(second)).turn.status == "cancelled"
        await lab.turns.stop(first)
        await lab.over(first)
        assert one(lab.home, "SELECT count(*) FROM usage WHERE status = 'running'") == 0

    async def test_a_wait_that_a_server_asks_for_holds_for_all(self, lab: Lab) -> None:
        config = Config(providers={"lab": ProviderConfig(base_url=lab.server.url, models=["tiny"])})
        lab.worker(config=config)
        lab.server.script(limited(after="3600"))
        assert (await lab.ask("one")).turn.reason == "rate_limit"
        view = await lab.ask("two")
        assert view.turn.reason == "rate_limit"
        assert "asked to be left alone" in str(view.turn.error)
        assert len(lab.server.exchanges) == 1

    async def test_a_request_of_a_worker_that_lost_its_turn_does_not_run_for_ever(self, lab: Lab) -> None:
        """It was taken for dead while it waited to ask again, and its turn has ended: it lives, but ends no row."""
        lab.worker()
        lab.server.script(says("ok"))
        view = await lab.ask("hi")
        await lab.store.write(
            lambda db: db.execute(
                "INSERT INTO usage(id, turn_id, provider, model, status, owner, created_at)"
                " VALUES ('x', ?, 'lab', 'lab/tiny', 'running', ?, 1)",
                (view.turn.id, lab.store.owner),
            )
        )
        await wait_for(lambda: one(lab.home, "SELECT status FROM usage WHERE id = 'x'") == "interrupted")

    @pytest.mark.parametrize("limit", [60.0, None])
    async def test_a_place_far_ahead_is_of_another_clock_or_another_limit(self, lab: Lab, limit: float | None) -> None:
        config = Config(
            providers={
                "lab": ProviderConfig(
                    base_url=lab.server.url, models=["tiny"], requests_per_minute=limit, concurrency=1
                )
            }
        )
        lab.worker(config=config)
        await lab.store.write(
            lambda db: db.execute("INSERT INTO providers(name, next_at) VALUES ('lab', ?)", (now_ms() + 7_200_000,))
        )
        lab.server.script(says("ok"))
        assert (await lab.ask("hi")).output == "ok"

    @pytest.mark.parametrize("after", ["1e300", "99999999999999999999"])
    async def test_a_wait_beyond_all_measure_is_a_day(self, lab: Lab, after: str) -> None:
        lab.worker()
        lab.server.script(limited(after=after))
        assert (await lab.ask("one")).turn.reason == "rate_limit"
        assert (await lab.ask("two")).turn.reason == "rate_limit"
        assert len(lab.server.exchanges) == 1

    async def test_a_wait_of_another_clock_is_replaced(self, lab: Lab) -> None:
        lab.worker()
        await lab.store.write(
            lambda db: db.execute("INSERT INTO providers(name, wait_until) VALUES ('lab', ?)", (now_ms() + 10**12,))
        )
        lab.server.script(limited(after="3600"))
        assert (await lab.ask("one")).turn.reason == "rate_limit"
        assert "asked to be left alone" in str((await lab.ask("two")).turn.error)

    async def test_the_request_of_a_dead_process_holds_no_place(self, lab: Lab) -> None:
        await lab.store.write(
            lambda db: db.execute(
                "INSERT INTO usage(id, provider, model, status, owner, created_at)"
                " VALUES ('x', 'lab', 'lab/tiny', 'running', 'an/other/boot/1', 1)"
            )
        )
        config = Config(providers={"lab": ProviderConfig(base_url=lab.server.url, models=["tiny"], concurrency=1)})
        lab.worker(config=config)
        lab.server.script(says("ok"))
        assert (await lab.ask("hi")).output == "ok"
        await wait_for(lambda: one(lab.home, "SELECT status FROM usage WHERE id = 'x'") == "interrupted")


class TestMoney:
    async def test_what_it_cost_is_in_the_file(self, lab: Lab) -> None:
        lab.worker(config=Config(prices=PRICES))
        lab.server.script(says("ok"))
        view = await lab.ask("hi")
        assert view.spent.cost == pytest.approx(COST)
        assert rows(lab.home, "SELECT provider, priced_by, origin FROM usage") == [("lab", "config", "chat")]

    async def test_a_price_nobody_knows_is_not_zero(self, lab: Lab) -> None:
        lab.worker()
        lab.server.script(says("ok"))
        view = await lab.ask("hi")
        assert (view.spent.cost, view.spent.unpriced) == (None, 1)

    async def test_the_providers_own_word_goes_first(self, lab: Lab) -> None:
        async def dear(exchange: Exchange) -> None:
            await exchange.text("ok")
            await exchange.delta({}, "stop")
            await exchange.event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5}})
            await exchange.event("[DONE]")

        lab.worker(config=Config(prices=PRICES))
        lab.server.script(dear)
        assert (await lab.ask("hi")).spent.cost == 0.5

    @pytest.mark.parametrize("cap", ["per_conversation", "per_day"])
    async def test_a_cap_stops_before_the_request(self, cap: str, lab: Lab) -> None:
        config = Config(prices=PRICES, spending=msgspec.convert({cap: 0.01}, SpendingConfig))
        lab.worker(config=config)
        lab.server.answer(lambda exchange: says("ok"))
        first = await lab.ask("one", system="x" * 100)
        assert first.turn.status == "done"
        view = await lab.ask("two", first.turn.conv_id)
        assert (view.turn.status, view.turn.reason) == ("failed", "cap")
        assert "nothing was sent" in str(view.turn.error)
        assert "$0.0060 of $0.0100" in str(view.turn.error)
        assert len(lab.server.exchanges) == 1

    async def test_three_calls_of_a_third_of_the_cap_and_no_more(self, lab: Lab) -> None:
        config = Config(
            prices={"lab/tiny": PriceConfig(input=0.0, output=660.0)}, spending=SpendingConfig(per_day=0.01)
        )
        lab.worker(config=config)
        lab.server.answer(lambda exchange: says("ok"))
        states = [(await lab.ask(f"call {number}")).turn.status for number in range(4)]
        assert states == ["done", "done", "done", "failed"]
        assert len(lab.server.exchanges) == 3

    async def test_what_runs_counts_as_spent(self, lab: Lab) -> None:
        config = Config(prices={"lab/tiny": PriceConfig(input=3.0, output=0.0)}, spending=SpendingConfig(per_day=0.005))
        lab.worker(config=config)
        lab.server.script(hangs("busy"))
        first = await lab.submit("x" * 3000)
        await lab.shows(first, "busy")
        view = await lab.ask("y" * 3000)
        assert (view.turn.status, view.turn.reason) == ("failed", "cap")
        await lab.turns.stop(first)
        assert (await lab.over(first)).turn.status == "cancelled"

    async def test_under_a_cap_an_unknown_price_is_refused(self, lab: Lab) -> None:
        lab.worker(config=Config(spending=SpendingConfig(per_day=5)))
        view = await lab.ask("hi")
        assert (view.turn.status, view.turn.reason) == ("failed", "cap")
        assert "the price of lab/tiny is not known" in str(view.turn.error)
        assert lab.server.exchanges == []

    async def test_unless_the_person_allows_it(self, lab: Lab) -> None:
        lab.worker(config=Config(spending=SpendingConfig(per_day=5, unknown_price="allow")))
        lab.server.script(says("ok"))
        assert (await lab.ask("hi")).turn.status == "done"

    async def test_a_cap_of_nothing_asks_nobody_not_even_who_stands_in(self, lab: Lab, second: OpenAIServer) -> None:
        lab.worker(config=standing_in(second, prices=PRICES, spending=SpendingConfig(per_day=0)))
        assert (await lab.ask("hi")).turn.reason == "cap"
        assert lab.server.exchanges == second.exchanges == []

    async def test_stopping_closes_the_row_of_the_request(self, lab: Lab) -> None:
        lab.worker(config=Config(prices=PRICES))
        lab.server.script(hangs("some text"))
        turn = await lab.submit("hi")
        await lab.shows(turn, "some text")
        await lab.turns.stop(turn)
        view = await lab.over(turn)
        assert ledger(lab) == [("lab/tiny", "cancelled", "stopped")]
        assert (view.spent.cost, view.spent.unpriced) == (None, 1)

    async def test_under_a_cap_the_first_request_of_a_model_shows_what_the_others_will_cost(self, lab: Lab) -> None:
        config = Config(
            prices={"lab/tiny": PriceConfig(input=0.0, output=1000.0)}, spending=SpendingConfig(per_day=0.02)
        )
        lab.worker(config=config)
        lab.server.answer(lambda exchange: says("ok"))  # $0.005
        turns = [await lab.submit(f"call {number}") for number in range(9)]
        views = [await lab.over(turn) for turn in turns]
        assert sorted(view.turn.status for view in views) == ["done"] * 4 + ["failed"] * 5
        assert one(lab.home, "SELECT sum(cost) FROM usage") == pytest.approx(0.02)

    async def test_the_next_answer_may_be_as_long_as_the_longest_of_late(self, lab: Lab) -> None:
        config = Config(
            prices={"lab/tiny": PriceConfig(input=0.0, output=1000.0)}, spending=SpendingConfig(per_day=0.15)
        )
        lab.worker(config=config)
        lab.server.script(says("long", usage=(10, 100)), says("short", usage=(10, 5)))
        assert [(await lab.ask("one")).turn.status, (await lab.ask("two")).turn.reason] == ["done", "cap"]

    async def test_a_server_that_tells_no_usage_spends_what_was_expected(self, lab: Lab) -> None:
        config = Config(prices={"lab/tiny": PriceConfig(input=10.0, output=0.0)}, spending=SpendingConfig(per_day=0.05))
        lab.worker(config=config)
        lab.server.answer(lambda exchange: says("ok", usage=None))
        for _ in range(30):
            view = await lab.ask("x" * 1000)
            if view.turn.reason == "cap":
                break
        assert view.turn.reason == "cap"
        assert 2 < len(lab.server.exchanges) < 20

    async def test_what_was_stopped_half_way_counts_too(self, lab: Lab) -> None:
        config = Config(prices={"lab/tiny": PriceConfig(input=3.0, output=0.0)}, spending=SpendingConfig(per_day=0.005))
        lab.worker(config=config)
        lab.server.script(hangs("busy"), cuts("half"))
        first = await lab.submit("x" * 3000)
        await lab.shows(first, "busy")
        await lab.turns.stop(first)
        await lab.over(first)
        assert (await lab.ask("y" * 3000)).turn.reason == "cap"

    async def test_so_does_what_broke_off(self, lab: Lab) -> None:
        config = Config(prices={"lab/tiny": PriceConfig(input=3.0, output=0.0)}, spending=SpendingConfig(per_day=0.005))
        lab.worker(config=config)
        lab.server.script(cuts("half"))
        view = await lab.ask("x" * 3000)
        assert ledger(lab) == [("lab/tiny", "interrupted", "truncated")]
        assert (view.spent.cost, view.spent.unpriced) == (None, 1)
        assert (await lab.ask("y" * 3000)).turn.reason == "cap"

    async def test_a_picture_is_weighed_as_the_tokens_it_is_not_as_its_bytes(self, lab: Lab) -> None:
        config = Config(prices={"lab/tiny": PriceConfig(input=3.0, output=0.0)}, spending=SpendingConfig(per_day=0.05))
        lab.worker(config=config)
        lab.server.script(says("a cat"))
        turn = await lab.turns.submit("what is this?", images=[("a.png", TestImages.PNG + b"x" * 1_000_000)])
        assert (await lab.over(turn.id)).turn.status == "done"
        assert one(lab.home, "SELECT reserved FROM usage") == pytest.approx(1200 * 3 / 1e6, abs=0.01)

    async def test_asking_under_a_cap_stays_quick_in_a_long_ledger(self, lab: Lab) -> None:
        """The gate is passed in the one write transaction there is: no query of it may go through a model's rows."""
        await lab.store.write(fill_ledger)
        with looking(lab.home.database) as db:
            seen: list[str] = []
            db.trace_v2(1, lambda event: seen.append(event["sql"]))
            bill = ledger_of.Bill(conversation="new", turn="t")
            price = prices.Price(input=1.0, output=1.0)
            ledger_of.check_caps(db, bill, "lab/tiny", ledger_of.expected(db, bill, "lab/tiny", price, 10), CAPS)
            ledger_of.is_on_trial(db, "lab/tiny")
            db.trace_v2(0, None)
            assert len(seen) >= 4
            for sql in seen:
                steps = db.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).fetchall()
                assert "SCAN usage" not in str(steps), sql
                assert "TEMP B-TREE" not in str(steps), sql
            took = timeit.timeit(lambda: ledger_of.expected(db, bill, "lab/tiny", price, 10), number=20) / 20
        assert took < 0.001


CAPS = SpendingConfig(per_day=1000, per_conversation=1000)


def fill_ledger(db: Any) -> None:
    """Many requests of one model, in one other conversation, most of them failed."""
    db.execute(
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
        " INSERT INTO usage(id, conv_id, provider, model, status, created_at)"
        " SELECT printf('%08d', i), 'old', 'lab', 'lab/tiny', 'failed', i FROM n"
    )


class TestSchema:
    SCHEMA: ClassVar[dict[str, Any]] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}

    async def test_a_bad_answer_is_sent_back(self, lab: Lab) -> None:
        lab.worker()
        lab.server.script(says('{"n": "one"}'), says('```json\n{"n": 1}\n```'))
        view = await lab.ask("count", schema=self.SCHEMA)
        assert view.turn.status == "done"
        first, second = lab.server.exchanges
        assert first.request["response_format"]["json_schema"]["schema"] == self.SCHEMA
        assert "$.n" in second.messages[-1]["content"]
        assert [message.role for message in view.messages] == ["user", "assistant", "system", "assistant"]

    async def test_one_that_never_fits_fails_and_names_the_path(self, lab: Lab) -> None:
        lab.worker()
        lab.server.answer(lambda exchange: says('{"n": "one"}'))
        view = await lab.ask("count", schema=self.SCHEMA, repairs=1)
        assert (view.turn.status, view.turn.reason) == ("failed", "schema")
        assert "$.n" in str(view.turn.error)
        assert len(lab.server.exchanges) == 2

    async def test_a_server_that_knows_no_schemas_is_asked_without(self, lab: Lab) -> None:
        lab.worker()
        refused = answers(400, json.dumps({"error": {"message": "unknown field response_format"}}))
        lab.server.script(refused, says('{"n": 1}'))
        assert (await lab.ask("count", schema=self.SCHEMA)).turn.status == "done"
        assert "response_format" not in lab.server.requests[1]


class TestImages:
    PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20

    async def shown(self, lab: Lab, text: str, conversation: str | None = None) -> TurnView:
        turn = await lab.turns.submit(text, conversation=conversation, images=[("a.jpg", self.PNG)])
        return await lab.over(turn.id)

    async def test_it_is_sent_once_for_each_request_and_again_later(self, lab: Lab) -> None:
        lab.worker()
        lab.server.answer(lambda exchange: says("a cat"))
        view = await self.shown(lab, "what is this?")
        text, image = lab.server.requests[0]["messages"][1]["content"]
        assert text == {"type": "text", "text": "what is this?"}
        assert image["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")  # what it is, not its name
        assert view.messages[0].attachments[0].name == "a.jpg"
        await lab.ask("and its colour?", view.turn.conv_id)
        assert lab.server.requests[1]["messages"][1]["content"][1] == image

    async def test_it_goes_with_its_conversation(self, lab: Lab) -> None:
        lab.worker()
        lab.server.answer(lambda exchange: says("a cat"))
        view = await self.shown(lab, "what is this?")
        assert one(lab.home, "SELECT count(*) FROM blobs") == 1
        await lab.chats.purge(view.turn.conv_id)
        assert one(lab.home, "SELECT count(*) FROM blobs") == 0

    async def test_running_it_again_shows_it_again(self, lab: Lab) -> None:
        lab.worker()
        lab.server.answer(lambda exchange: says("a cat"))
        view = await self.shown(lab, "what is this?")
        again = await lab.turns.again(view.turn.id)
        await lab.over(again.id)
        assert len(lab.server.requests[1]["messages"][-1]["content"]) == 2

    async def test_only_those_that_fit_are_read_and_a_request_is_sent_with_all_of_its_own(self, lab: Lab) -> None:
        lab.worker(context_tokens=8000)
        lab.server.answer(lambda exchange: says("a cat"))
        images = [("a.png", self.PNG + bytes([number])) for number in range(2)]
        turn = await lab.turns.submit("turn 0", images=images)
        view = await lab.over(turn.id)
        for number in range(1, 5):
            turn = await lab.turns.submit(f"turn {number}", conversation=view.turn.conv_id, images=images)
            await lab.over(turn.id)
        said = [message for message in lab.server.requests[-1]["messages"] if message["role"] == "user"]
        assert [len(message["content"]) for message in said] == [3, 3]
        history = await lab.chats.messages(view.turn.conv_id)
        assert len(await lab.store.read(lambda db: encoded_images(db, history, most=1))) == 1

    async def test_a_model_without_eyes_is_not_shown_it(self, lab: Lab) -> None:
        lab.worker()
        info = json.dumps({"id": "tiny", "vision": False})
        await lab.store.write(
            lambda db: db.execute(
                "INSERT INTO models(provider, id, position, info, listed_at) VALUES ('lab','tiny',0,?,1)", (info,)
            )
        )
        view = await self.shown(lab, "what is this?")
        assert (view.turn.status, view.turn.reason) == ("failed", "unsupported")
        assert "lab/tiny cannot see images" in str(view.turn.error)
        lab.server.script(says("ok"))
        await lab.ask("never mind", view.turn.conv_id)
        assert "[an image was here]" in lab.server.requests[0]["messages"][1]["content"]


async def test_a_model_that_is_not_there_is_told_with_those_called_alike(lab: Lab) -> None:
    lab.worker()
    for place, name in enumerate(("llama-3.3-70b", "whisper", "llama-3.1-8b")):
        await lab.store.write(
            lambda db, name=name, place=place: db.execute(  # type: ignore[misc]
                "INSERT INTO models(provider, id, position, info, listed_at) VALUES ('lab', ?, ?, ?, 1)",
                (name, place, json.dumps({"id": name})),
            )
        )
    lab.server.script(answers(404, json.dumps({"error": {"message": "The model `lama-3.3` does not exist"}})))
    view = await lab.ask("hi", model="lab/lama-3.3")
    assert (view.turn.status, view.turn.reason) == ("failed", "model_not_found")
    assert "did you mean lab/llama-3.3-70b" in str(view.turn.error)


async def test_a_provider_may_be_given_more_or_less_time(lab: Lab) -> None:
    impatient = ProviderConfig(base_url=lab.server.url, models=["tiny"], idle_timeout_s=0.2)
    lab.worker(config=Config(providers={"lab": impatient}))
    lab.server.script(hangs("a word"))
    view = await lab.ask("hi")
    assert (view.turn.status, view.turn.reason) == ("interrupted", "timeout")
    assert "for 0.2 s" in str(view.turn.error)


async def test_a_new_key_is_tried_at_once(lab: Lab) -> None:
    lab.worker()
    lab.server.script(limited(after="3600"), says("with the new key"))
    assert (await lab.ask("one")).turn.reason == "rate_limit"
    await lab.store.write(lambda db: gate.forgive(db, "lab"))
    assert (await lab.ask("two")).output == "with the new key"


async def test_all_images_of_a_request_have_a_limit_together(lab: Lab) -> None:
    large = TestImages.PNG + b"\0" * 4_500_000
    with pytest.raises(UsageError, match="are 23 MB together, a request may show 20 MB"):
        await lab.turns.submit("look", images=[(f"{number}.png", large) for number in range(5)])
