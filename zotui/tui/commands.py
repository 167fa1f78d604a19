"""The command palette over the table of actions."""

from collections.abc import Callable
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from zotui.tui.actions import ACTIONS, Action, binding_id, shown_key


class Actions(Provider):
    """Every action, with its key."""

    async def discover(self) -> Hits:
        for action in ACTIONS:
            yield DiscoveryHit(self._title(action), self._runner(action), help=self._key(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in ACTIONS:
            title = self._title(action)
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), self._runner(action), help=self._key(action))

    @staticmethod
    def _title(action: Action) -> str:
        return f"{action.group}: {action.words}"

    def _key(self, action: Action) -> str:
        from zotui.tui.app import Zotui

        keys = self.app.keys_bound if isinstance(self.app, Zotui) else {}
        return shown_key(keys.get(binding_id(action), action.key))

    def _runner(self, action: Action) -> Callable[[], object]:
        from zotui.tui.desk import Desk
        from zotui.tui.pane import Pane

        async def run() -> None:
            desk = self.screen if isinstance(self.screen, Desk) else None
            if desk is None:
                return
            target = desk if action.place == "desk" else desk.query_one(f"#{action.place}", Pane)
            if isinstance(target, Pane):
                desk.go_to(target)
            await self.app.run_action(action.id, default_namespace=target)

        return partial(self.app.call_later, run)
