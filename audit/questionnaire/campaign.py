"""自查表 sent to many schools: who gets which, who has not returned, what two copies disagree on.

Pure: a campaign is made from an inventory, and what came back is held against it. The folder of
files is the door's (audit/questionnaire_cli.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from audit.answers import Answers, Recorded
from audit.catalog import Catalog
from audit.model import Part, System
from audit.questionnaire.model import Header, Questionnaire, Returned, made, wanted
from audit.targets import Inventory


class Back(StrEnum):
    """How far one questionnaire has come back."""

    MISSING = "missing"  # nothing came
    UNREADABLE = "unreadable"  # a file came, and it could not be read
    FAULTY = "faulty"  # read, with faults by cell
    INCOMPLETE = "incomplete"  # read, some items open
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One questionnaire that went out."""

    id: str
    organisation: str
    name: str
    system: str = ""
    level: int
    rows: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """All that went out at once."""

    id: str
    issued: str
    due: str = ""
    catalog: str = ""
    sent: tuple[Sent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chased:
    """What became of one questionnaire."""

    sent: Sent
    back: Back
    answered: int = 0
    open: int = 0
    problems: int = 0
    files: tuple[str, ...] = ()
    overdue_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two returned copies say different things of one item: neither is taken."""

    questionnaire: str
    control: str
    said: Mapping[str, str]  # file → what it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    files: tuple[Answers, ...]
    conflicts: tuple[Conflict, ...]


def planned(
    inventory: Inventory,
    catalog: Catalog,
    *,
    campaign: str,
    issued: str,
    due: str,
    level: int = 2,
    only: Mapping[int, Iterable[str]] | None = None,
) -> tuple[tuple[Sent, ...], tuple[Questionnaire, ...]]:
    """A questionnaire for each system of each unit; a unit at the bottom without any gets one too.

    A system is asked at its own level and parts; `level` is that of the units without a system.
    """
    above = {one.above for one in inventory.organisations}
    systems: dict[str, list[System]] = defaultdict(list)
    for system in inventory.systems:
        systems[system.organisation].append(system)
    pairs: list[tuple[str, str, System | None]] = []
    for unit in inventory.organisations:
        own: list[System | None] = [*systems.pop(unit.id, [])]
        if not own and unit.id not in above:
            own = [None]
        pairs += [(unit.id, unit.name, one) for one in own]
    pairs += [(unit, unit, one) for unit, own in systems.items() for one in own]
    sent, forms = [], []
    for unit_id, name, system_ in pairs:
        at = system_.level if system_ else level
        header = Header(
            id=f"{campaign}:{unit_id}" + (f":{system_.id}" if system_ else ""),
            organisation=unit_id,
            organisation_name=name,
            system=system_.id if system_ else "",
            system_name=system_.name if system_ else "",
            level=at,
            catalog=catalog.digest[:16],
            issued=issued,
            due=due,
        )
        parts = system_.parts if system_ else (Part.GENERAL,)
        chosen = only.get(at) if only is not None else None
        form = made(header, wanted(catalog, level=at, parts=parts, only=chosen))
        forms.append(form)
        sent.append(
            Sent(
                id=header.id,
                organisation=unit_id,
                name=name,
                system=header.system,
                level=at,
                rows=len(form.rows),
                file=file_name(header),
            )
        )
    return tuple(sent), tuple(forms)


def file_name(header: Header) -> str:
    """A name that any file system takes, with the unit's own name for people."""
    words = [header.organisation, header.organisation_name, header.system]
    joined = ".".join(dict.fromkeys(one for one in words if one))
    return re.sub(r"[^\w.\-]", "_", joined)[:80] + ".xlsx"


def chased(
    campaign: Campaign,
    came: Mapping[str, Returned],
    unreadable: Mapping[str, str],
    today: date,
) -> tuple[Chased, ...]:
    """Each questionnaire and how far it came. `unreadable`: file → the name it was sent under."""
    late = 0
    if campaign.due:
        late = max(0, (today - date.fromisoformat(campaign.due)).days)
    found = []
    for one in campaign.sent:
        files = {name: got for name, got in came.items() if got.header.id == one.id}
        answered = {answer.control for got in files.values() for answer in got.answers}
        faults = sum(len(got.problems) for got in files.values())
        lost = [name for name, sent in unreadable.items() if sent == one.file]
        still = one.rows - len(answered)
        if files:
            back = Back.FAULTY if faults else Back.INCOMPLETE if still > 0 else Back.COMPLETE
        else:
            back = Back.UNREADABLE if lost else Back.MISSING
        found.append(
            Chased(
                sent=one,
                back=back,
                answered=len(answered),
                open=max(0, still),
                problems=faults,
                files=(*files, *lost),
                overdue_days=0 if back is Back.COMPLETE else late,
            )
        )
    return tuple(found)


def merged(came: Mapping[str, Returned]) -> Merged:
    """One file of answers for each questionnaire; copies that disagree are shown, not mixed."""
    copies: dict[str, dict[str, Returned]] = defaultdict(dict)
    for name, got in came.items():
        copies[got.header.id][name] = got
    files, conflicts = [], []
    for id_, by_file in sorted(copies.items()):
        said: dict[str, dict[str, Recorded]] = defaultdict(dict)
        for name, got in by_file.items():
            for answer in got.answers:
                said[answer.control][name] = answer
        kept = []
        for control, voices in said.items():
            if len({one.state for one in voices.values()}) > 1:
                told = {name: one.state.value for name, one in voices.items()}
                conflicts.append(Conflict(questionnaire=id_, control=control, said=told))
            else:
                kept.append(max(voices.values(), key=lambda one: one.dated))
        files.append(answers(next(iter(by_file.values())), tuple(by_file), kept))
    return Merged(files=tuple(files), conflicts=tuple(conflicts))


def answers(
    got: Returned, source: Iterable[str], kept: Iterable[Recorded] | None = None
) -> Answers:
    """A returned questionnaire as a file of answers."""
    return Answers(
        id=re.sub(r"[^\w.\-]", "_", got.header.id),
        organisation=got.header.organisation,
        system=got.header.system,
        level=got.header.level,
        catalog=got.header.catalog,
        source=", ".join(source),
        answers=tuple(got.answers if kept is None else kept),
    )


def unknown_file(campaign: Campaign, got: Returned) -> bool:
    """It came back, and this campaign did not send it."""
    return got.header.id not in {one.id for one in campaign.sent}
