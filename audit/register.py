"""台账: each system with its grades, its filing and what falls due, and the reminders by date.

The periods are data with their sources (`audit/register.yaml`). A date that is not known is not
due "some day": it is missing, and stands in front. Pure but for reading that file; `today` comes
in.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from audit.model import Organisation, System
from rules.load import load
from rules.model import Basis

RULES = Path(__file__).parent / "register.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRule:
    years: int
    not_before: str
    extension_years: int
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRule:
    months: int
    binding: bool
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRules:
    """The periods in force. `remind_days` before a date it is called to mind."""

    id: str
    remind_days: tuple[int, ...]
    filing: FilingRule
    assessments: Mapping[int, AssessmentRule]


class Duty(StrEnum):
    FILING = "filing"  # 备案证明
    ASSESSMENT = "assessment"  # 等级测评


class Urgency(StrEnum):
    """How near it is; `missing`: the date itself is not known."""

    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One date of one system, how it was come by, and on whose authority."""

    system: str
    duty: Duty
    on: str = ""  # ISO date; empty: not known
    urgency: Urgency
    days: int | None = None  # until then; negative: past
    remind: int | None = None  # the reminder that is in force: 90, 30, 7 days
    how: str
    binding: bool
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the register."""

    system: System
    unit: str
    dues: tuple[Due, ...]


def load_rules(path: Path = RULES) -> RegisterRules:
    """Raises DataError."""
    return load(RegisterRules, path)


def register(
    systems: Iterable[System],
    units: Iterable[Organisation],
    rules: RegisterRules,
    today: date,
) -> tuple[Entry, ...]:
    """Every system with what falls due. Raises ValueError for a date that is none."""
    names = {one.id: one.name for one in units}
    return tuple(
        Entry(
            system=one,
            unit=names.get(one.organisation, one.organisation),
            dues=tuple(_dues(one, rules, today)),
        )
        for one in systems
    )


def reminders(entries: Iterable[Entry]) -> tuple[Due, ...]:
    """What is missing, past or near, the nearest first."""
    near = [due for entry in entries for due in entry.dues if due.urgency is not Urgency.LATER]
    return tuple(sorted(near, key=lambda due: (due.on, due.system, due.duty)))


def _dues(system: System, rules: RegisterRules, today: date) -> Iterable[Due]:
    if system.level >= 2:  # level 1 is not filed
        on, how = filing(system, rules.filing)
        yield _due(system, Duty.FILING, on, how, rules, today, True, rules.filing.basis)
    rule = rules.assessments.get(system.level)
    if rule is not None:
        last = day(system.assessed, system.id)
        start = last or day(system.filed, system.id)
        on = months_after(start, rule.months) if start else None
        said = "上次测评" if last else "备案日（未登记测评）"
        how = f"{said} {start} + {rule.months} 个月" if start else "未登记上次测评日期"
        yield _due(system, Duty.ASSESSMENT, on, how, rules, today, rule.binding, rule.basis)


def filing(system: System, rule: FilingRule) -> tuple[date | None, str]:
    """Until when the certificate holds, and how that was come by."""
    said = day(system.filing_expires, system.id)
    if said:
        return said, "证书所载 / as the certificate says"
    filed = day(system.filed, system.id)
    if not filed:
        return None, "未登记备案日期"
    begins = max(filed, date.fromisoformat(rule.not_before))
    until = months_after(begins, 12 * rule.years)
    how = f"{begins} + {rule.years} 年"
    assessed = day(system.assessed, system.id)
    if assessed and begins <= assessed <= until:
        return months_after(until, 12 * rule.extension_years), f"{how} + {rule.extension_years} 年"
    return until, how


def _due(
    system: System, duty: Duty, on: date | None, how: str, rules: RegisterRules, today: date,
    binding: bool, basis: Basis,
) -> Due:  # fmt: skip
    days = (on - today).days if on else None
    stage = None
    if days is None:
        urgency = Urgency.MISSING
    elif days < 0:
        urgency = Urgency.OVERDUE
    else:
        stage = min((one for one in rules.remind_days if days <= one), default=None)
        urgency = Urgency.LATER if stage is None else Urgency.SOON
    return Due(
        system=system.id, duty=duty, on=on.isoformat() if on else "", urgency=urgency, days=days,
        remind=stage, how=how, binding=binding, basis=basis,
    )  # fmt: skip


def day(text: str, place: str) -> date | None:
    """The date of a field, or none. Raises ValueError naming the system."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"{place}: `{text[:40]}` 不是日期 / is no date") from None


def months_after(begin: date, months: int) -> date:
    """The same day some months later; the last of the month where there is no such day."""
    year, month = divmod(begin.month - 1 + months, 12)
    last = calendar.monthrange(begin.year + year, month + 1)[1]
    return date(begin.year + year, month + 1, min(begin.day, last))


WORDS = {Duty.FILING: "备案证明到期", Duty.ASSESSMENT: "等级测评到期"}


def icalendar(entries: Iterable[Entry], rules: RegisterRules, now: float) -> str:
    """The dates as an RFC 5545 calendar with an alarm for each reminder."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Qinglang//register//ZH"]
    for entry in entries:
        for due in entry.dues:
            if not due.on:
                continue
            key = sha256(f"{due.system}\0{due.duty}".encode()).hexdigest()[:24]
            title = f"{WORDS[due.duty]}：{entry.unit} {entry.system.name}"
            source = f"{due.how}；依据 {due.basis.source} {due.basis.clause} ({due.basis.status})"
            lines += [
                "BEGIN:VEVENT", f"UID:{key}@qinglang.invalid", f"DTSTAMP:{stamp}",
                f"DTSTART;VALUE=DATE:{due.on.replace('-', '')}",
                f"SUMMARY:{_escaped(title)}", f"DESCRIPTION:{_escaped(source)}",
            ]  # fmt: skip
            for days in rules.remind_days:
                lines += [
                    "BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-P{days}D",
                    f"DESCRIPTION:{_escaped(title)}", "END:VALARM",
                ]  # fmt: skip
            lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines)


def _escaped(text: str) -> str:
    for old, new in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(old, new)
    return text


def _folded(line: str) -> str:
    """Lines of at most 75 octets, never cut inside a character."""
    found, size = [], 0
    for one in line:
        wide = len(one.encode())
        if size + wide > 74:
            found.append("\r\n ")
            size = 1
        found.append(one)
        size += wide
    return "".join(found)
