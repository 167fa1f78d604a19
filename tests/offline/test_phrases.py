"""What a person says without a model: the right command, choices, or nothing, and never a wrong act."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.computer import Computer
from zotui.home import Home
from zotui.models.phrases import COMMANDS, HELP, LONGEST, near, near_slash, tidy, understood
from zotui.workers import agent

OFFERED = {command.tool for command in COMMANDS}
READS = OFFERED - {"remember", "ask_person", "run_skill", "draft_skill", "add_automation"}


def route(said: str) -> Any:
    """What would be done: a tool with its arguments, the choices offered, "help", or None."""
    line = tidy(said)
    if HELP.fullmatch(line):
        return "help"
    call = understood(line)
    if call is None and not line.startswith("/"):
        guesses = near(line, OFFERED)
        if len(guesses) == 1:
            return understood(guesses[0])
        return guesses or None
    return call


# What was looked at when the grammar was written.
KNOWN: list[tuple[str, Any]] = [
    ("remember the box is lab-3", ("remember", {"content": "the box is lab-3"})),
    ("Remember that the box is lab-3.", ("remember", {"content": "the box is lab-3."})),
    ("remember the box is lab-3 as staging", ("remember", {"content": "the box is lab-3", "key": "staging"})),
    ("remember:   buy   milk", ("remember", {"content": "buy milk"})),
    ("please remember that tea is green", ("remember", {"content": "tea is green"})),
    ("can you remember that Anna's birthday is May 5?", ("remember", {"content": "Anna's birthday is May 5"})),
    ("note: the door code is 1234", ("remember", {"content": "the door code is 1234"})),
    ("/remember the box is lab-3 as my box", ("remember", {"content": "the box is lab-3", "key": "my box"})),
    ("/remember what I said?", ("remember", {"content": "what I said?"})),
    ("list memories", ("list_memories", {})),
    ("what do you remember?", ("list_memories", {})),
    ("/memories", ("list_memories", {})),
    ("recall staging", ("recall", {"query": "staging"})),
    ("what do you know about the box?", ("recall", {"query": "the box"})),
    ("do you remember my birthday?", ("recall", {"query": "my birthday"})),
    ("/recall a b", ("recall", {"query": "a b"})),
    ("remind me in 20 minutes to call mom", ("add_automation", {"when": "in 20 minutes", "tell": "call mom"})),
    ("Please remind me to look at the roof at 9.", ("add_automation", {"tell": "look at the roof", "when": "at 9"})),
    ("/remind tomorrow at 6pm to eat", ("add_automation", {"when": "tomorrow at 6pm", "tell": "eat"})),
    ("show my reminders", ("list_automations", {})),
    ("find a skill for minutes of a meeting", ("find_skill", {"query": "minutes of a meeting"})),
    ("use the skill meeting-notes", ("find_skill", {"query": "meeting-notes"})),
    ("/skill git-review", ("find_skill", {"query": "git-review"})),
    ("search chats for staging box", ("search_chats", {"query": "staging box"})),
    ("where did we talk about staging?", ("search_chats", {"query": "staging"})),
    ("/search x", ("search_chats", {"query": "x"})),
    ("list files", ("list_files", {})),
    ("ls", ("list_files", {})),
    ("ls docs", ("list_files", {"path": "docs"})),
    ("list files in my docs", ("list_files", {"path": "my docs"})),
    ("show the files in the workspace", ("list_files", {})),
    ("read notes.md", ("read_file", {"path": "notes.md"})),
    ("read the file docs/my notes.txt", ("read_file", {"path": "docs/my notes.txt"})),
    ("cat README", ("read_file", {"path": "README"})),
    ("/read a b c", ("read_file", {"path": "a b c"})),
    ("what time is it?", ("now", {})),
    ("what's today's date", ("now", {})),
    ("time in Oslo", ("now", {"zone": "Oslo"})),
    ("what time is it in New York?", ("now", {"zone": "New York"})),
    ("/time America/New_York", ("now", {"zone": "America/New_York"})),
    ("/ask shall we go?", ("ask_person", {"question": "shall we go?"})),
    ("help", "help"),
    ("what can you do?", "help"),
    ("list memorys", ("list_memories", {})),
    ("lsit files", ("list_files", {})),
    ("waht time is it", ("now", {})),
    ("list profiles", ["list files", "list memories", "help"]),
]

# Paraphrases that were held out: the right route, or none; never another one.
HELD_OUT: list[tuple[str, str | None]] = [
    ("hey zo, please remember that my dentist is Dr. Sand", "remember"),
    ("would you remember that the rent is due on the first?", "remember"),
    ("don't forget the key is under the mat", "remember"),
    ("Do not forget: Friday is a holiday", "remember"),
    ("take a note: call the bank", "remember"),
    ("REMEMBER THAT CAPS WORK", "remember"),
    ("ok remember the wifi is heron", "remember"),
    ("show me my memories", "list_memories"),
    ("show all memories please", "list_memories"),
    ("what do you know about me?", "list_memories"),
    ("memories", "list_memories"),
    ("show your memory", "list_memories"),
    ("shwo memories", "list_memories"),
    ("what do we know about Oslo", "recall"),
    ("what did I tell you about the dentist?", "recall"),
    ("search my memories for dentist", "recall"),
    ("could you recall the wifi password?", "recall"),
    ("search history for ferry", "search_chats"),
    ("search our conversations for ferry", "search_chats"),
    ("when did we talk about the ferry?", "search_chats"),
    ("find in my chats ferry", "search_chats"),
    ("show my files", "list_files"),
    ("which files do I have?", "list_files"),
    ("list all the files", "list_files"),
    ("could you list my files, please?", "list_files"),
    ("list flies", "list_files"),
    ("lst files", "list_files"),
    ("open the file todo.txt", "read_file"),
    ("show me the file src/main.py", "read_file"),
    ("Read CHANGELOG.md!", "read_file"),
    ("what is the time", "now"),
    ("what's the current time?", "now"),
    ("what day is it today?", "now"),
    ("date", "now"),
    ("what is the time in Tokyo", "now"),
    ("hello, what time is it?", "now"),
    ("what tme is it", "now"),
    ("help!", None),
]

# Nothing without a model can do this: to do anything at all but look into memory and chats would be wrong.
DECLINED = [
    "hello",
    "how are you?",
    "tell me a joke",
    "what is 2+2",
    "write a poem about remembering",
    "who are you",
    "remember me",
    "remember when we went to Oslo",
    "remember what I told you",
    "remember how good that was?",
    "do I remember that correctly?",
    "I remember that the box is lab-3",
    "you should remember that",
    "note taking is hard",
    "notes",
    "the note is that we go",
    "read me a story",
    "read between the lines and tell me more",
    "time flies",
    "time flies like an arrow",
    "what is the time complexity of quicksort",
    "what day did the war end",
    "forget everything",
    "forget the box",
    "delete all my memories",
    "delete all files",
    "remove notes.md",
    "rm -rf /",
    "run ls",
    "execute list files",
    "sudo list files",
    "clear memories",
    "erase memories",
    "search the web for cats",
    "list all countries in Europe",
    "show me the money",
    "help me write an email to my landlord",
    "catalogue my books",
    "lists",
    "open the pod bay doors",
    "schedule a meeting every day at 9",
    "send an email",
    "ask Anna when she comes",
    "1",
    "42",
    "?!",
    "👍",
    "",
    "   ",
]


@pytest.mark.parametrize(("said", "expected"), KNOWN)
def test_what_is_known(said: str, expected: Any) -> None:
    assert route(said) == expected


@pytest.mark.parametrize(("said", "tool"), HELD_OUT)
def test_held_out_paraphrases_take_the_right_way(said: str, tool: str | None) -> None:
    found = route(said)
    assert (found[0] if isinstance(found, tuple) else None) == tool


@pytest.mark.parametrize("said", DECLINED)
def test_what_needs_a_model_is_left_alone(said: str) -> None:
    found = route(said)
    assert found is None or isinstance(found, list), found


def test_all_in_all() -> None:
    """The measure of the whole: right, declined, and wrong, which must be none."""
    outcomes = {"right": 0, "declined": 0, "wrong": 0}
    for said, tool in [*HELD_OUT, *[(said, None) for said in DECLINED]]:
        found = route(said)
        ran = found[0] if isinstance(found, tuple) else None
        outcomes["right" if ran == tool else "declined" if ran is None else "wrong"] += 1
    assert outcomes["wrong"] == 0
    assert outcomes["right"] >= 0.95 * sum(outcomes.values())


KEYS: list[tuple[str, dict[str, str]]] = [
    ("call mom as soon as possible", {"content": "call mom as soon as possible"}),
    ("we do it as usual", {"content": "we do it as usual"}),
    ("Bob came as well", {"content": "Bob came as well"}),
    ("the disk is as good as new", {"content": "the disk is as good as new"}),
    ("treat it as it is", {"content": "treat it as it is"}),
    ("the box is lab-3 as my box", {"content": "the box is lab-3 as my box"}),
    ("the box is lab-3 as box.staging", {"content": "the box is lab-3", "key": "box.staging"}),
    ("as staging", {"content": "as staging"}),
    ("a as b as c", {"content": "a as b as c"}),
]


@pytest.mark.parametrize(("text", "arguments"), KEYS)
def test_a_key_is_only_what_is_meant_as_one(text: str, arguments: dict[str, str]) -> None:
    assert understood(f"remember {text}") == ("remember", arguments)


def test_a_text_of_many_lines_keeps_them() -> None:
    said = "remember  that:\n  host = lab-3\n  port = 22\n\nand so on"
    assert understood(tidy(said)) == ("remember", {"content": "host = lab-3\n  port = 22\n\nand so on"})
    assert understood(tidy("list files\nin docs")) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [("/rember", "/remember"), ("/memory", "/memories"), ("/fiels", "/files"), ("/hlep", "/help"), ("/xyz", None)],
)
def test_a_mistyped_slash_command_names_the_nearest(word: str, meant: str | None) -> None:
    assert understood(word) is None
    assert near_slash(word) == meant


@pytest.mark.parametrize("line", ["/", "/remember", "/remember ", "/read", "/unknown x", "//", "/etc/passwd"])
def test_a_slash_command_is_exact_or_nothing(line: str) -> None:
    assert understood(tidy(line)) is None


@given(
    st.text(max_size=80),
    st.sampled_from(["", "please ", "remember ", "list ", "show ", "read ", "time in ", "/", "recall "]),
)
def test_nothing_but_reading_is_ever_guessed(text: str, start: str) -> None:
    line = tidy(start + text)
    exact = understood(line)
    guesses = near(line, OFFERED)
    assert len(guesses) <= 4
    for guess in guesses:
        call = understood(guess)
        assert guess == "help" or (call is not None and call[0] in READS and call[1] == {})
    if exact is not None and exact[0] == "remember":
        assert "remember" in line.lower() or "note" in line.lower() or "forget" in line.lower()


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "line",
    [
        "remember " + "a as " * 3000,
        "search" + " " * 9990,
        "what " * 1990,
        "list " + "the " * 2490,
        "please " * 1420,
        "remember who" + " x" * 4900,
        "remember x" + "\nas " * 2490,
        "/remember " + "\n" * 9980,
        "read " + "a/" * 4990,
        "remember " + "x" * 2_000_000,
    ],
)
def test_no_line_takes_long(line: str) -> None:
    for _ in range(20):
        understood(line)
        near(line, OFFERED)
    assert len(line) <= LONGEST or understood(line) is None


async def test_every_command_is_a_tool_that_there_is_with_arguments_it_takes(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        box = agent(computer).toolbox
    for said, expected in KNOWN:
        if isinstance(expected, tuple):
            box.find(expected[0]).parse(expected[1])
            assert route(said) == expected
    assert all(box.find(tool).effect == "read" for tool in READS)
    assert {box.find(command.tool).effect for command in COMMANDS if command.alike} == {"read"}
