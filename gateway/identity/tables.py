"""CSV of a school's office → rosters, static hosts, prefixes. Every bad line is named.

A spreadsheet's export is taken as it is: a byte order mark, `;` or tab between cells,
UTF-8 or GB 18030, blank lines, `#` notes. Whatever is wrong is collected as Problems with
line and column, and then nothing of the file is used. Pure: text in, values out.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_network
from typing import Any

from gateway.identity.pseudonyms import SCHOOL
from gateway.identity.resolve import parse_address
from policies.model import Role, Subject
from policies.policy import SchoolStage, Tier
from policies.tiers import parse_birthday, tier
from rules.load import DataError, Problem

MOST_ROWS = 2_000_000
MOST_TEXT = 128  # characters of one cell
MOST_PROBLEMS = 10_000  # then it is not this kind of file


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line of a roster: who logs in as `user`, and what they are."""

    user: str
    school: str
    stage: str = ""
    role: Role = Role.PUPIL
    group: str = ""
    tier: str = ""
    name: str = ""
    birthday: date | None = None

    def tier_on(self, day: date) -> str:
        """The age tier on this day: by the birthday where one is known."""
        return self.tier if self.birthday is None else tier(self.birthday, day) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One line of the static hosts: a device with a fixed address, perhaps a person's."""

    address: str
    subject: Subject
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Persons by what they log in as; `user@realm` and the case do not matter."""

    persons: Mapping[str, Person] = field(default_factory=dict)

    def find(self, user: str) -> Person | None:
        """The person of this user name, with its realm or without."""
        plain = folded(user)
        found = self.persons.get(plain)
        return found if found is not None else self.persons.get(plain.partition("@")[0])


def folded(user: str) -> str:
    """A user name as it is compared: RADIUS clients vary case and blanks."""
    return user.strip().casefold()


def read_roster(data: bytes, file: str, today: date) -> Roster:
    """`user,school[,stage,role,group,tier,name,birthday]`. Raises DataError."""
    found: dict[str, Person] = {}
    reader = _Reader(
        data, file, ("user", "school"), ("stage", "role", "group", "tier", "name", "birthday")
    )
    for row in reader:
        person = Person(
            user=row.wanted("user", str),
            school=row.wanted("school", _school),
            name=row.given("name", str, ""),
            birthday=row.given("birthday", lambda text: parse_birthday(text, today), None),
            **row.attributes(),
        )
        if person.birthday is not None and person.tier:
            row.complain("tier", "tier 与 birthday 只填一个 / give tier or birthday, not both")
        key = folded(person.user)
        if key and key in found:
            row.complain("user", "用户重复 / this user stands in the roster twice")
        found[key] = person
    reader.done()
    return Roster(persons=found)


def read_hosts(data: bytes, file: str) -> tuple[Host, ...]:
    """`address,school[,stage,role,group,tier,segment,user]`. Raises DataError."""
    found: dict[str, Host] = {}
    reader = _Reader(
        data, file, ("address", "school"), ("stage", "role", "group", "tier", "segment", "user")
    )
    for row in reader:
        address = row.wanted("address", lambda text: str(parse_address(text)))
        school = row.wanted("school", _school)
        subject = Subject(school=school, segment=row.given("segment", str, ""), **row.attributes())
        if address and address in found:
            row.complain("address", "地址重复 / this address stands there twice")
        found[address] = Host(address=address, subject=subject, user=row.given("user", str, ""))
    reader.done()
    return tuple(found.values())


def read_prefixes(data: bytes, file: str) -> tuple[tuple[str, Subject], ...]:
    """`prefix,school[,stage,role,group,tier,segment,vlan]`: address plans. Raises DataError."""
    found: dict[str, Subject] = {}
    reader = _Reader(
        data, file, ("prefix", "school"), ("stage", "role", "group", "tier", "segment", "vlan")
    )
    for row in reader:
        prefix = row.wanted("prefix", lambda text: str(ip_network(text)))
        school = row.wanted("school", _school)
        vlan = row.given("vlan", _vlan, "")
        subject = Subject(
            school=school, segment=row.given("segment", str, vlan), **row.attributes()
        )
        if prefix and prefix in found:
            row.complain("prefix", "前缀重复 / this prefix stands there twice")
        found[prefix] = subject
    reader.done()
    return tuple(found.items())


def _school(text: str) -> str:
    if not SCHOOL(text):
        raise ValueError(f"`{text}`: 学校编号应为小写字母、数字、- / wanted: a-z, 0-9, -")
    return text


def _vlan(text: str) -> str:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 4094:
        raise ValueError(f"`{text}` 不是 VLAN 号（1–4094）/ is not a VLAN id")
    return f"vlan-{int(text)}"


def decoded(data: bytes, file: str) -> str:
    """UTF-8, else GB 18030 as spreadsheets write here. Raises DataError."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    said = "既不是 UTF-8 也不是 GB 18030 / is neither UTF-8 nor GB 18030"
    raise DataError([Problem(file=file, line=1, column=1, message=said)])


class _Row:
    """One line: cells by column name; what is wrong goes to the reader."""

    def __init__(self, reader: _Reader, line: int, cells: Mapping[str, str]) -> None:
        self.reader, self.line, self.cells = reader, line, cells

    def complain(self, column: str, message: str) -> None:
        place = self.reader.columns.index(column) + 1 if column in self.reader.columns else 1
        self.reader.complain(self.line, place, f"{column}: {message}")

    def wanted(self, column: str, kind: Callable[[str], str]) -> str:
        if not self.cells.get(column, ""):
            self.complain(column, "缺少 / is missing")
            return ""
        return self.given(column, kind, "")

    def given[T](self, column: str, kind: Callable[[str], T], default: T) -> T:
        text = self.cells.get(column, "")
        if not text:
            return default
        if len(text) > MOST_TEXT or not text.isprintable():
            self.complain(column, "过长或含控制字符 / too long, or control characters in it")
            return default
        try:
            return kind(text)
        except ValueError as error:
            self.complain(column, str(error))
            return default

    def attributes(self) -> dict[str, Any]:
        """stage, role, tier and group."""
        return {
            "stage": self.given("stage", SchoolStage, ""),
            "role": self.given("role", Role, Role.PUPIL),
            "tier": self.given("tier", Tier, ""),
            "group": self.given("group", str, ""),
        }


class _Reader:
    """The rows of one CSV, and the problems found in them."""

    def __init__(
        self, data: bytes, file: str, needed: tuple[str, ...], more: tuple[str, ...]
    ) -> None:
        self.file = file
        self.problems: list[Problem] = []
        text = decoded(data, file)
        head = text.partition("\n")[0]
        self._lines = csv.reader(
            text.splitlines(), delimiter=max(",;\t", key=head.count), strict=True
        )
        self.columns: tuple[str, ...] = ()
        self._needed, self._known = needed, (*needed, *more)

    def complain(self, line: int, column: int, message: str, remedy: str = "") -> None:
        self.problems.append(
            Problem(file=self.file, line=line, column=column, message=message, remedy=remedy)
        )
        if len(self.problems) >= MOST_PROBLEMS:
            raise DataError(self.problems)

    def done(self) -> None:
        """Raises DataError with everything that was wrong."""
        if self.problems:
            raise DataError(self.problems)

    def __iter__(self) -> Iterator[_Row]:
        for line, cells in self._rows():
            if not any(cells) or cells[0].startswith("#"):
                continue
            if not self.columns:
                self._head(line, cells)
                continue
            if line > MOST_ROWS:
                self.complain(line, 1, f"超过 {MOST_ROWS} 行 / more than {MOST_ROWS} lines")
                return
            if len(cells) > len(self.columns):
                said = f"多出 {len(cells) - len(self.columns)} 格 / more cells than columns"
                self.complain(line, len(self.columns) + 1, said)
                continue
            yield _Row(self, line, dict(zip(self.columns, cells, strict=False)))
        if not self.columns:
            self.complain(1, 1, "文件是空的 / the file is empty", ",".join(self._known))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            try:
                cells = next(self._lines)
            except StopIteration:
                return
            except csv.Error as error:
                self.complain(self._lines.line_num, 1, f"不是 CSV / is not CSV: {error}")
                continue
            yield self._lines.line_num, [cell.strip() for cell in cells]

    def _head(self, line: int, cells: list[str]) -> None:
        """The first line names the columns. Raises DataError: without it nothing can be read."""
        self.columns = tuple(cell.casefold() for cell in cells)
        while self.columns and not self.columns[-1]:
            self.columns = self.columns[:-1]
        known = ", ".join(self._known)
        for place, name in enumerate(self.columns, 1):
            if name not in self._known:
                said = f"没有这一列 / no such column: `{name[:40]}`"
                self.complain(line, place, said, known)
            elif name in self.columns[: place - 1]:
                self.complain(line, place, f"列重复 / this column stands there twice: {name}")
        for name in self._needed:
            if name not in self.columns:
                self.complain(line, 1, f"缺少列 / a column is missing: {name}", known)
        self.done()
