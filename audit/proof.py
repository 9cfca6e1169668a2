"""Holding stored rows against the signed chain: changed, missing, slipped in, deleted. Pure."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256

from audit.probes.host import canonical
from gateway.ledger import Checkpoint
from rules.load import WorldError

type OpenRun = Callable[[str, str, bytes], str]
type OpenEvidence = Callable[[str, str, bytes], bytes]
MAX_BODY = 512 * 1024 * 1024


def compare(
    checkpoints: Iterable[Checkpoint],
    *,
    runs: Iterable[tuple[str, str, str, bytes | None]],
    evidence: Iterable[tuple[str, str, bytes | None]],
    entries: Iterable[str],
    open_run: OpenRun,
    open_evidence: OpenEvidence,
) -> tuple[tuple[str, ...], int]:
    """What is wrong, in sentences, and how many bodies are deleted, as the chain knows."""
    told = _Told(checkpoints)
    wrong: list[str] = []
    deleted = 0
    rows = {name: (assessment, digest, body) for name, assessment, digest, body in runs}
    wrong += [f"{one}: 运行记录缺失 / the run is missing" for one in told.runs if one not in rows]
    for name, (assessment, digest, body) in rows.items():
        if told.runs.get(name) != (assessment, digest):
            wrong.append(f"{name}: 与链上摘要不符 / not the digest of the chain")
        elif body is None:
            deleted += 1
            if assessment not in told.forgotten:
                wrong.append(f"{name}: 被删除而链上无记载 / deleted, and the chain knows nothing")
        elif fault := _run(name, assessment, digest, body, open_run):
            wrong.append(f"{name}: {fault}")
    there = set()
    for assessment, digest, body in evidence:
        there.add((assessment, digest))
        if (assessment, digest) not in told.evidence:
            wrong.append(f"{assessment}/{digest[:16]}: 链上没有 / the chain does not know it")
        elif body is None:
            deleted += 1
            if assessment not in told.forgotten:
                wrong.append(f"{assessment}/{digest[:16]}: 被删除而链上无记载 / deleted unseen")
        elif fault := _evidence(assessment, digest, body, open_evidence):
            wrong.append(f"{assessment}/{digest[:16]}: {fault}")
    wrong += [
        f"{one[0]}/{one[1][:16]}: 证据缺失 / the evidence is missing"
        for one in sorted(told.evidence - there)
    ]
    stored = Counter(entries)
    wrong += [
        f"entry {one[:16]}: 缺失或被改动 / missing or changed" for one in told.entries - stored
    ]
    wrong += [f"entry {one[:16]}: 链上没有 / not in the chain" for one in stored - told.entries]
    return tuple(wrong), deleted


class _Told:
    """What the chain says of rows."""

    __slots__ = ("entries", "evidence", "forgotten", "runs")

    def __init__(self, checkpoints: Iterable[Checkpoint]) -> None:
        self.runs: dict[str, tuple[str, str]] = {}
        self.evidence: set[tuple[str, str]] = set()
        self.forgotten: set[str] = set()
        self.entries: Counter[str] = Counter()
        for one in checkpoints:
            body = one.body
            if one.kind == "audit-run":
                self.runs[str(body["run"])] = (str(body["assessment"]), str(body["digest"]))
                self.evidence |= {(str(body["assessment"]), str(e)) for e in body["evidence"]}
            elif one.kind == "audit-forgotten":
                self.forgotten.add(str(body["assessment"]))
            elif one.kind == "audit-entries":
                self.entries.update(str(e) for e in body["entries"])


def _run(name: str, assessment: str, digest: str, body: bytes, open_it: OpenRun) -> str | None:
    try:
        found = open_it(name, assessment, body)
    except (ValueError, WorldError, zlib.error) as error:
        return str(error)
    return None if found == digest else "内容与摘要不符 / the content is not that of the digest"


def _evidence(assessment: str, digest: str, body: bytes, open_it: OpenEvidence) -> str | None:
    """A document is held against its digest; evidence that nothing was seen has none."""
    try:
        content = zlib.decompressobj().decompress(open_it(assessment, digest, body), MAX_BODY)
        document = json.loads(content)
    except (ValueError, WorldError, zlib.error) as error:
        return str(error)
    if document is None or sha256(canonical(document)).hexdigest() == digest:
        return None
    return "内容与摘要不符 / the content is not that of the digest"
