"""What comes of a turn: its events as they come, and the reply in the end."""

from collections.abc import Sequence
from typing import Any

import msgspec

from zotui.conversations import TurnOptions, TurnView
from zotui.errors import ZotuiError
from zotui.models.provider import Event, ReasoningDelta, TextDelta, ToolCall


class ToolResult(msgspec.Struct, frozen=True):
    """A tool call has ended; ``status`` is done, failed, cancelled or interrupted."""

    id: str
    name: str
    status: str
    result: str
    summary: str


class Reply(msgspec.Struct, frozen=True):
    """What came of a turn. ``usage`` has input_tokens, output_tokens and cost, None where unknown; ``data`` is the
    document where the answer had to fit a schema; ``memories`` are those that it was told, each with its id, its content and
    whether the answer names it (``cited``)."""

    conversation_id: str
    message_id: str
    model: str
    output: str
    tool_calls: list[dict[str, Any]]
    usage: dict[str, float | int | None]
    stop_reason: str
    status: str
    error: str | None = None
    data: Any = None
    memories: list[dict[str, Any]] = []


class TurnFailed(ZotuiError):
    """A turn that did not end well; ``reply`` holds what came."""

    def __init__(self, message: str, reply: Reply) -> None:
        super().__init__(message)
        self.reply = reply


class Told:
    """What of a turn has been told as events."""

    def __init__(self) -> None:
        self._text: dict[str, int] = {}
        self._reasoning: dict[str, int] = {}
        self._called: set[str] = set()
        self._ended: set[str] = set()

    def news(self, view: TurnView) -> Sequence[Event | ToolResult]:
        """The events since the last view."""
        events: list[Event | ToolResult] = []
        for message in view.replies:
            thought = message.reasoning[self._reasoning.get(message.id, 0) :]
            said = message.content[self._text.get(message.id, 0) :]
            self._reasoning[message.id], self._text[message.id] = len(message.reasoning), len(message.content)
            events += [ReasoningDelta(thought)] if thought else []
            events += [TextDelta(said)] if said else []
            for call in message.tool_calls:
                if call.id not in self._called:
                    self._called.add(call.id)
                    events.append(ToolCall(call.call_id, call.name, call.given, call.arguments))
                if call.finished_at is not None and call.id not in self._ended:
                    self._ended.add(call.id)
                    events.append(ToolResult(call.call_id, call.name, call.status, call.result or "", call.summary))
        return events


def reply_of(view: TurnView) -> Reply:
    """A turn as a reply, however it stands."""
    last = view.replies[-1] if view.replies else None
    return Reply(
        conversation_id=view.turn.conv_id,
        message_id=last.id if last else "",
        model=last.model if last else view.turn.model,
        output=view.output,
        tool_calls=[
            {
                "name": call.name,
                "arguments": call.given,
                "result": call.result,
                "status": call.status,
            }
            for call in view.tool_calls
        ],
        usage={
            "input_tokens": view.spent.input_tokens,
            "output_tokens": view.spent.output_tokens,
            "cost": None if view.spent.unpriced else view.spent.cost,
        },
        stop_reason=(last.reason if last else None) or view.turn.reason or "stop",
        status=view.turn.status,
        error=view.turn.error or (None if view.turn.status == "done" else view.turn.reason),
        data=_data(view),
        memories=[msgspec.to_builtins(one) for one in view.remembered],
    )


def _data(view: TurnView) -> Any:
    """The document of an answer that fits the schema it was asked for."""
    schema = msgspec.json.decode(view.turn.options, type=TurnOptions).schema
    if schema is None or view.turn.status != "done":
        return None
    from zotui.agent.structured import Mismatch, parsed

    try:
        return parsed(view.output, schema)
    except Mismatch:
        return None
