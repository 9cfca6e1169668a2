"""The report as one HTML file: nothing is fetched, nothing of a target can run.

The rows of the item table are chosen by check boxes that need no script; a search box is added
by the one script of ours, whose digest is all that the content policy of the page allows.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from audit.reports.blocks import (
    Block,
    Break,
    Cell,
    Chart,
    Document,
    Heading,
    Para,
    Signatures,
    Table,
    Tone,
)
from audit.reports.chapters import document
from audit.reports.model import Report

HERE = Path(__file__).parent
_KINDS = {Heading: "heading", Para: "para", Table: "table", Chart: "chart",
          Signatures: "signatures", Break: "break"}  # fmt: skip


def render(report: Report) -> bytes:
    return draw(document(report)).encode("utf-8")


def draw(made: Document) -> str:
    """One page of a Document."""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _environment().get_template("page.html").render(
        document=made,
        blocks=list(_kinds(made.blocks)),
        style=(HERE / "page.css").read_text(encoding="utf-8") + margins(made),
        script=script,
        digest=digest,
        tone=row_tone,
    )  # fmt: skip


def margins(made: Document) -> str:
    """Label and mark at the head of every printed page; foreign letters as numbers only."""
    label, mark = ("".join(f"\\{ord(one):x} " for one in text) for text in (made.label, made.mark))
    style = "font-size: 9pt; color: #5b6775"
    return (
        f'@page {{ @top-left {{ content: "{label}"; {style} }} '
        f'@top-right {{ content: "{mark}"; {style} }} }}'
    )


def row_tone(row: tuple[Cell, ...]) -> str:
    """The tone by which a row is chosen: the first that is not plain."""
    return next((one.tone.value for one in row if one.tone is not Tone.PLAIN), "plain")


def _kinds(blocks: tuple[Block, ...]) -> Iterator[tuple[str, Block]]:
    for one in blocks:
        yield _KINDS[type(one)], one


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
