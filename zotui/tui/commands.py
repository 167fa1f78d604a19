"""The command palette over the table of actions."""

from collections.abc import Callable
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from zotui.tui.actions import ACTIONS, Action, key_of, shown_key
from zotui.tui.slash import COMMANDS


def names_of(action: Action) -> list[str]:
    """What else an action is known by: its own name, and the commands that do it."""
    return [action.id.replace("_", " "), *(f"/{one.name}" for one in COMMANDS if one.action == action.id)]


class Actions(Provider):
    """Every action, with its key."""

    async def discover(self) -> Hits:
        for action in ACTIONS:
            yield DiscoveryHit(self._title(action), self._runner(action), help=self._key(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in ACTIONS:
            title = self._title(action)
            if (score := max(matcher.match(title), *map(matcher.match, names_of(action)))) > 0:
                yield Hit(score, matcher.highlight(title), self._runner(action), help=self._key(action))

    @staticmethod
    def _title(action: Action) -> str:
        return f"{action.group}: {action.words}"

    def _key(self, action: Action) -> str:
        from zotui.tui.desk import Desk

        return shown_key(key_of(action, self.screen.keys_bound if isinstance(self.screen, Desk) else {}))

    def _runner(self, action: Action) -> Callable[[], object]:
        return partial(self.app.call_later, self._run, action)

    async def _run(self, action: Action) -> None:
        """Do it: on the desk, or on the pane that it belongs to, which is gone to first."""
        from zotui.tui.desk import Desk
        from zotui.tui.pane import Pane

        desk = self.screen
        if not isinstance(desk, Desk):
            return
        if action.place in ("desk", "transcript"):
            desk.act(action.id)
        else:
            pane = desk.query_one(f"#{action.place}", Pane)
            desk.go_to(pane)
            await self.app.run_action(action.id, default_namespace=pane)
