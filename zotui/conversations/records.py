"""The rows of a conversation as values."""

from typing import Any, Literal

import msgspec

Kind = Literal["chat", "branch", "sequel", "trial"]
Shelf = Literal["shown", "archived", "deleted"]
Status = Literal["queued", "running", "waiting", "done", "failed", "cancelled", "interrupted", "skipped"]


class Conversation(msgspec.Struct, frozen=True):
    """One chat. Times in milliseconds since 1970; ``messages`` counts them; ``model`` empty means the default.

    ``kind``: a chat; a branch of another (``parent_id``), which it leaves after ``parent_message_id``; a sequel, which
    goes on from a summary of its parent; a trial of a comparison. ``tainted_by``: whose words are in it, where they are
    neither the person's nor their computer's.
    """

    id: str
    title: str
    model: str
    created_at: int
    updated_at: int
    kind: Kind = "chat"
    parent_id: str | None = None
    parent_message_id: str | None = None
    comparison_id: str | None = None
    pinned_at: int | None = None
    archived_at: int | None = None
    deleted_at: int | None = None
    tainted_by: str = ""
    messages: int = 0


class ToolCallRecord(msgspec.Struct, frozen=True):
    """One tool call and what came of it. ``arguments`` is the JSON text the model gave, ``result`` text or None."""

    id: str
    message_id: str
    turn_id: str
    call_id: str
    name: str
    arguments: str
    effect: str
    status: Status
    reason: str | None
    result: str | None
    summary: str
    created_at: int
    started_at: int | None
    finished_at: int | None

    @property
    def given(self) -> dict[str, Any] | None:
        """The arguments, or None where they are no JSON object."""
        try:
            found = msgspec.json.decode(self.arguments)
        except (msgspec.DecodeError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


class Given(msgspec.Struct, frozen=True):
    """A file that goes with a request: ``text`` is what a model reads of it, None of an image, which it is shown."""

    name: str
    content: bytes
    media_type: str
    text: str | None = None
    path: str = ""


class Attachment(msgspec.Struct, frozen=True):
    """A file that went with a request; ``content`` is the hash of its bytes. An image has no ``text``."""

    id: str
    name: str
    media_type: str
    size: int
    content: str
    path: str = ""
    text: str | None = None

    @property
    def is_image(self) -> bool:
        """Whether a model is shown it, rather than told its text."""
        return self.text is None


class Message(msgspec.Struct, frozen=True):
    """One message. While ``status`` is running, ``content`` holds what has come so far.

    ``note`` says what a person should know of how it came (who answered instead of whom); ``opaque`` is JSON that its
    model's provider wants back with it, for nobody else.
    """

    id: str
    conv_id: str
    turn_id: str | None
    position: int
    role: Literal["system", "user", "assistant"]
    content: str
    reasoning: str
    model: str
    status: Status
    reason: str | None
    created_at: int
    finished_at: int | None
    raw: str | None = None
    opaque: str | None = None
    note: str = ""
    tool_calls: tuple[ToolCallRecord, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def stand_in(self) -> str:
        """That another model than the chosen one was asked; empty where that is not so."""
        if not self.note:
            return ""
        return f"{self.model} {'was asked' if self.status == 'failed' else 'answers'} instead"


class TurnOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a turn shall run. ``attended``: a person is there to answer questions. ``private``: only models on this
    machine may be asked. ``schema``: the answer is JSON of this schema, mended at most ``repairs`` times.
    ``origin``: who asks, for the ledger: "chat", "automation:ID", "agent:ID". ``scope``: the tools that it may have, as
    ``zotui.policy.scopes`` names them. ``grants``: patterns of ``[policy]`` that are allowed beforehand, whoever's words
    the conversation holds.
    """

    system: str = ""
    tools: bool = True
    memory: bool = True
    attended: bool = True
    private: bool = False
    schema: dict[str, Any] | None = None
    repairs: int = 2
    origin: str = "chat"
    scope: str = "all"
    grants: tuple[str, ...] = ()


class Turn(msgspec.Struct, frozen=True):
    """One request of a person and all that is done for it."""

    id: str
    conv_id: str
    input: str
    model: str
    options: str
    error: str | None
    status: Status
    reason: str | None
    stop: int
    attempt: int
    fence: int
    created_at: int
    started_at: int | None
    finished_at: int | None


class Remembered(msgspec.Struct, frozen=True):
    """A memory that a turn was told. ``cited``: its answer names it."""

    id: str
    content: str
    cited: bool


class Branch(msgspec.Struct, frozen=True):
    """A conversation in its family. ``depth`` below the root; ``leaves_at`` is the last position that it has in common
    with its parent; ``own`` counts its messages after that, ``request`` is the first of them that is the person's.
    """

    conversation: Conversation
    depth: int
    leaves_at: int
    own: int
    request: str


Access = Literal["attached", "read", "written", "tried"]


class Touch(msgspec.Struct, frozen=True):
    """A conversation that had to do with a file: in which turn and message, and how: a tool's name, "attached", or
    "changed" where it was no tool for files; ``access`` says what became of it, "tried" where nothing did."""

    conversation: Conversation
    turn_id: str
    message_id: str
    how: str
    at: int
    access: Access


class Question(msgspec.Struct, frozen=True):
    """Something the agent asks the person. ``choices`` may be empty: any text answers. ``command``: what would be run, if it
    is about that."""

    id: str
    kind: Literal["question", "approval"]
    turn_id: str
    conv_id: str
    text: str
    choices: list[str]
    status: str
    answer: str | None
    created_at: int
    command: str = ""


class Spent(msgspec.Struct, frozen=True):
    """Tokens and dollars of a turn or a conversation; None is unknown. ``unpriced`` requests are not in ``cost``."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    unpriced: int = 0


def columns(record: type[msgspec.Struct], table: str, leave_out: int = 0) -> str:
    """The columns of a record in order, for a SELECT; the last ``leave_out`` fields are not in the table."""
    fields = record.__struct_fields__
    return ", ".join(f"{table}.{name}" for name in fields[: len(fields) - leave_out])


def plain(value: Any) -> Any:
    """A record as JSON types."""
    return msgspec.to_builtins(value)
