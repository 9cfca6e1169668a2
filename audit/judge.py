"""From what was seen to what it means: Evidence and a Check become a Finding.

Total: every document whatever comes to a Finding. Three answers are kept apart all the way
up: yes, no, and a Doubt with its reason. A value that is absent, lies under a gap (`gaps` of
the document: `{path, why, detail}`) or is of another kind than wanted is a Doubt, so it comes
out as unknown and never as a pass. A `no` beside a Doubt is still a no where both are needed.
Operators: audit/operators.py. Pure.

Paths walk keys and indexes (`users.0.name`); `*` stands for every item, and then all of them
must hold. `each` and `some` judge the items of a list by what stands below them, with paths
from the item on; an empty path is the item itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from audit.model import Check, Evidence, Expectation, Finding, State, Why
from audit.operators import OPERATORS, OVER, WrongTypeError
from rules.model import Text

MAX_SEEN = 300  # characters of what was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Neither yes nor no, and why."""

    why: Why
    reason: Text


type Answer = bool | Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class _Absent:
    """There is no such key. It is not null: null was looked at."""


ABSENT = _Absent()


@dataclass(slots=True, kw_only=True)
class _View:
    """One document, one time, and the notes of what was read on the way."""

    document: Any
    now: float
    notes: dict[str, str] = field(default_factory=dict)
    gaps: list[tuple[list[str], Mapping[str, Any]]] = field(default_factory=list)


def fingerprint(check: Check) -> str:
    """A digest of the check's content: the version that stands in each finding."""
    plain = json.dumps(asdict(check), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def judge(
    check: Check,
    evidence: Evidence | None,
    *,
    target: str,
    now: float,
    version: str = "",
    platforms: Iterable[str] | None = None,
) -> Finding:
    """What the check says about the target. `platforms`: None takes those of the document.

    `now` is only held against the evidence's expiry; ages are counted from its own date.
    """

    def found(state: State, reason: Text, why: Why | None = None, seen: str = "") -> Finding:
        return Finding(
            check=check.id,
            version=version or fingerprint(check),
            target=target,
            state=state,
            why=why,
            severity=check.severity,
            reason=reason,
            seen=seen,
            evidence=(evidence.id,) if evidence is not None else (),
        )

    doubt = unusable(check, evidence, now)
    if doubt is not None or evidence is None:
        doubt = doubt or _NOTHING
        return found(State.UNKNOWN, doubt.reason, doubt.why)
    kinds = set(platforms_of(evidence.document) if platforms is None else platforms)
    if check.platforms and not kinds:
        return found(State.UNKNOWN, _NO_PLATFORM.reason, _NO_PLATFORM.why)
    if check.platforms and not kinds & set(check.platforms):
        return found(State.NOT_APPLICABLE, _OTHER_PLATFORM)
    state, reason, why, seen = decide(check, evidence.document, evidence.dated)
    return found(state, reason, why, seen)


def unusable(check: Check, evidence: Evidence | None, now: float) -> Doubt | None:
    """Why this evidence says nothing to this check, if it does not."""
    if evidence is None or evidence.probe != check.probe:
        return _NOTHING
    if evidence.problem:
        return _doubt(Why.ERROR, evidence.problem, evidence.problem)
    if evidence.expires and now > evidence.expires:
        return _doubt(Why.NOT_CHECKED, "证据已过有效期", "the evidence has expired")
    return None


def platforms_of(document: Any) -> tuple[str, ...]:
    """The platforms that a document says it is of: `os.id` and `os.families`, or `platform`."""
    if not isinstance(document, Mapping):
        return ()
    system = document.get("os")
    names = [document.get("platform")]
    if isinstance(system, Mapping):
        families = system.get("families")
        names += [system.get("id"), *(families if isinstance(families, list) else ())]
    return tuple(dict.fromkeys(one for one in names if isinstance(one, str) and one))


def decide(check: Check, document: Any, now: float) -> tuple[State, Text, Why | None, str]:
    """State, reason, why and what was seen, from a document alone (the examples run here)."""
    view = _View(document=document, now=now, gaps=_gaps(document))
    applies = _all(answer(one, view) for one in check.expect.when)
    if isinstance(applies, Doubt):
        return State.UNKNOWN, applies.reason, applies.why, _seen(view)
    if not applies:
        return State.NOT_APPLICABLE, _DOES_NOT_APPLY, None, _seen(view)
    view.notes.clear()
    holds = answer(check.expect, view)
    if isinstance(holds, Doubt):
        return State.UNKNOWN, holds.reason, holds.why, _seen(view)
    if holds:
        return State.PASS, check.title, None, _seen(view)
    half = answer(check.partial, view) if check.partial else False
    if half is True:
        return State.PARTIAL, check.problem, None, _seen(view)
    return State.FAIL, check.problem, None, _seen(view)


def answer(wish: Expectation, view: _View, at: tuple[str, ...] = (), item: Any = ABSENT) -> Answer:
    """Whether an expectation holds of the document, or of one `item` of it."""
    given = [
        *([_leaf(wish, view, at, item)] if wish.op and wish.op not in OVER else ()),
        *([_over(wish, view, at, item)] if wish.op in OVER else ()),
    ]
    if wish.op not in OVER:
        given += _combined(wish, view, at, item)
    return _all(given)


def _combined(wish: Expectation, view: _View, at: tuple[str, ...], item: Any) -> list[Answer]:
    """What `all`, `any` and `none` say."""
    found: list[Answer] = []
    if wish.all:
        found.append(_all(answer(one, view, at, item) for one in wish.all))
    if wish.any:
        found.append(_any(answer(one, view, at, item) for one in wish.any))
    if wish.none:
        found.append(_not(_any(answer(one, view, at, item) for one in wish.none)))
    return found


def _over(wish: Expectation, view: _View, at: tuple[str, ...], item: Any) -> Answer:
    """`each` and `some`: the items of a list, or the values of a mapping, one by one."""
    words = (*at, *_words(wish.path))
    value = _value(view, wish.path, item)
    gap = _gap(view, words, below=False)
    if isinstance(value, _Absent) or value is None:
        return gap or _nothing_at(words)
    if not isinstance(value, list | tuple | Mapping):
        return _wrong(words, "不是列表 is not a list")
    inner = list(value.values()) if isinstance(value, Mapping) else list(value)
    inside = (*words, "*")
    answers = [_all(_combined(wish, view, inside, one)) for one in inner]
    together: Callable[[Iterable[Answer]], Answer] = _all if wish.op == "each" else _any
    _note(view, words, f"{len(inner)}")
    return together([*([gap] if gap else []), *answers])


def _leaf(wish: Expectation, view: _View, at: tuple[str, ...], item: Any) -> Answer:
    """One operator on the value, or on all the values, at one path."""
    words = (*at, *_words(wish.path))
    values = list(_walk(view.document if item is ABSENT else item, _words(wish.path)))
    gap = _gap(view, words, below=True)
    _note(view, words, _short(values))
    if wish.op in ("exists", "missing"):
        if gap:
            return gap
        if any(isinstance(one, _Absent) for one in values):
            return _nothing_at(words)
        there = [one is not None for one in values]
        return all(there) if wish.op == "exists" else not any(there)
    answers = [_holds(wish, one, words, view.now) for one in values]
    if gap is None:
        return _all(answers)
    cut = any(words[: len(place)] == tuple(place) and one.get("why") == "cut"
              for place, one in view.gaps)  # fmt: skip
    several = "*" in words
    if (cut and OPERATORS[wish.op].settled) or several:
        return _all([gap, *answers])
    return gap


def _holds(wish: Expectation, value: Any, words: tuple[str, ...], now: float) -> Answer:
    operator = OPERATORS.get(wish.op)
    if operator is None:
        return _wrong(words, f"没有运算 no operator `{wish.op}`")
    if isinstance(value, _Absent):
        return _nothing_at(words)
    if value is None and not (wish.op in ("eq", "ne") and wish.value is None):
        return _nothing_at(words)
    try:
        return operator.holds(value, wish.value, now)
    except (WrongTypeError, TypeError, OverflowError) as error:
        return _wrong(words, str(error))


def _walk(value: Any, words: tuple[str, ...]) -> Iterator[Any]:
    """All values at a path; ABSENT where there is no such key."""
    if not words:
        yield value
        return
    head, rest = words[0], words[1:]
    if head == "*":
        if isinstance(value, Mapping):
            inner = list(value.values())
        elif isinstance(value, list | tuple):
            inner = list(value)
        else:
            yield ABSENT
            return
        for one in inner:
            yield from _walk(one, rest)
    elif isinstance(value, Mapping) and head in value:
        yield from _walk(value[head], rest)
    elif isinstance(value, list | tuple) and head.isdecimal() and int(head[:9]) < len(value):
        yield from _walk(value[int(head[:9])], rest)
    else:
        yield ABSENT


def _value(view: _View, path: str, item: Any) -> Any:
    return next(_walk(view.document if item is ABSENT else item, _words(path)), ABSENT)


def _words(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


def _gaps(document: Any) -> list[tuple[list[str], Mapping[str, Any]]]:
    listed = document.get("gaps") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        return []
    return [
        (str(one.get("path", "")).split("."), one) for one in listed if isinstance(one, Mapping)
    ]


def _gap(view: _View, words: tuple[str, ...], *, below: bool) -> Doubt | None:
    """The gap at or above a path; with `below`, one inside what the path names as well."""
    for place, one in view.gaps:
        whole = place == [""]
        touched = whole or all(a == b or "*" in (a, b) for a, b in zip(place, words, strict=False))
        if touched and (below or whole or len(place) <= len(words)):
            why, detail = str(one.get("why", "")), str(one.get("detail") or one.get("section", ""))
            said = " ".join(word for word in (why, detail[:120]) if word)
            path = ".".join(words)
            return _doubt(
                Why.ERROR, f"未能读取 {path}：{said}", f"{path} could not be read: {said}"
            )
    return None


def _all(answers: Iterable[Answer]) -> Answer:
    found = list(answers)
    if any(one is False for one in found):
        return False
    return next((one for one in found if isinstance(one, Doubt)), True)


def _any(answers: Iterable[Answer]) -> Answer:
    found = list(answers)
    if any(one is True for one in found):
        return True
    return next((one for one in found if isinstance(one, Doubt)), False)


def _not(one: Answer) -> Answer:
    return one if isinstance(one, Doubt) else not one


def _doubt(why: Why, zh: str, en: str) -> Doubt:
    return Doubt(why=why, reason=Text(zh=zh, en=en))


def _nothing_at(words: tuple[str, ...]) -> Doubt:
    path = ".".join(words)
    return _doubt(Why.NOT_CHECKED, f"证据中没有 {path}", f"the evidence holds no {path}")


def _wrong(words: tuple[str, ...], said: str) -> Doubt:
    path = ".".join(words)
    return _doubt(Why.ERROR, f"{path} 无法比较：{said}", f"{path} cannot be compared: {said}")


def _note(view: _View, words: tuple[str, ...], said: str) -> None:
    if len(view.notes) < 12 and "*" not in words[:-1]:
        view.notes.setdefault(".".join(words), said)


def _short(values: list[Any]) -> str:
    shown: list[Any] = [None if isinstance(one, _Absent) else one for one in values[:20]]
    plain: Any = shown[0] if len(values) == 1 else shown
    return json.dumps(plain, ensure_ascii=False, default=str)[:120]


def _seen(view: _View) -> str:
    return "; ".join(f"{path}={said}" for path, said in view.notes.items())[:MAX_SEEN]


_NOTHING = _doubt(Why.NOT_CHECKED, "没有这项检查的证据", "there is no evidence for this check")
_NO_PLATFORM = _doubt(Why.ERROR, "不知道是什么平台", "it is not known which platform this is")
_OTHER_PLATFORM = Text(zh="不是本检查所属的平台", en="not a platform of this check")
_DOES_NOT_APPLY = Text(zh="本检查的前提不成立", en="what this check presupposes is not there")
