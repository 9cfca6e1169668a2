"""The closed set of operators by which a check compares what was seen with what is wanted.

A table and one function a row. Each takes the value seen (never a missing one), the value
wanted and the time of the evidence, and answers yes or no; it raises WrongTypeError where the value
seen is of another kind than the operator compares, because that is no answer. Pure.

null in a document means: looked, and there is none. Only `eq`, `ne` and `in` on a wanted
null, `exists` and `missing` can say something about it; every other operator cannot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DAY = 86400.0
MAX_TEXT = 100_000  # characters a pattern is held against


class WrongTypeError(ValueError):
    """The value seen is not of a kind that this operator compares."""


class Wants(StrEnum):
    """What kind of `value` a check writes beside an operator."""

    ANY = "any"
    NONE = "none"
    NUMBER = "number"
    COUNT = "count"
    LIST = "list"
    PATTERN = "pattern"
    VERSION = "version"
    MODE = "mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator: what it wants, and how it answers.

    `settled`: more items in the value seen could not turn its no into a yes, so a no on a
    list that was cut off is a no.
    """

    wants: Wants
    holds: Callable[[Any, Any, float], bool]
    means: str
    settled: bool = False


def same(seen: Any, wanted: Any) -> bool:
    """Equal, and comparable at all: `"1"` and 1, or true and 1, are a wrong type."""
    if seen is None or wanted is None:
        return seen is wanted
    if isinstance(seen, bool) != isinstance(wanted, bool):
        raise WrongTypeError(_kinds(seen, wanted))
    if isinstance(seen, int | float) and isinstance(wanted, int | float):
        return seen == wanted
    if type(seen) is not type(wanted):
        raise WrongTypeError(_kinds(seen, wanted))
    return bool(seen == wanted)


def number(seen: Any) -> float:
    """The number seen; true and false are none. Raises WrongTypeError."""
    if isinstance(seen, bool) or not isinstance(seen, int | float):
        raise WrongTypeError(f"{_kind(seen)} 不是数 is not a number")
    return seen


def items(seen: Any) -> list[Any]:
    """The list seen. Raises WrongTypeError."""
    if not isinstance(seen, list | tuple):
        raise WrongTypeError(f"{_kind(seen)} 不是列表 is not a list")
    return list(seen)


def held(seen: Any) -> Any:
    """A text, list or mapping: what can be empty. Raises WrongTypeError."""
    if not isinstance(seen, str | list | tuple | Mapping):
        raise WrongTypeError(f"{_kind(seen)} 不可为空 can be neither empty nor full")
    return seen


def text(seen: Any) -> str:
    """The text seen, at most MAX_TEXT of it. Raises WrongTypeError."""
    if not isinstance(seen, str):
        raise WrongTypeError(f"{_kind(seen)} 不是文本 is not a text")
    return seen[:MAX_TEXT]


def version(seen: Any) -> tuple[tuple[int, str], ...]:
    """A version as comparable pieces: an epoch and a packager's suffix are left out."""
    plain = str(seen) if isinstance(seen, int | float) and not isinstance(seen, bool) else seen
    bare = re.sub(r"^\d+:", "", text(plain).strip().removeprefix("v"))
    upstream = re.split(r"[-+~]", bare, maxsplit=1)[0]
    pieces = re.findall(r"\d{1,18}|[A-Za-z]+", upstream[:200])
    if not pieces or not pieces[0].isdecimal():
        raise WrongTypeError(f"`{str(seen)[:40]}` 不是版本号 is not a version")
    found = [(int(one), "") if one.isdecimal() else (-1, one.lower()) for one in pieces]
    while len(found) > 1 and found[-1] == (0, ""):
        found.pop()
    return tuple(found)


def mode(seen: Any) -> int:
    """Octal text like `0640`. Raises WrongTypeError."""
    if not isinstance(seen, str) or not re.fullmatch(r"[0-7]{1,5}", seen):
        raise WrongTypeError(f"`{str(seen)[:20]}` 不是权限位 is not an octal mode")
    return int(seen, 8)


def _contains(seen: Any, wanted: Any) -> bool:
    if isinstance(seen, str):
        return str(wanted) in seen
    if isinstance(seen, Mapping):
        return wanted in seen
    return wanted in items(seen)


def _among(seen: Any, wanted: Any) -> bool:
    if isinstance(seen, list | tuple | Mapping):
        raise WrongTypeError(f"{_kind(seen)} 不是单个值 is not one value")
    kinds = {_kind(one) for one in wanted}
    if _kind(seen) not in kinds and not (_kind(seen) == "float" and "int" in kinds):
        raise WrongTypeError(f"{_kind(seen)} / {', '.join(sorted(kinds))}")
    return any((type(one) is type(seen) and one == seen) or _equal(seen, one) for one in wanted)


def _equal(seen: Any, wanted: Any) -> bool:
    return not isinstance(seen, bool) and not isinstance(wanted, bool) and bool(seen == wanted)


def _days(seen: Any, now: float) -> float:
    return (now - number(seen)) / DAY


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def _kinds(seen: Any, wanted: Any) -> str:
    return f"{_kind(seen)} / {_kind(wanted)}"


OPERATORS: Mapping[str, Operator] = {
    "eq": Operator(wants=Wants.ANY, holds=lambda s, w, _: same(s, w), means="等于 equal to"),
    "ne": Operator(wants=Wants.ANY, holds=lambda s, w, _: not same(s, w), means="不等于 differs"),
    "lt": Operator(wants=Wants.NUMBER, holds=lambda s, w, _: number(s) < w, means="小于 below"),
    "le": Operator(wants=Wants.NUMBER, holds=lambda s, w, _: number(s) <= w, means="至多 at most"),
    "gt": Operator(wants=Wants.NUMBER, holds=lambda s, w, _: number(s) > w, means="大于 above"),
    "ge": Operator(wants=Wants.NUMBER, holds=lambda s, w, _: number(s) >= w, means="至少 at least"),
    "in": Operator(wants=Wants.LIST, holds=lambda s, w, _: _among(s, w), means="为其中之一 one of"),
    "not_in": Operator(
        wants=Wants.LIST, holds=lambda s, w, _: not _among(s, w), means="不在其中 none of"
    ),
    "contains": Operator(
        wants=Wants.ANY, holds=lambda s, w, _: _contains(s, w), means="含有 contains"
    ),
    "lacks": Operator(
        wants=Wants.ANY,
        holds=lambda s, w, _: not _contains(s, w),
        means="不含 does not contain",
        settled=True,
    ),
    "matches": Operator(
        wants=Wants.PATTERN,
        holds=lambda s, w, _: re.search(w, text(s)) is not None,
        means="匹配 matches",
    ),
    "not_matches": Operator(
        wants=Wants.PATTERN,
        holds=lambda s, w, _: re.search(w, text(s)) is None,
        means="不匹配 does not match",
        settled=True,
    ),
    "empty": Operator(
        wants=Wants.NONE, holds=lambda s, _w, _n: not held(s), means="为空 empty", settled=True
    ),
    "not_empty": Operator(
        wants=Wants.NONE, holds=lambda s, _w, _n: bool(held(s)), means="不为空 not empty"
    ),
    "subset": Operator(
        wants=Wants.LIST,
        holds=lambda s, w, _: all(one in w for one in items(s)),
        means="全在其中 all of them among",
        settled=True,
    ),
    "superset": Operator(
        wants=Wants.LIST,
        holds=lambda s, w, _: all(one in items(s) for one in w),
        means="含全部 holds all of",
    ),
    "disjoint": Operator(
        wants=Wants.LIST,
        holds=lambda s, w, _: not any(one in w for one in items(s)),
        means="与之无交集 none of them among",
        settled=True,
    ),
    "count_eq": Operator(
        wants=Wants.COUNT, holds=lambda s, w, _: len(held(s)) == w, means="个数等于 count is"
    ),
    "count_le": Operator(
        wants=Wants.COUNT,
        holds=lambda s, w, _: len(held(s)) <= w,
        means="个数至多 count at most",
        settled=True,
    ),
    "count_ge": Operator(
        wants=Wants.COUNT, holds=lambda s, w, _: len(held(s)) >= w, means="个数至少 count at least"
    ),
    "version_ge": Operator(
        wants=Wants.VERSION,
        holds=lambda s, w, _: version(s) >= version(w),
        means="版本不低于 version at least",
    ),
    "version_lt": Operator(
        wants=Wants.VERSION,
        holds=lambda s, w, _: version(s) < version(w),
        means="版本低于 version below",
    ),
    "older_than": Operator(
        wants=Wants.NUMBER,
        holds=lambda s, w, now: _days(s, now) > w,
        means="早于若干天前 more days ago than",
    ),
    "newer_than": Operator(
        wants=Wants.NUMBER,
        holds=lambda s, w, now: _days(s, now) <= w,
        means="在若干天之内 at most so many days ago",
    ),
    "mode_within": Operator(
        wants=Wants.MODE,
        holds=lambda s, w, _: mode(s) & ~mode(w) == 0,
        means="权限不宽于 mode no wider than",
    ),
}
PRESENCE = ("exists", "missing")  # answered by the judge: they need no value
OVER = ("each", "some")  # combinations over the items of a list or the values of a mapping


def misfit(name: str, wanted: Any) -> str:
    """Why `wanted` cannot stand beside the operator; "" where it can."""
    wants = OPERATORS[name].wants
    try:
        good = _fits(wants, wanted)
    except (WrongTypeError, re.error) as error:
        return f"`{name}` wants a value of kind {wants}: {error}"
    return "" if good else f"`{name}` wants a value of kind {wants}"


def _fits(wants: Wants, wanted: Any) -> bool:
    match wants:
        case Wants.ANY:
            return True
        case Wants.NONE:
            return wanted is None
        case Wants.NUMBER:
            return number(wanted) is not None
        case Wants.COUNT:
            return isinstance(wanted, int) and number(wanted) >= 0
        case Wants.LIST:
            return isinstance(wanted, list | tuple) and bool(wanted)
        case Wants.PATTERN:
            return re.compile(text(wanted)) is not None
        case Wants.VERSION:
            return bool(version(wanted))
        case Wants.MODE:
            return mode(wanted) >= 0
