"""The output of a printed list, run by someone else, taken apart into replies. Pure.

Two forms. JSON: `{"qinglang-sql": 1, "platform": "dm", "dated": "2026-11-01T08:00:00+08:00",
"results": {"version": [{"VERSION": "…"}], "dba": {"error": "no privilege"}}}`. Text: what a
client printed, a line `#query version` before each result, a result as CSV or TSV with a line
of column names; `#error …`, or a client's own error line, instead of rows. Foreign bytes:
whatever they are, replies come out or a NotRecordedError says why not.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.model import Evidence
from audit.probes.sql import document as facts
from audit.probes.sql.answers import Reply, reply
from audit.probes.sql.plan import PLATFORMS, Plan, load_plan

METHOD = "只读查询清单的输出，导入 / output of the printed read-only queries, imported"
MAX_BYTES = 16 * 1024 * 1024
_MARK = re.compile(r"#query[ \t]+([a-z_]{1,40})[ \t]*")
_ERROR = re.compile(r"(?:psql:[^\n]{0,200}?|ksql:[^\n]{0,200}?)?"
                    r"(?:#error\b|ERROR\b|ORA-\d|Msg \d+|错误|\[-\d{1,6}\])", re.I)  # fmt: skip
_DENIED = re.compile(r"denied|privilege|permission|权限|ORA-00942|ORA-01031|-5504|-5567", re.I)
_NOISE = re.compile(r"^(SET|\(\d+ rows?( affected)?\)|\d+ rows selected\.?|[-,|+ ]*)$")


class NotRecordedError(ValueError):
    """These bytes are no recorded output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What was recorded: the platform where the file says so, and the replies."""

    platform: str
    dated: float | None
    found: Mapping[str, Reply]


def read(data: bytes, *, target: str, taken: float, platform: str = "") -> Evidence:
    """Evidence of one recorded output. Raises NotRecordedError, DataError."""
    if len(data) > MAX_BYTES:
        raise NotRecordedError("文件过大 / the file is larger than 16 MiB")
    text = decoded(data)
    stripped = text.lstrip("\ufeff \t\r\n")
    recording = from_json(stripped) if stripped.startswith("{") else from_text(stripped)
    kind = recording.platform or platform
    if kind not in PLATFORMS:
        raise NotRecordedError(
            f"不知道是哪种数据库，用 --platform 指明 / which? {', '.join(PLATFORMS)}"
        )
    if platform and recording.platform and platform != recording.platform:
        raise NotRecordedError(
            f"文件是 {recording.platform}，不是 {platform} / the file is of another platform"
        )
    plan = load_plan(kind)
    known = {one.id for one in plan.queries}
    found = {name: one for name, one in recording.found.items() if name in known}
    if not any(not one.why for one in found.values()):
        raise NotRecordedError(
            f"没有 {kind} 清单中任何查询的结果 / no result of any query of the list"
        )
    limited = {one.id: _limited(found[one.id], one.rows) for one in plan.queries if one.id in found}
    made = facts.document(plan, limited)
    return facts.evidence(
        target, plan, made, method=METHOD, taken=taken, dated=_believable(recording.dated, taken)
    )


def _believable(dated: float | None, taken: float) -> float | None:
    """A date in the future is not believed."""
    return dated if dated is not None and 0 < dated <= taken + 86400 else None


def _limited(one: Reply, rows: int) -> Reply:
    return Reply(rows=one.rows[:rows], why=one.why, detail=one.detail, cut=len(one.rows) > rows)


def decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with a mark, or GB18030 (clients on Windows)."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def from_json(text: str) -> Recording:
    """The JSON form. Raises NotRecordedError."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotRecordedError(f"JSON 不可读 / unreadable JSON: {str(error)[:100]}") from error
    if not isinstance(given, dict) or given.get("qinglang-sql") != 1:
        raise NotRecordedError('不是记录文件 / no recording: `"qinglang-sql": 1` is missing')
    results = given.get("results")
    if not isinstance(results, dict):
        raise NotRecordedError("缺少 results / `results` is missing")
    return Recording(
        platform=str(given.get("platform", ""))[:40],
        dated=_moment(given.get("dated")),
        found={str(name): _reply(one) for name, one in results.items()},
    )


def _moment(value: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(value)).timestamp() if value else None
    except (ValueError, OverflowError, OSError):
        return None


def _reply(given: Any) -> Reply:
    if isinstance(given, list):
        return reply((one for one in given if isinstance(one, dict)), limit=100_000)
    if isinstance(given, dict) and isinstance(given.get("columns"), list):
        columns = [str(one) for one in given["columns"]]
        rows = given.get("rows")
        listed = [one for one in rows if isinstance(one, list)] if isinstance(rows, list) else []
        return reply((dict(zip(columns, one, strict=False)) for one in listed), limit=100_000)
    said = str(given.get("error", "")) if isinstance(given, dict) else ""
    return _failed(said)


def _failed(said: str) -> Reply:
    return Reply(why="denied" if _DENIED.search(said) else "failed", detail=said.strip()[:160])


def from_text(text: str) -> Recording:
    """The text form. Raises NotRecordedError."""
    found: dict[str, Reply] = {}
    name, lines = "", list[str]()
    for line in [*text.replace("\r", "").split("\n"), "#query end"]:
        bare = line.strip().strip('"')
        mark = _MARK.fullmatch(bare)
        if mark is None:
            if name:
                lines.append(line)
            continue
        if name and name not in found:
            found[name] = _table(lines)
        name, lines = mark[1], []
    if not found:
        raise NotRecordedError(
            "不是查询清单的输出：没有“#query 编号”行 / no output of the list: no `#query ID` lines"
        )
    return Recording(platform="", dated=None, found=found)


def _table(lines: list[str]) -> Reply:
    wrong = next((line for line in lines if _ERROR.match(line.strip())), "")
    if wrong:
        return _failed(wrong)
    kept = [line for line in lines if not _NOISE.match(line.strip()) and line.strip() != "#"]
    if not kept:
        return Reply(why="failed", detail="没有列名 / no line of column names")
    delimiter = next((one for one in "\t|" if one in kept[0]), ",")
    try:
        rows = list(csv.DictReader(io.StringIO("\n".join(kept)), delimiter=delimiter,
                                   restkey="rest", restval=None))  # fmt: skip
    except csv.Error as error:
        return Reply(why="failed", detail=str(error)[:100])
    trimmed = (
        {key.strip(): value.strip() if isinstance(value, str) else None
         for key, value in row.items() if isinstance(key, str)}
        for row in rows
    )  # fmt: skip
    return reply((_nulls(row) for row in trimmed), limit=100_000)


def _nulls(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: None if value in ("NULL", "null", r"\N") else value for key, value in row.items()}


__all__ = ["METHOD", "NotRecordedError", "Plan", "Recording", "from_json", "from_text", "read"]
