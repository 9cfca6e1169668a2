"""Small questionnaires for the tests of this folder."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from functools import cache

from openpyxl import Workbook, load_workbook

from audit.catalog import Catalog, load_catalog
from audit.questionnaire.model import Header, Questionnaire, made
from audit.questionnaire.workbook import workbook

TODAY = date(2026, 11, 20)
KEYS = ("GBT22239-2019:3:8.1.6.1", "GBT22239-2019:3:8.1.6.2.a", "GBT22239-2019:3:8.1.7.1.a")


@cache
def catalog() -> Catalog:
    return load_catalog()


def form() -> Questionnaire:
    controls = [one for key in KEYS if (one := catalog().get(key))]
    return made(Header(id="q1", organisation="s01", system="oa", level=3), controls)


@cache
def blank() -> bytes:
    return workbook(form())


def changed(change: Callable[[Workbook], object]) -> bytes:
    """The workbook after somebody worked on it."""
    book = load_workbook(io.BytesIO(blank()))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
