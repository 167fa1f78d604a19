"""Who answers, with which key, at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zotui.tui.desk import Desk


async def models(desk: Desk, words: str = "") -> None:
    """Choose who answers: in this conversation, or from now on. With a name: that one, in this conversation."""
    from zotui.tui.model_picker import ModelPicker

    computer = await desk.ready()
    if words:
        computer.check_model(words)
        await desk.conversation.answering.by(words)
        return
    chosen = await desk.app.push_screen_wait(ModelPicker(computer, desk.conversation.model))
    if chosen is None:
        return
    if chosen.scope == "default":
        await computer.set_default_model(chosen.model, chosen.base_url)
        await desk.conversation.answering.by("")  # here too, now and whenever the default changes
    else:
        await desk.conversation.answering.by(chosen.model)


async def personas(desk: Desk, words: str = "") -> None:
    """Choose the persona of this conversation; with a name: that one, or none."""
    from zotui.policy.personas import NOBODY
    from zotui.tui.persona_picker import PersonaPicker

    computer, pane = await desk.ready(), desk.conversation
    current = pane.answering.persona.name if pane.answering.persona else ""
    name = words or await desk.app.push_screen_wait(PersonaPicker(computer, current))
    if name:
        await pane.answering.as_persona(None if name.lower() == NOBODY else name)
    else:
        await pane.refresh_from_file()  # it may have been changed


async def rules(desk: Desk, words: str = "") -> None:
    """Show the rules, and what became of them in this conversation's last request."""
    from zotui.tui.rules_dialog import RulesDialog

    await desk.app.push_screen_wait(RulesDialog(await desk.ready(), desk.conversation.conversation))


async def keys(desk: Desk, words: str = "") -> None:
    """Show the keys of providers."""
    from zotui.tui.key_dialog import KeyDialog

    await desk.app.push_screen_wait(KeyDialog(await desk.ready()))


async def cost(desk: Desk, words: str = "") -> None:
    """Show what models have cost."""
    from zotui.tui.dialogs import Reading, room
    from zotui.tui.spending import spending_text

    computer, width = await desk.ready(), room(desk.app.size.width)
    text = await spending_text(computer, desk.conversation.conversation, width)
    desk.app.push_screen(Reading("What models have cost", text))
