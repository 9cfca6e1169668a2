"""From a collector's output, or the lack of one, to Evidence of a Linux host. Pure.

Whatever could be a secret and slipped through is taken out before hashing. The digest is that
of the canonical bytes of the document (sorted keys, no spaces, UTF-8).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from audit.model import Evidence
from audit.probes.collect import version
from audit.probes.collected import NotCollectedError, parse
from audit.probes.linux.facts import document

PROBE = "linux"
COLLECTOR = "qinglang-collect"
HIDDEN = "(hidden)"

_SECRET = re.compile(
    r"\$(?:1|2[aby]?|5|6|7|y|gy|sm3)\$[./A-Za-z0-9$=,_-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?i:\b(?:password|passwd|secret|token|bindpw)\s*[=:]\s*)(?!\(hidden\))\S+"
)


def redact(value: Any) -> Any:
    """The same value without hashes of passwords, private keys and spelled-out passwords."""
    if isinstance(value, str):
        return _SECRET.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {key: redact(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact(one) for one in value]
    return value


def canonical(value: Any) -> bytes:
    """The bytes of a JSON value that are hashed."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8", "surrogatepass")


def made(
    target: str,
    probe: str,
    document: Any,
    *,
    method: str,
    taken: float,
    collector: str,
    dated: float | None = None,
    version: str = "",
    problem: str = "",
    digest: str = "",
) -> Evidence:
    """Evidence of a probe, its digest and id with it; without a document it says the problem.

    `digest`: of the bytes that were read, where that says more than the document's own.
    """
    if not digest:
        content = [target, problem, taken] if document is None else document
        digest = sha256(canonical(content)).hexdigest()
    return Evidence(
        id=f"{target}:{probe}:{digest[:16]}",
        target=target,
        probe=probe,
        method=method,
        taken=taken,
        dated=taken if dated is None else dated,
        collector=collector,
        version=version,
        document=document,
        problem=problem[:500],
        digest=digest,
    )


def evidence(
    target: str, raw: bytes, *, method: str, taken: float, live: bool, problem: str = ""
) -> Evidence:
    """Evidence of what a host printed. `live`: the clock difference is measured, not believed."""
    try:
        seen = parse(raw)
    except NotCollectedError as error:
        return nothing(target, problem or str(error), method=method, taken=taken)
    found = redact(document(seen))
    clock = found["os"]["clock"] if isinstance(found.get("os"), dict) else None
    found["collection"]["clock_skew_seconds"] = (
        round(clock - taken) if live and clock is not None else None
    )
    digest = sha256(canonical(found)).hexdigest()
    return Evidence(
        id=f"{target}:{PROBE}:{digest[:16]}",
        target=target,
        probe=PROBE,
        method=method,
        taken=taken,
        dated=taken if live or clock is None else clock,
        collector=COLLECTOR,
        version=seen.version or version(),
        document=found,
        digest=digest,
    )


def nothing(target: str, problem: str, *, method: str, taken: float) -> Evidence:
    """Evidence that nothing could be seen, and why: every check on it is unknown."""
    digest = sha256(canonical({"target": target, "problem": problem, "taken": taken})).hexdigest()
    return Evidence(
        id=f"{target}:{PROBE}:{digest[:16]}",
        target=target,
        probe=PROBE,
        method=method,
        taken=taken,
        dated=taken,
        collector=COLLECTOR,
        version=version(),
        problem=problem[:500],
        digest=digest,
    )
