"""What was exported from a Windows host, taken apart into sections. Pure.

Either the output of our script (every line of content bears a bar) or a ZIP archive of files
exported by hand, named after the sections. Foreign bytes: UTF-8, UTF-16 or GB18030; never
raises but NotExportedError.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from audit.probes.network.text import NotTextError, decode

HERE = Path(__file__).parent
FORMAT = 1
MAX_MEMBER = 8 * 1024 * 1024
MAX_MEMBERS = 64
MAX_ROWS = 5000
SECTIONS = (
    "system", "secedit", "auditpol", "users", "administrators", "services", "firewall", "hotfixes",
    "shares", "logs", "defender", "antivirus", "bitlocker", "secureboot", "listening", "registry",
)  # fmt: skip
_FILES = {"policy.inf": "secedit", "secpol.inf": "secedit", "secpol.cfg": "secedit",
          "audit.csv": "auditpol", "auditpol.csv": "auditpol"}  # fmt: skip


class NotExportedError(ValueError):
    """These bytes are no exported collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Sections that are there by name, and why others are not."""

    sections: Mapping[str, str]
    failed: Mapping[str, str]
    whole: bool
    version: str = ""

    def lines(self, name: str) -> list[str]:
        return self.sections.get(name, "").splitlines()

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV section; a row of another width is left out."""
        text = self.sections.get(name, "")
        try:
            read = csv.DictReader(io.StringIO(text.replace("\0", "")))
            found: list[dict[str, str]] = []
            for row in read:
                if len(found) >= MAX_ROWS:
                    break
                if None not in row and None not in row.values():
                    found.append({str(key): str(value) for key, value in row.items()})
        except csv.Error:
            return []
        return found

    def values(self, name: str) -> dict[str, str]:
        """Lines `key=value`; the first of a key counts."""
        found: dict[str, str] = {}
        for line in self.lines(name):
            key, sign, value = line.partition("=")
            if sign:
                found.setdefault(key.strip().lower(), value.strip())
        return found


@cache
def version() -> str:
    """The digest of our script: evidence names it."""
    return sha256(_text().encode()).hexdigest()[:12]


def script() -> str:
    """The collector as PowerShell."""
    return _text().replace("@VERSION@", version())


def _text() -> str:
    return (HERE / "collect.ps1").read_text(encoding="utf-8")


def parse(raw: bytes) -> Exported:
    """Take an export apart. Raises NotExportedError."""
    if raw[:4] == b"PK\x03\x04":
        return _archive(raw)
    try:
        text = decode(raw).replace("\r", "")
    except NotTextError as error:
        raise NotExportedError(str(error)) from error
    head, sign, body = text.partition(f"#qinglang-windows {FORMAT} ")
    if not sign or (head and not head.endswith("\n")):
        raise NotExportedError(
            "这不是清朗 Windows 采集脚本的输出 / not the output of our Windows script"
        )
    first, _, rest = body.partition("\n")
    return _framed(rest, re.sub(r"[^0-9a-f]", "", first)[:12])


def _framed(text: str, named: str) -> Exported:
    sections: dict[str, str] = {}
    failed: dict[str, str] = {}
    now, held, whole = "", list[str](), False
    for line in text.split("\n"):
        if line.startswith("|"):
            held.append(line[1:4097])
            continue
        word, _, rest = line.partition(" ")
        if word == "#section":
            now, held = rest.strip(), []
        elif word == "#ok" and now in SECTIONS and now not in failed:
            sections.setdefault(now, "\n".join(held))
            now = ""
        elif word == "#failed" and now in SECTIONS and now not in sections:
            failed.setdefault(now, rest[:200] or "failed")
            now = ""
        elif word == "#done":
            whole = True
            break
    return Exported(sections=sections, failed=failed, whole=whole, version=named)


def _archive(raw: bytes) -> Exported:
    sections: dict[str, str] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for member in archive.infolist()[:MAX_MEMBERS]:
                base = member.filename.replace("\\", "/").rpartition("/")[2].lower()
                name = _FILES.get(base, base.rpartition(".")[0])
                if name in SECTIONS and name not in sections and member.file_size <= MAX_MEMBER:
                    with archive.open(member) as file:
                        sections[name] = decode(file.read(MAX_MEMBER)).replace("\r", "")
    except (zipfile.BadZipFile, zlib.error, NotTextError, OSError, ValueError, RuntimeError,
            NotImplementedError, EOFError) as error:  # fmt: skip
        raise NotExportedError(f"压缩包无法读取 / the archive is unreadable: {error}") from error
    if not sections:
        raise NotExportedError("压缩包里没有采集文件 / the archive holds no file of a collection")
    return Exported(sections=sections, failed={}, whole=True)
