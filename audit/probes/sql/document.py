"""From replies to a document and to Evidence, for every platform alike. Pure.

A query that failed, or was never answered, is a gap over all the places it gives: no check on
them can pass. What could be a secret and slipped through is taken out before hashing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from audit.model import Evidence
from audit.probes.host import canonical, made, redact
from audit.probes.sql import commercial, mysql, postgresql, sqlite
from audit.probes.sql.answers import Replies, Reply
from audit.probes.sql.plan import Plan, version

COLLECTOR = "qinglang-sql"

FACTS: Mapping[str, Callable[[Replies], dict[str, Any]]] = {
    "postgresql": postgresql.facts,
    "kingbase": lambda replies: postgresql.facts(replies, "kingbase"),
    "mysql": mysql.facts,
    "sqlite": sqlite.facts,
    "oracle": commercial.oracle,
    "sqlserver": commercial.sqlserver,
    "dm": commercial.dm,
}


def document(
    plan: Plan,
    found: Mapping[str, Reply],
    *,
    flavour: str = "",
    file: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The facts of one database, and a gap for whatever could not be read."""
    replies = Replies(found=found)
    made = sqlite.facts(replies, file) if file is not None else FACTS[plan.id](replies)
    kind = flavour or str(made.get("flavour", ""))
    seen = {place for one in plan.queries if _answered(found.get(one.id)) for place in one.gives}
    gaps: list[dict[str, str]] = []
    for query in plan.queries:
        if query.flavours and kind and kind not in query.flavours:
            continue
        reply = found.get(query.id) or Reply(why="not-run")
        why = reply.why or ("cut" if reply.cut else "")
        if not why:
            continue
        gaps += [
            {"path": place, "why": why, "detail": f"{query.id} {reply.detail}".strip()[:200]}
            for place in query.gives
            if why == "cut" or place not in seen
        ]
    return {"platform": plan.id, **made, "gaps": [*gaps, *replies.gaps]}


def _answered(reply: Reply | None) -> bool:
    return reply is not None and not reply.why


def evidence(
    target: str,
    plan: Plan,
    found: dict[str, Any],
    *,
    method: str,
    taken: float,
    dated: float | None = None,
) -> Evidence:
    """Evidence of one document, redacted and hashed."""
    return made(
        target, plan.id, redact(found), method=method, taken=taken, dated=dated,
        collector=COLLECTOR, version=version(plan),
    )  # fmt: skip


def nothing(target: str, probe: str, problem: str, *, method: str, taken: float) -> Evidence:
    """Evidence that nothing could be seen, and why: every check on it is unknown."""
    said = str(redact(problem))[:500]
    digest = sha256(canonical({"target": target, "problem": said, "taken": taken})).hexdigest()
    return Evidence(
        id=f"{target}:{probe}:{digest[:16]}",
        target=target,
        probe=probe,
        method=method,
        taken=taken,
        dated=taken,
        collector=COLLECTOR,
        problem=said,
        digest=digest,
    )
