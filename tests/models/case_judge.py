"""Judges what a client made of a case of ``cases.jsonl``: the complaints, none if all is right."""

from typing import Any

Outcome = dict[str, Any]
_PLAIN = (
    "text",
    "reasoning",
    "finish",
    "refusal",
    "partial",
    "cost_usd",
    "models",
    "price_per_mtok",
    "conversation_id",
    "output",
)


def judge(expect: Outcome, outcome: Outcome, journal: list[dict[str, Any]]) -> list[str]:
    """The complaints; where a case allows several outcomes, those of the nearest."""
    judged = [judge_one(one, outcome, journal) for one in expect.get("any_of", [expect])]
    return min(judged, key=len)


def judge_one(expect: Outcome, outcome: Outcome, journal: list[dict[str, Any]]) -> list[str]:
    """The complaints against one expected outcome."""
    bad = []
    for name in _PLAIN:
        want = expect.get(name)
        if want is not None and (outcome.get(name) or type(want)()) != want:
            bad.append(f"{name}={outcome.get(name)!r} want {want!r}")
    if signature := expect.get("replay", {}).get("assistant.content[0].signature"):
        bad += [] if outcome.get("signatures") == [signature] else [f"signatures={outcome.get('signatures')}"]
    if "models_any_of" in expect and outcome.get("models") not in expect["models_any_of"]:
        bad.append(f"models={outcome.get('models')}")
    if "text_len" in expect and len(outcome.get("text", "")) != expect["text_len"]:
        bad.append(f"{len(outcome.get('text', ''))} characters of text")
    for name, want in expect.get("usage", {}).items():
        if name != "estimated" and outcome.get("usage", {}).get(name) != want:
            bad.append(f"usage.{name}={outcome.get('usage', {}).get(name)} want {want}")
    if "tool_calls" in expect:
        bad += _judge_calls(expect["tool_calls"], outcome.get("tool_calls", []))
    bad += _judge_error(expect.get("error"), outcome)
    if expect.get("retry_after_s") not in (None, outcome.get("error", {}).get("retry_after_s")):
        bad.append(f"retry_after_s={outcome.get('error')}")
    return bad + _judge_requests(expect, journal, outcome)


def _judge_calls(want: list[dict[str, Any]], got: list[dict[str, Any]]) -> list[str]:
    if len(got) != len(want):
        return [f"{len(got)} tool calls want {len(want)}"]
    bad = []
    for a, b in zip(got, want, strict=True):
        if b.get("invalid"):
            bad += [] if a["arguments"] is None else ["bad arguments accepted"]
        elif (a["arguments"], a["name"]) != (b["arguments"], b["name"]):
            bad.append(f"call {a} want {b}")
        if not a["id"] or b.get("id", "*") not in ("*", a["id"]):
            bad.append(f"id {a['id']!r} want {b.get('id')!r}")
    return bad if len({a["id"] for a in got}) == len(got) else [*bad, "ids not unique"]


def _judge_error(want: dict[str, Any] | None, outcome: Outcome) -> list[str]:
    error = outcome.get("error")
    if want is None:
        return [f"error {error}"] if error else []
    if not error:
        return [f"no error want {want}"]
    return [f"error.{name}={error.get(name)} want {value}" for name, value in want.items() if error.get(name) != value]


def _judge_requests(expect: Outcome, journal: list[dict[str, Any]], outcome: Outcome) -> list[str]:
    bad = []
    if expect.get("requests", len(journal)) != len(journal):
        bad.append(f"{len(journal)} requests want {expect['requests']}")
    if len(journal) > 1:
        gap = journal[1]["t"] - journal[0]["t"]
        if not expect.get("min_gap_s", 0) <= gap <= expect.get("max_gap_s", 99):
            bad.append(f"{gap:.2f} s between requests")
    if journal:
        if expect.get("path") not in (None, journal[-1]["path"]):
            bad.append(f"path {journal[-1]['path']}")
        headers = {name.lower(): value for name, value in journal[-1]["headers"]}
        bad += [f"header {name}" for name, value in expect.get("header", {}).items() if headers.get(name) != value]
    if outcome["seconds"] > expect.get("max_seconds", 99):
        bad.append(f"{outcome['seconds']:.1f} s")
    return bad
