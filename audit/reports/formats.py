"""Which formats there are, and who draws each. A table; drawers are fetched when asked for.

Edge machines need no typst to write JSON: a drawer's library is imported with it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from audit.reports.model import Report

DRAWERS = {
    "html": ("page", "render"),
    "docx": ("word", "render"),
    "pdf": ("pdf", "render"),
    "xlsx": ("sheets", "workbook"),
    "csv": ("sheets", "table"),
    "json": ("machine", "render"),
    "oscal": ("oscal", "render"),
    "xccdf": ("xccdf", "render"),
    "sarif": ("sarif", "render"),
    "junit": ("junit", "render"),
}


def drawer(name: str) -> Callable[[Report], bytes]:
    """The function that draws a format. Raises KeyError for one that is not there."""
    module, function = DRAWERS[name]
    found: Callable[[Report], bytes] = getattr(
        importlib.import_module(f"audit.reports.{module}"), function
    )
    return found
