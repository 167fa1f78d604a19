"""A request of a person, checked, and written into the file as a turn."""

from collections.abc import Sequence

import msgspec

import zotui.images
from zotui.conversations import reads
from zotui.conversations.chats import TITLE_LENGTH, created
from zotui.conversations.records import Given, Turn, TurnOptions
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Transaction, blobs, new_id, now_ms
from zotui.text import clean, one_line, size

LONGEST_INPUT = 1_000_000  # characters; a longer text belongs in a file of the workspace
MOST_FILES = 20  # of one request, beside images
MOST_FILE_BYTES = 50_000_000  # of all of them


class Request(msgspec.Struct, frozen=True):
    """What a person asks, checked: text, model (empty: the conversation's), options as JSON, files."""

    text: str
    model: str
    options: str
    files: Sequence[Given]

    def put(self, db: Transaction, conversation: str | None, door: str | None = None) -> Turn:
        """Write it as a turn of a conversation, of a new one where none is named. Raises NotFound."""
        chat = created(db, self.text, self.model) if conversation is None else conversation
        if not reads.existing(db, chat).title:
            db.execute("UPDATE conversations SET title = ? WHERE id = ?", (one_line(self.text, TITLE_LENGTH), chat))
        turn_id = new_id()
        db.execute(
            "INSERT INTO turns(id, conv_id, lane, input, model, options, door, created_at) VALUES (?,?,?,?,?,?,?,?)",
            (turn_id, chat, chat, self.text, self.model, self.options, door, now_ms()),
        )
        for position, file in enumerate(self.files):
            db.execute(
                "INSERT INTO attachments(id, turn_id, position, name, media_type, size, content, text, path)"
                " VALUES (?,?,?,?,?,?,?,?,?)",
                (
                    new_id(), turn_id, position, file.name, file.media_type, len(file.content),
                    blobs.keep(db, file.content), file.text, file.path,
                ),
            )  # fmt: skip
        turn = reads.turn(db, turn_id)
        assert turn is not None
        return turn


def request(
    text: str,
    model: str = "",
    options: TurnOptions | None = None,
    images: Sequence[tuple[str, bytes]] = (),
    files: Sequence[Given] = (),
) -> Request:
    """A request that can be put. Raises UsageError for an empty or oversized text, for what is no image, for too much."""
    text = checked(text)
    given = fitting([*(Given(name, content, "") for name, content in images), *files])
    return Request(text, model, msgspec.json.encode(options or TurnOptions()).decode(), [_clean(one) for one in given])


def fitting(files: Sequence[Given]) -> Sequence[Given]:
    """Files that a request may have, images first. Raises UsageError for too many, or too large ones."""
    shown = [file for file in files if file.text is None]
    told = [file for file in files if file.text is not None]
    if len(shown) > zotui.images.MOST:
        raise UsageError(f"{len(shown)} images are too many, a request may show {zotui.images.MOST}")
    if (total := sum(len(image.content) for image in shown)) > zotui.images.MOST_BYTES:
        raise UsageError(
            f"the images are {size(total)} together, a request may show {size(zotui.images.MOST_BYTES)}",
            "show fewer, or make them smaller",
        )
    if len(told) > MOST_FILES or sum(len(file.content) for file in told) > MOST_FILE_BYTES:
        raise UsageError(
            f"{len(told)} files are too many or too large, a request may have {MOST_FILES} of {size(MOST_FILE_BYTES)}",
            "name a folder of the workspace instead",
        )
    return [*shown, *told]


def _clean(file: Given) -> Given:
    """A file with clean words, and the media type that an image has whatever it was said to be. Raises UsageError."""
    name, path = one_line(file.name, 200), clean(file.path)
    if file.text is None:
        return Given(name, file.content, zotui.images.checked(file.name, file.content), None, path)
    return Given(name, file.content, one_line(file.media_type, 100), clean(file.text), path)


def checked(text: str) -> str:
    """A person's message, clean. Raises UsageError where it is empty or too long."""
    text = clean(text).strip("\n")
    if not text.strip():
        raise UsageError("the message is empty", "say something")
    if len(text) > LONGEST_INPUT:
        raise UsageError(
            f"the message is {size(len(text.encode()))} long, the limit is {size(LONGEST_INPUT)}",
            "put it in a file of the workspace and name that",
        )
    return text


def again(db: Reader, turn_id: str) -> Request:
    """The request of a turn once more, with its files. Raises NotFound."""
    turn = reads.turn(db, turn_id)
    if turn is None:
        raise NotFound(f"no turn {turn_id}")
    rows = db.execute(
        "SELECT a.name, b.content, a.media_type, a.text, a.path FROM attachments a JOIN blobs b ON b.hash = a.content"
        " WHERE turn_id = ? ORDER BY position",
        (turn_id,),
    ).fetchall()
    return Request(turn.input, turn.model, turn.options, [Given(*row) for row in rows])


def edited(old: Request | None, new: Request) -> Request:
    """An earlier request in other words: with its files and the new ones, and run as it was but for what the new one
    asks for. Raises UsageError for too many files."""
    if old is None:
        return new
    plain = TurnOptions()
    kept, wished = (msgspec.json.decode(one.options, type=TurnOptions) for one in (old, new))
    changes = {
        name: value for name in plain.__struct_fields__ if (value := getattr(wished, name)) != getattr(plain, name)
    }
    options = msgspec.json.encode(msgspec.structs.replace(kept, **changes)).decode()
    known = {file.path or file.name for file in new.files}
    files = [*(file for file in old.files if (file.path or file.name) not in known), *new.files]
    return Request(new.text, new.model or old.model, options, fitting(files))
