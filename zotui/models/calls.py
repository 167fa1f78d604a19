"""The tool calls of an answer, put together from fragments."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from zotui.models.document import string
from zotui.models.pieces import joined
from zotui.models.provider import ToolCall
from zotui.models.quirks import OPAQUE_IN_CALL


class _Slot:
    """A tool call that is being put together."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.opaque: dict[str, Any] = {}
        self._pieces: list[str] = []

    @property
    def raw(self) -> str:
        """The arguments as far as they came."""
        return "".join(self._pieces)

    def add(self, piece: Mapping[str, Any], function: Mapping[str, Any]) -> None:
        """Take a fragment: id and name count once, arguments are joined."""
        self.id = self.id or string(piece.get("id"))
        self.name = self.name or string(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            self._pieces.append(arguments)
        elif arguments is not None and not any(self._pieces):  # an object instead of its text: several local servers
            self._pieces.append(json.dumps(arguments, ensure_ascii=False))
        self.opaque.update({name: piece[name] for name in OPAQUE_IN_CALL if name in piece})

    def arguments(self) -> dict[str, Any] | None:
        """The arguments as far as they came, if they are a JSON object; none at all are an empty one."""
        try:
            return msgspec.json.decode(joined(self.raw).strip() or "{}", type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            return None

    def ended_by(self, function: Mapping[str, Any]) -> bool:
        """Whether a fragment that does not say whose it is starts another call: named, after a whole one."""
        name = string(function.get("name"))
        if not name or not self.name:
            return False
        last = next((piece for piece in reversed(self._pieces) if piece.strip()), "")
        whole = last.rstrip().endswith("}") and self.arguments() is not None
        return (whole or not any(self._pieces)) if name != self.name else (whole and bool(function.get("arguments")))


def new_call_id() -> str:
    """An id for a call that came without one, or with another call's."""
    return f"call_{uuid.uuid4().hex[:24]}"


class Calls:
    """The tool calls of an answer, fragment by fragment.

    A fragment belongs to the call at its index if that has its id; else a new id is a new call, and without
    an id it continues the last. A name and arguments after a call that is whole start the next one.
    """

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._at: dict[int, _Slot] = {}
        self._legacy = _Slot()

    def add(self, piece: Mapping[str, Any]) -> None:
        """Take one item of ``delta.tool_calls``."""
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        self._slot(piece, function).add(piece, function)

    def add_legacy(self, function: Mapping[str, Any]) -> None:
        """Take ``delta.function_call``, for where no tool call comes (llama-cpp-python sends both)."""
        self._legacy.add({}, function)

    def _slot(self, piece: Mapping[str, Any], function: Mapping[str, Any]) -> _Slot:
        """The call a fragment belongs to."""
        index, id_ = piece.get("index"), string(piece.get("id"))
        at = self._at.get(index) if isinstance(index, int) else None
        if id_:
            if at is not None and at.id in ("", id_):
                return at
            same = next((slot for slot in self._slots if slot.id == id_), None)
            if same is not None and not same.ended_by(function):
                return same
        elif isinstance(index, int):
            if at is not None and not at.ended_by(function):
                return at
        elif self._slots and not self._slots[-1].ended_by(function):
            return self._slots[-1]
        slot = _Slot()
        self._slots.append(slot)
        if isinstance(index, int):
            self._at[index] = slot
        return slot

    def finish(self, *, cut: bool) -> tuple[list[ToolCall], list[dict[str, Any]]]:
        """The calls, each with an id of its own, and the opaque data of each.

        ``cut``: the answer was ended by force, so arguments that never came are not none.
        """
        slots = self._slots or [self._legacy]
        calls: list[ToolCall] = []
        opaque: list[dict[str, Any]] = []
        seen: set[str] = set()
        for slot in slots:
            if not (slot.name or slot.raw or slot.id):
                continue
            if not slot.id or slot.id in seen:
                slot.id = new_call_id()
            seen.add(slot.id)
            arguments = None if cut and not slot.raw.strip() else slot.arguments()
            calls.append(ToolCall(slot.id, joined(slot.name), arguments, joined(slot.raw)))
            opaque.append(slot.opaque)
        return calls, opaque
