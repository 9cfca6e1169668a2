"""Regular expressions in foreign lists: spelled out where finite, kept where bounded.

v2fly lists hold expressions such as `(^|\\.)name[0-9]{2}\\.com$`. Most describe a few
dozen names; those become ordinary entries, exact and free at look-up time. The others
are kept only where they are cheap: anchored at a literal host suffix if possible, no
nested repetition, no look-around, no back reference. Pure; nothing is matched here.
"""

from __future__ import annotations

import itertools
import re
import string
import warnings
from collections.abc import Iterator

MOST = 4096  # names one expression may stand for
MAX_TEXT = 256  # characters of an expression
_ANY = string.ascii_lowercase + string.digits + "-_."
_CLASSES = {"d": string.digits, "w": string.ascii_lowercase + string.digits + "_"}
_REPEAT = re.compile(r"\{(\d{1,3})(,)?(\d{1,3})?\}")
_RISKY = re.compile(r"\(\?|\\[1-9bBAZ]|[*+}]\)[*+{]|[*+][^()]*\)[*+{]|[*+][*+]")
_SUFFIX = re.compile(r"((?:\\\.|[a-z0-9_-])+)\$$")


class EndlessError(ValueError):
    """The expression stands for endlessly many names, or for more than MOST."""


def expand(expression: str) -> tuple[bool, list[str]]:
    """(covers names below too, the names) of an anchored finite expression.

    `(^|\\.)x$` covers x and everything below it, `^x$` only x. Raises EndlessError.
    """
    below = expression.startswith("(^|\\.)")
    if not (below or expression.startswith("^")) or not expression.endswith("$"):
        raise EndlessError("not anchored at both ends")
    body = expression.removeprefix("(^|\\.)").removeprefix("^").removesuffix("$")
    reader = _Reader(body)
    names = reader.choices()
    if reader.at != len(body):
        raise EndlessError("an unmatched bracket")
    return below, names


def anchor(expression: str) -> str:
    """The literal host suffix (two labels or more) that every match ends in, or empty."""
    found = _SUFFIX.search(expression)
    literal = found[1].replace("\\.", ".") if found else ""
    labels = literal.split(".")[1:]  # the first label may be only the end of one
    return ".".join(labels) if len(labels) > 1 and all(labels) else ""


def check(expression: str) -> None:
    """Raises ValueError where an expression is broken or could take long to run."""
    if len(expression) > MAX_TEXT:
        raise ValueError(f"the expression is longer than {MAX_TEXT} characters")
    if _RISKY.search(expression):
        raise ValueError("the expression repeats a repetition or looks around")
    if len(re.findall(r"(?<!\\)[*+]|\{\d*,\d*\}", expression)) > 3:
        raise ValueError("the expression has more than three open repetitions")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `[a||b]` will mean something else one day
            re.compile(expression)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"not a regular expression: {error}") from error


class _Reader:
    """Enumerates the language of a small expression: literals, classes, groups, counts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def choices(self) -> list[str]:
        """Alternatives up to the closing bracket or the end."""
        self.depth += 1
        if self.depth > 8:
            raise EndlessError("too deep")
        found = self._sequence()
        while self._next("|"):
            found = _limited(found + self._sequence())
        self.depth -= 1
        return found

    def _sequence(self) -> list[str]:
        found = [""]
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            atom = self._counted(self._atom())
            _demand(len(found) * len(atom))
            found = [head + tail for head in found for tail in atom]
        return found

    def _atom(self) -> list[str]:
        mark = self.text[self.at]
        self.at += 1
        if mark == "(":
            self._next("?:")
            inner = self.choices()
            if not self._next(")"):
                raise EndlessError("an unmatched bracket")
            return inner
        if mark == "[":
            return self._class()
        if mark == "\\":
            return self._escape()
        if mark == ".":
            return list(_ANY)
        if mark in "*+?{}^$]":
            raise EndlessError(f"`{mark}` here")
        return [mark]

    def _escape(self) -> list[str]:
        mark = self.text[self.at : self.at + 1]
        self.at += 1
        if mark in _CLASSES:
            return list(_CLASSES[mark])
        if not mark or mark.isalnum():
            raise EndlessError("an escape that is not a character")
        return [mark]

    def _class(self) -> list[str]:
        end = self.text.find("]", self.at + 1)
        body = self.text[self.at : end]
        if end < 0 or body.startswith("^") or "\\" in body or "[" in body:
            raise EndlessError("a class that is not a plain set")
        self.at = end + 1
        found: list[str] = []
        while body:
            if len(body) > 2 and body[1] == "-":
                found += map(chr, range(ord(body[0]), min(ord(body[2]), 0x7E) + 1))
                body = body[3:]
            else:
                found.append(body[0])
                body = body[1:]
        return list(dict.fromkeys(found))

    def _counted(self, atom: list[str]) -> list[str]:
        low = high = 1
        if self._next("?"):
            low = 0
        elif self.text[self.at : self.at + 1] in ("*", "+"):
            raise EndlessError("an open repetition")
        elif self.text[self.at : self.at + 1] == "{":
            low, high = self._bounds()
        self._next("?")  # lazy or not is the same set of names
        return list(dict.fromkeys(itertools.chain(*_powers(atom, low, high))))

    def _bounds(self) -> tuple[int, int]:
        found = _REPEAT.match(self.text, self.at)
        if not found or (found[2] and not found[3]):
            raise EndlessError("an open repetition")
        self.at = found.end()
        return int(found[1]), int(found[3] or found[1])

    def _next(self, mark: str) -> bool:
        hit = self.text.startswith(mark, self.at)
        self.at += len(mark) * hit
        return hit


def _powers(atom: list[str], low: int, high: int) -> Iterator[list[str]]:
    for count in range(low, high + 1):
        _demand(len(atom) ** min(count, 64))
        yield ["".join(parts) for parts in itertools.product(atom, repeat=count)]


def _demand(size: int) -> None:
    if size > MOST:
        raise EndlessError("too many names")


def _limited(names: list[str]) -> list[str]:
    _demand(len(names))
    return names
