"""The dialog of rules: which there are, which hold, when, and what became of them in the last request."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from zotui.errors import UsageError
from zotui.text import one_line
from zotui.tui.dialogs import Editor, Prompt
from zotui.tui.list_dialog import ListDialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.policy import Rule
    from zotui.policy.conditions import Judged
    from zotui.policy.rules import Kind

HINT = "space: on or off · a: add · enter: edit · e: $EDITOR · c: when it holds · d: delete · esc: back"
FORMS = "always, for *.py, on /regex/, or when WORDS that a model judges"


class RuleRows:
    """The rules as rows."""

    def __init__(self, computer: Computer, conversation: str | None) -> None:
        self._computer = computer
        self._conversation = conversation
        self._rules: list[Rule] = []
        self._judged: dict[str, Judged] = {}

    async def count(self) -> int:
        """Read all, and return how many there are."""
        self._rules = await self._computer.rules.list()
        found = await self._computer.judged_rules(self._conversation) if self._conversation else []
        self._judged = {one.rule: one for one in found}
        return len(self._rules)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return [self._row(rule) for rule in self._rules[offset : offset + limit]]

    def _row(self, rule: Rule) -> Row:
        last = self._judged.get(rule.id)
        aside = one_line(rule.when, 36) + (f" · {'held' if last.holds else 'did not hold'}" if last else "")
        return Row(rule.id, one_line(rule.instruction, 400), aside, *(("●", "") if rule.enabled else ("○", "dim")))

    def told(self, id: str) -> str:
        """A rule whole, and what became of it."""
        rule = next((one for one in self._rules if one.id == id), None)
        if rule is None:
            return ""
        last = self._judged.get(id)
        if last is None:
            became = "It was not asked about in the last request here." if self._conversation else ""
        else:
            became = f"In the last request here it {'held' if last.holds else 'did not hold'}: {last.why}"
        state = rule.when if rule.enabled else f"off; else {rule.when}"
        return "\n".join(filter(None, [rule.instruction, f"({state})", became]))


class RulesDialog(ListDialog[RuleRows]):
    """All rules, to switch, write and delete; everything by keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "On or off", show=False),
        Binding("c", "condition", "When it holds", show=False),
    ]
    DEFAULT_CSS = """
    RulesDialog > .box.tall { width: 92%; max-width: 120; }
    RulesDialog.-short .hint { max-height: 2; }
    """

    def __init__(self, computer: Computer, conversation: str | None) -> None:
        source = RuleRows(computer, conversation)
        super().__init__(computer, source, "Rules: what a model is told to hold to", HINT, "rules", "requests")

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self._write_here()

    @work
    async def _write_here(self) -> None:
        """Write the rule in other words."""
        if (rule := await self._rule()) is not None:
            await self._say(rule, await self.app.push_screen_wait(Editor("Rule", rule.instruction)))

    @work
    async def action_switch(self) -> None:
        """Have the rule hold no longer, or again."""
        if (rule := await self._rule()) is not None:
            await self._do(lambda: self._computer.rules.enable(rule.id, not rule.enabled))

    @work
    async def action_add(self) -> None:
        """Write a rule, then say when it holds."""
        text = await self.app.push_screen_wait(Editor("A new rule", ""))
        if not text or not text.strip():
            return
        when = await self._asked("always")
        if when is not None:
            await self._do(lambda: self._computer.rules.add(text, *when))

    @work
    async def action_edit(self) -> None:
        """Write the rule in other words in the person's editor."""
        from zotui.tui.outside import edit

        async def write(rule: Rule) -> None:
            await self._say(rule, await edit(self.app, rule.instruction, ".md", self._computer.home))

        if (rule := await self._rule()) is not None:
            await self._do(lambda: write(rule))

    @work
    async def action_condition(self) -> None:
        """Say when the rule holds."""
        rule = await self._rule()
        when = await self._asked(rule.when) if rule else None
        if rule is not None and when is not None:
            await self._do(lambda: self._computer.rules.edit(rule.id, None, *when))

    @work
    async def action_remove(self) -> None:
        """Delete the rule, when the person is sure."""
        rule = await self._rule()
        if rule is None:
            return
        question = f"Delete the rule “{one_line(rule.instruction, 60)}”?"
        if await self._sure(question):
            await self._do(lambda: self._computer.rules.remove(rule.id))

    async def _asked(self, when: str) -> tuple[Kind, str] | None:
        """The condition that the person writes; what is none comes back to be mended."""
        while True:
            written = await self.app.push_screen_wait(Prompt(f"When it holds: {FORMS}", when))
            if written is None:
                return None
            try:
                return condition_in(written)
            except UsageError as error:
                self.app.notify(str(error), severity="warning", markup=False)
                when = written

    async def _rule(self) -> Rule | None:
        """The rule under the cursor, as it is now."""
        row = self.query_one(Rows).current
        return next((rule for rule in await self._computer.rules.list() if row and rule.id == row.id), None)

    async def _say(self, rule: Rule, text: str | None) -> None:
        """Give a rule other words, where there are any."""
        if text is not None and text != rule.instruction:
            await self._do(lambda: self._computer.rules.edit(rule.id, text))


def condition_in(words: str) -> tuple[Kind, str]:
    """The kind and condition that words of a person mean, as rules are listed. Raises UsageError."""
    from zotui.policy.rules import check_condition

    word, _, rest = words.strip().partition(" ")
    rest = rest.strip()
    match word.lower():
        case "always" if not rest:
            return "always", ""
        case "for" if rest:
            return "glob", check_condition("glob", rest)
        case "on" if len(rest) > 2 and rest[0] == rest[-1] == "/":
            return "regex", check_condition("regex", rest[1:-1])
        case "when" if rest:
            return "model", check_condition("model", rest)
    raise UsageError(f"{one_line(words, 40)!r} does not say when", f"say: {FORMS}")
