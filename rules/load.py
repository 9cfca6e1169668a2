"""Data file → frozen dataclass. The schema is the dataclass; every error says where.

A YAML file is composed to nodes (which know line and column) and converted by
the type hints of the wanted class, so `no` stays text where text is wanted and
`20:00` is never a number. All problems of a file, or of a whole folder, are
collected in one DataError; nothing half-loaded is returned.
This module is a door: it reads files and does nothing else with the world.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MAX_FILE = 16 * 1024 * 1024  # bytes; a data file is written by people
MAX_NODES = 1_000_000  # guards against alias bombs

_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the data: where, what, and what to do about it."""

    file: str
    line: int
    column: int
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        tail = f" → {self.remedy}" if self.remedy else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"


class DataError(Exception):
    """The data is wrong. Carries every problem found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class WorldError(Exception):
    """The world is wrong: unreachable, refused, full. The message says what to do."""


class _StopError(Exception):
    """Conversion of one node failed; its problems are already collected."""


class _Reader:
    """Converts the nodes of one file, collecting problems as it goes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.visited = 0
        self.above: list[int] = []

    def complain(self, node: yaml.Node, message: str, remedy: str = "") -> None:
        mark = node.start_mark
        self.problems.append(
            Problem(
                file=self.file,
                line=mark.line + 1,
                column=mark.column + 1,
                message=message,
                remedy=remedy,
            )
        )

    def fail(self, node: yaml.Node, message: str, remedy: str = "") -> typing.NoReturn:
        self.complain(node, message, remedy)
        raise _StopError

    def convert(self, node: yaml.Node, kind: Any) -> Any:
        self.visited += 1
        if self.visited > MAX_NODES:
            self.fail(node, "the file expands to too many values", "remove YAML aliases")
        if id(node) in self.above:
            self.fail(node, "a YAML alias contains itself", "remove the alias")
        self.above.append(id(node))
        try:
            return self._by_kind(node, kind)
        finally:
            self.above.pop()

    def _by_kind(self, node: yaml.Node, kind: Any) -> Any:
        if kind is Any:
            return self._plain(node)
        origin = typing.get_origin(kind)
        if origin in (types.UnionType, typing.Union):
            return self._optional(node, typing.get_args(kind))
        if origin in (tuple, frozenset):
            return origin(self._sequence(node, typing.get_args(kind)[0]))
        if origin in (dict, Mapping):
            return self._mapping(node, *typing.get_args(kind))
        if hasattr(kind, "parse"):
            return self._parsed(node, kind)
        if dataclasses.is_dataclass(kind):
            return self._record(node, kind)
        return self._scalar(node, kind)

    def _plain(self, node: yaml.Node) -> Any:
        """Any JSON value. Only true, false, null and numbers are not text: `no` and `20:00` are."""
        if isinstance(node, yaml.MappingNode):
            return {
                str(getattr(key, "value", "")): self.convert(value, Any)
                for key, value in self._pairs(node)
            }
        if isinstance(node, yaml.SequenceNode):
            return [self.convert(one, Any) for one in node.value]
        text = str(node.value)
        if isinstance(node, yaml.ScalarNode) and not node.style:
            if text in _WORDS:
                return _WORDS[text]
            if _NUMBER.fullmatch(text):
                return float(text) if "." in text else int(text)
        return text

    def _optional(self, node: yaml.Node, options: tuple[Any, ...]) -> Any:
        real = [option for option in options if option is not type(None)]
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
            return None
        if len(real) == 1:
            return self._by_kind(node, real[0])
        raise TypeError(f"data classes may not hold the union {options}")

    def _sequence(self, node: yaml.Node, item: Any) -> list[Any]:
        if isinstance(node, yaml.ScalarNode) and node.value and "null" not in node.tag:
            return [self._by_kind(node, item)]  # one value may stand without brackets
        if isinstance(node, yaml.ScalarNode):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.fail(node, "a list is wanted here", "write `- value` lines or [a, b]")
        found = []
        for child in node.value:
            try:
                found.append(self.convert(child, item))
            except _StopError:
                continue
        return found

    def _pairs(self, node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, "`key: value` lines are wanted here")
        seen: dict[str, int] = {}
        for key, _ in node.value:
            name = str(getattr(key, "value", ""))
            if name in seen:
                self.complain(key, f"`{name}` stands twice (first on line {seen[name]})")
            seen[name] = key.start_mark.line + 1
        return list(node.value)

    def _mapping(self, node: yaml.Node, key_kind: Any, value_kind: Any) -> dict[Any, Any]:
        if isinstance(node, yaml.ScalarNode) and "null" in node.tag:
            return {}
        found = {}
        for key, value in self._pairs(node):
            try:
                found[self.convert(key, key_kind)] = self.convert(value, value_kind)
            except _StopError:
                continue
        return found

    def _record(self, node: yaml.Node, kind: Any) -> Any:
        hints = _hints(kind)
        fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
        values: dict[str, Any] = {}
        broken = False
        for key, value in self._pairs(node):
            name = str(getattr(key, "value", "")).replace("-", "_")
            if name not in fields:
                near = difflib.get_close_matches(name, fields, 1)
                known = ", ".join(sorted(fields))
                self.complain(
                    key,
                    f"unknown key `{name}`",
                    f"did you mean `{near[0]}`?" if near else f"known keys: {known}",
                )
                continue
            try:
                values[name] = self.convert(value, hints[name])
            except _StopError:
                broken = True
        for name, field in fields.items():
            needed = (
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            )
            if needed and name not in values and not broken:
                self.complain(node, f"`{name}` is missing", f"add `{name}: …`")
                broken = True
        if broken:
            raise _StopError
        try:
            return kind(**values)
        except ValueError as error:
            self.fail(node, str(error))

    def _parsed(self, node: yaml.Node, kind: Any) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            if dataclasses.is_dataclass(kind):
                return self._record(node, kind)
            self.fail(node, "one value is wanted here")
        try:
            return kind.parse(node.value)
        except ValueError as error:
            self.fail(node, str(error))

    def _scalar(self, node: yaml.Node, kind: Any) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            self.fail(node, "one value is wanted here, not a list or a mapping")
        text = node.value
        if kind is str:
            return text
        if kind is bool:
            if text in ("true", "false"):
                return text == "true"
            self.fail(node, f"`{text}` is neither true nor false")
        if isinstance(kind, type) and issubclass(kind, Enum):
            try:
                return kind(text)
            except ValueError:
                known = [str(member.value) for member in kind]
                near = difflib.get_close_matches(text, known, 1)
                self.fail(
                    node,
                    f"`{text}` is not one of: {', '.join(known)}",
                    f"did you mean `{near[0]}`?" if near else "",
                )
        if kind in (int, float):
            try:
                return kind(text.replace("_", ""))
            except ValueError:
                self.fail(node, f"`{text}` is not a number")
        if isinstance(kind, type) and issubclass(kind, Path):
            return Path(text)
        raise TypeError(f"data classes may not hold {kind!r}")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def loads[T](kind: type[T], text: str, file: str) -> T:
    """Convert YAML text to `kind`; `file` names it in errors. Raises DataError."""
    reader = _Reader(file)
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise DataError([_syntax(error, file)]) from error
    except (ValueError, RecursionError) as error:
        raise DataError([Problem(file=file, line=1, column=1, message=str(error))]) from error
    if node is None:
        raise DataError([Problem(file=file, line=1, column=1, message="the file is empty")])
    value: Any = None
    try:
        value = reader.convert(node, kind)
    except _StopError:
        pass
    except RecursionError:
        reader.complain(node, "the file nests too deeply")
    if reader.problems:
        raise DataError(reader.problems)
    return typing.cast(T, value)


def _syntax(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    return Problem(
        file=file,
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        message=f"not valid YAML: {getattr(error, 'problem', None) or error}",
    )


def read_text(path: Path) -> str:
    """The UTF-8 text of a data file. Raises DataError where it cannot be read."""

    def wrong(message: str, remedy: str = "") -> DataError:
        return DataError(
            [Problem(file=str(path), line=1, column=1, message=message, remedy=remedy)]
        )

    try:
        if path.stat().st_size > MAX_FILE:
            raise wrong(f"the file is larger than {MAX_FILE} bytes")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(f"not UTF-8 at byte {error.start}", "save the file as UTF-8") from error
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}") from error


def load[T](kind: type[T], path: Path) -> T:
    """Load one data file. Raises DataError with every problem in it."""
    return loads(kind, read_text(path), str(path))


def load_folder[T](kind: type[T], folder: Path, pattern: str = "*.yaml") -> dict[str, T]:
    """Load every file of a folder; the id of each must be its file name.

    Returns {id: value} sorted by id. Raises one DataError for all files.
    """
    found: dict[str, T] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob(pattern)):
        try:
            value = load(kind, path)
        except DataError as error:
            problems.extend(error.problems)
            continue
        if getattr(value, "id") != path.stem:  # noqa: B009 - `kind` is generic
            problems.append(
                Problem(
                    file=str(path),
                    line=1,
                    column=1,
                    message=f"id `{getattr(value, 'id')}` is not the file name",  # noqa: B009
                    remedy=f"write `id: {path.stem}`",
                )
            )
        found[path.stem] = value
    if problems:
        raise DataError(problems)
    return found
