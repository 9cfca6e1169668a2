"""What verification finds, and what the chain claims of each event file. Pure: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway import seal
from gateway.gaps import Gap
from gateway.ledger import Chain, Checkpoint
from gateway.seal import Part

MOST_SEALS = 10_000_000  # in one range of a retention record


class What(StrEnum):
    """What is wrong."""

    CHAIN = "chain"
    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    SEAL = "seal"  # the rows do not give the root, and where cannot be said
    FILE = "file"  # a whole file is gone or does not read
    DELETED_EARLY = "deleted-early"  # a retention record within the floor
    GAP = "gap"  # never arrived: a killed worker, a lost batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, and where. `near` says it for people."""

    what: What
    day: str = ""
    file: str = ""
    seal: int = -1
    kind: str = ""
    code: str = ""
    seq: int = 0
    near: str = ""


@dataclass(slots=True, kw_only=True)
class Report:
    """What was looked at, and all that was found."""

    checkpoints: int = 0
    anchors: int = 0
    files: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    unsealed: dict[str, int] = field(default_factory=dict)
    deleted: int = 0  # rows that a signed retention record says were deleted
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the chain says of one file: its seals by number, and how it ended."""

    day: str
    seals: Mapping[int, tuple[Part, Checkpoint]]
    deleted: Checkpoint | None = None
    dropped: Mapping[int, Checkpoint] = field(default_factory=dict)
    """Seals that a retention record says were deleted out of it."""


def claims(chain: Chain) -> tuple[dict[str, Claims], list[Finding]]:
    """The claims by segment. Where two checkpoints differ, the first counts: a finding."""
    seals: dict[str, dict[int, tuple[Part, Checkpoint]]] = {}
    deleted: dict[str, Checkpoint] = {}
    dropped: dict[str, dict[int, Checkpoint]] = {}
    days: dict[str, str] = {}
    wrong: list[Finding] = []
    for one in chain.checkpoints:
        if one.kind == "retention":
            for name in one.body.get("segments", ()):
                deleted.setdefault(str(name), one)
            _drop(dropped, one)
        if one.kind != "events":
            continue
        for data in one.body.get("parts", ()):
            try:
                part = seal.part_of(data)
            except ValueError as error:
                wrong.append(Finding(what=What.CHAIN, seq=one.seq, near=str(error)))
                continue
            days[part.segment] = part.day
            known = seals.setdefault(part.segment, {}).setdefault(part.seal, (part, one))
            if known[0] != part:
                near = f"检查点 checkpoints {known[1].seq}, {one.seq}"
                wrong.append(
                    Finding(
                        what=What.REORDERED, day=part.day, seal=part.seal, seq=one.seq, near=near
                    )
                )
    return {
        name: Claims(
            day=days[name],
            seals=found,
            deleted=deleted.get(name),
            dropped=_known(found, dropped.get(name, {})),
        )
        for name, found in seals.items()
    }, wrong


def _drop(dropped: dict[str, dict[int, Checkpoint]], record: Checkpoint) -> None:
    """Note the seals that a retention record names; what does not read names none."""
    told = record.body.get("seals", {})
    for name, spans in told.items() if isinstance(told, dict) else ():
        for span in spans if isinstance(spans, list) else ():
            match span:
                case [int(first), int(last)] if 0 <= last - first <= MOST_SEALS:
                    for number in range(first, last + 1):
                        dropped.setdefault(str(name), {}).setdefault(number, record)
                case _:
                    continue


def _known(
    seals: Mapping[int, tuple[Part, Checkpoint]], dropped: Mapping[int, Checkpoint]
) -> dict[int, Checkpoint]:
    """Only seals that were signed before the record can have been meant by it."""
    return {
        number: record
        for number, record in dropped.items()
        if number in seals and seals[number][1].seq < record.seq
    }
