"""安全可靠测评结果 (安可) as a dated list that is imported, never a constant of ours.

The officer brings the announcement as CSV (UTF-8 or GB18030). Every row names the
announcement's date and number, so that a comparison says by which list a product was or was
not found; a list does not decide compliance, it is evidence for a person. Pure: bytes in,
values out; the day is a parameter.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rules.load import DataError, Problem

MAX_ROWS = 50_000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "announced": ("公告日期", "announced"),
    "number": ("公告文号", "number"),
    "kind": ("类别", "kind"),
    "product": ("产品名称", "product"),
    "vendor": ("研制单位", "vendor"),
    "grade": ("安全可靠等级", "grade"),
    "until": ("有效期至", "until"),
}
NEEDED = ("announced", "number", "product", "vendor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One product in one announcement. `until` is empty where none is given."""

    announced: date
    number: str
    kind: str
    product: str
    vendor: str
    grade: str
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is in use."""

    name: str
    vendor: str


class Standing(StrEnum):
    """How a product stands against the imported lists."""

    LISTED = "listed"
    EXPIRED = "expired"  # was listed, the term is over
    OTHER_VENDOR = "other-vendor"  # the name is there, from somebody else
    NOT_LISTED = "not-listed"
    NO_LIST = "no-list"  # nothing was imported: unknown, not absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One product, how it stands, and by which announcement."""

    product: Product
    standing: Standing
    entry: Listed | None = None


def parse(data: bytes, file: str) -> tuple[Listed, ...]:
    """Read a list. Raises DataError with every wrong row."""
    rows = list(_rows(data, file))
    if not rows:
        raise DataError([Problem(file=file, line=1, column=1, message="the list is empty")])
    places, problems = _header(rows[0][1], file)
    entries = []
    for line, row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        entry = _entry(places, line, row, file, problems) if places else None
        if entry is not None:
            entries.append(entry)
    if problems:
        raise DataError(problems)
    return tuple(entries)


def _rows(data: bytes, file: str) -> Iterable[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            told = f"neither UTF-8 nor GB18030 at byte {error.start}"
            raise DataError([Problem(file=file, line=1, column=1, message=told)]) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, row in enumerate(reader):
            if number > MAX_ROWS:
                told = f"more than {MAX_ROWS} rows"
                raise DataError([Problem(file=file, line=number, column=1, message=told)])
            yield reader.line_num, row
    except csv.Error as error:
        line = max(reader.line_num, 1)
        raise DataError([Problem(file=file, line=line, column=1, message=str(error))]) from error


def _header(row: list[str], file: str) -> tuple[dict[str, int], list[Problem]]:
    names = [cell.strip().lower() for cell in row]
    places = {
        field: names.index(alias)
        for field, aliases in COLUMNS.items()
        for alias in aliases
        if alias in names
    }
    problems = [
        Problem(
            file=file,
            line=1,
            column=1,
            message=f"the column {' / '.join(COLUMNS[field])} is missing",
        )
        for field in NEEDED
        if field not in places
    ]
    return places, problems


def _entry(
    places: Mapping[str, int], line: int, row: list[str], file: str, problems: list[Problem]
) -> Listed | None:
    def cell(field: str) -> str:
        place = places.get(field)
        return row[place].strip() if place is not None and place < len(row) else ""

    def wrong(field: str, message: str) -> None:
        problems.append(
            Problem(
                file=file,
                line=line,
                column=places.get(field, 0) + 1,
                message=f"{COLUMNS[field][0]}: {message}",
                remedy="write the date as 2025-03-31" if "date" in message else "",
            )
        )

    before = len(problems)
    days: dict[str, date | None] = {}
    for field in ("announced", "until"):
        value = cell(field)
        try:
            days[field] = date.fromisoformat(value) if value else None
        except ValueError:
            wrong(field, f"`{value}` is no date")
    for field in NEEDED:
        if field in places and not cell(field):
            wrong(field, "is empty")
    announced = days.get("announced")
    if len(problems) > before or announced is None:
        return None
    return Listed(
        announced=announced,
        number=cell("number"),
        kind=cell("kind"),
        product=cell("product"),
        vendor=cell("vendor"),
        grade=cell("grade"),
        until=days.get("until"),
    )


def compare(
    products: Iterable[Product], lists: Iterable[Listed], *, today: date
) -> tuple[Compared, ...]:
    """How each product stands. The newest announcement that names it speaks."""
    entries = sorted(lists, key=lambda one: one.announced, reverse=True)
    by_name: dict[str, list[Listed]] = {}
    for entry in entries:
        by_name.setdefault(_folded(entry.product), []).append(entry)
    return tuple(_compared(one, by_name, today, some=bool(entries)) for one in products)


def _compared(
    product: Product, by_name: Mapping[str, list[Listed]], today: date, *, some: bool
) -> Compared:
    if not some:
        return Compared(product=product, standing=Standing.NO_LIST)
    named = by_name.get(_folded(product.name), [])
    own = [one for one in named if _folded(one.vendor) == _folded(product.vendor)]
    if not named:
        return Compared(product=product, standing=Standing.NOT_LISTED)
    if not own:
        return Compared(product=product, standing=Standing.OTHER_VENDOR, entry=named[0])
    entry = own[0]
    over = entry.until is not None and entry.until < today
    return Compared(
        product=product, standing=Standing.EXPIRED if over else Standing.LISTED, entry=entry
    )


def _folded(text: str) -> str:
    """Full-width, case and blanks make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
