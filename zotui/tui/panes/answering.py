"""Who answers in the conversation pane: a model, and as which persona. Of a conversation that is not begun yet, notes in
the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.policy import Persona
    from zotui.tui.panes.conversation import ConversationPane

NEXT_MODEL, NEXT_PERSONA, NEXT_MEMORY = "next_model", "next_persona", "next_memory"

OFF = "off"


class Answering:
    """The model and the persona of the conversation shown, or of the one that is begun next."""

    def __init__(self, pane: ConversationPane) -> None:
        self._pane = pane
        self.next_model = ""
        self.persona: Persona | None = None
        self.next_knows = True
        """Whether the conversation that is begun next knows what is remembered."""

    async def begin(self, computer: Computer) -> None:
        """Read what was chosen for the conversation that is begun next."""
        self.next_model = await computer.desk.get(NEXT_MODEL) or ""
        self.persona = await self._next_persona(computer)
        self.next_knows = await computer.desk.get(NEXT_MEMORY) != OFF

    async def begun(self) -> None:
        """That conversation is begun: the one after it has no choice of its own yet."""
        assert self._pane.computer is not None
        self.next_model, self.next_knows = "", True
        for note in (NEXT_MODEL, NEXT_PERSONA, NEXT_MEMORY):
            await self._pane.computer.desk.set(note, None)

    async def refresh(self) -> None:
        """Read who the conversation shown has now."""
        pane = self._pane
        if pane.computer is not None:
            of = pane.computer.personas.of
            self.persona = await (of(pane.conversation) if pane.conversation else self._next_persona(pane.computer))

    @property
    def model(self) -> str:
        """The conversation's own model, or the default."""
        pane = self._pane
        next_model = self.next_model or (self.persona.model if self.persona else "")
        own = pane.reel.conversation.model if pane.reel and pane.reel.conversation else next_model
        return own or (pane.computer.models.default if pane.computer else "")

    async def by(self, model: str) -> None:
        """Have a model answer from now on; empty: the default."""
        pane = self._pane
        assert pane.computer is not None
        if pane.reel is not None:
            await pane.computer.chats.set_model(pane.reel.id, model)
            await pane.refresh_from_file()
        else:
            await pane.computer.desk.set(NEXT_MODEL, model or None)  # first: what is shown is in the file
            self.next_model = model
            pane.paint_all()

    async def as_persona(self, name: str | None) -> None:
        """Give the conversation a persona from its next request on, or none. Raises NotFound."""
        pane = self._pane
        assert pane.computer is not None
        if pane.reel is not None:
            await pane.computer.personas.use(pane.reel.id, name)
            await pane.refresh_from_file()
        else:
            found = await pane.computer.personas.find(name) if name else None
            await pane.computer.desk.set(NEXT_PERSONA, found.id if found else None)
            self.persona = found
            pane.paint_all()

    async def remember(self, words: str) -> bool:
        """Have the conversation know what is remembered or not (``on``, ``off``, or the other one); whether it does then."""
        pane = self._pane
        assert pane.computer is not None
        chats, chat = pane.computer.chats, pane.conversation
        knows = words == "on" if words else not (await chats.remembers(chat) if chat else self.next_knows)
        if chat:
            await chats.remember(chat, knows)
        else:
            await pane.computer.desk.set(NEXT_MEMORY, None if knows else OFF)
            self.next_knows = knows
        return knows

    async def begin_apart(self, conversation: str | None, title: str = "") -> str | None:
        """The conversation that is begun now; one that knows nothing, made where there is none, if that was wished for."""
        pane = self._pane
        assert pane.computer is not None
        if self.next_knows or pane.reel is not None:
            return conversation
        begun = conversation or await pane.computer.chats.create(title)
        await pane.computer.chats.remember(begun, False)
        return begun

    async def _next_persona(self, computer: Computer) -> Persona | None:
        kept = await computer.desk.get(NEXT_PERSONA)
        return next((one for one in await computer.personas.list() if one.id == kept), None) if kept else None
