"""The arrangement of the desk, without a screen."""

import msgspec

from zotui.tui.layout import CONVERSATION, LEAST, MOST, NARROWEST, WIDEST, Layout

SIDE = ["chats", "memory", "skills"]


def test_the_side_grows_and_shrinks_within_limits() -> None:
    layout = Layout()
    layout.widen(100)
    assert layout.side == WIDEST
    layout.widen(-100)
    assert layout.side == NARROWEST


def test_a_pane_takes_a_larger_share_within_limits() -> None:
    layout = Layout()
    layout.heighten("memory", 1)
    assert layout.share("memory") > layout.share("chats")
    layout.heighten("memory", 100)
    assert layout.share("memory") == MOST
    layout.heighten("memory", -100)
    assert layout.share("memory") == LEAST


def test_a_pane_moves_past_its_neighbour_and_no_further() -> None:
    layout = Layout()
    layout.move("skills", -1, SIDE)
    assert layout.sorted(SIDE) == ["chats", "skills", "memory"]
    layout.move("chats", -1, SIDE)
    layout.move("memory", 1, SIDE)
    assert layout.sorted(SIDE) == ["chats", "skills", "memory"]
    layout.move("chats", 1, SIDE)
    assert layout.sorted(SIDE) == ["skills", "chats", "memory"]


def test_a_pane_moves_past_one_that_is_hidden() -> None:
    layout = Layout()
    layout.hide("memory")
    layout.move("skills", -1, SIDE)
    assert layout.sorted(SIDE)[0] == "skills"


def test_the_conversation_is_never_hidden() -> None:
    layout = Layout()
    layout.hide(CONVERSATION)
    layout.hide("memory")
    layout.hide("memory")
    assert layout.hidden == ["memory"]
    layout.reveal("memory")
    assert layout.hidden == []


def test_a_pane_that_came_with_a_later_version_is_last() -> None:
    layout = Layout(order=["skills", "chats"])
    assert layout.sorted(["chats", "pool", "skills"]) == ["skills", "chats", "pool"]


def test_a_layout_of_an_earlier_version_is_read() -> None:
    kept = b'{"current":"memory","zoomed":true,"theme":"zotui-day","gone":1}'
    layout = msgspec.json.decode(kept, type=Layout)
    assert (layout.current, layout.zoomed, layout.theme, layout.side) == ("memory", True, "zotui-day", 34)


def test_reset_keeps_what_is_seen_as_taste() -> None:
    layout = Layout(theme="zotui-day", spacing="compact", side=60, hidden=["memory"], shares={"chats": 8})
    layout.reset()
    assert (layout.theme, layout.spacing) == ("zotui-day", "compact")
    assert (layout.side, layout.hidden, layout.shares) == (34, [], {})


def test_the_terminal_is_shown_once_it_is_asked_for() -> None:
    layout = msgspec.json.decode(b'{"hidden":[]}', type=Layout)
    assert layout.hides("terminal")
    layout.reveal("terminal")
    assert not msgspec.json.decode(msgspec.json.encode(layout), type=Layout).hides("terminal")
    layout.hide("terminal")
    assert layout.hides("terminal")
    layout.reveal("terminal")
    layout.reset()
    assert layout.hides("terminal")
