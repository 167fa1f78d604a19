"""``zotui memory rm|merge|undo|counts``."""

from tests.cli.inside import Inside


def test_deleted_merged_and_undone(inside: Inside) -> None:
    first, second = (inside("memory", "add", text).out.strip() for text in ("green tea", "black tea"))
    inside("memory", "set", "city", "Oslo")
    assert inside("memory", "rm", "city", first).err == "deleted: Oslo\ndeleted: green tea\n"
    assert inside("memory", "undo").err == "undone: delete of 2\n"
    merged = inside("memory", "merge", first[-8:], second, "--text", "tea of all colours", "--json").json
    assert merged["content"] == "tea of all colours"
    assert [part["id"] for part in merged["meta"]["merged"]] == [first, second]
    assert len(inside("memory", "list", "--json").json) == 2
    undone = inside("memory", "undo", "--json").json
    assert (undone["what"], undone["memories"], undone["left"]) == ("merge", 2, 0)
    assert inside("memory", "undo").err == "nothing was done that could be undone\n"
    assert inside("memory", "undo", "--json").out == "null\n"
    assert inside("memory", "merge", first).complaint == "zotui: it takes two memories to merge\n"
    assert inside("memory", "rm", "city", "nobody").code == 1
    assert inside("memory", "get", "city").out == "Oslo\n", "all of them or none"
    inside("memory", "edit", "city", "Bergen")
    assert inside("memory", "undo", "--clear").err == "1 things can be undone no more\n"
    assert inside("memory", "undo", "--clear", "--json").json == {"cleared": 0, "left": ""}


def test_lists_are_narrowed_by_what_is_searched(inside: Inside) -> None:
    inside("memory", "set", "city", "Oslo")
    inside("memory", "add", "green tea")
    inside("memory", "tag", "city", "two words")
    assert "is:key 1 with a key" in [" ".join(line.split()) for line in inside("memory", "counts").out.splitlines()]
    found = inside("memory", "counts", "tea", "--json").json
    assert {"search": "when:today", "memories": 1, "more": False} in found
    assert [one["key"] for one in inside("memory", "list", "--search", 'tag:"two words"', "--json").json] == ["city"]
    assert inside("memory", "list", "--search", "is:key tea").out == "nothing is remembered\n"
