"""Groups of like rows → how easily somebody is found again. Pure.

A Group is one combination of quasi-identifiers: how many rows share it, and how often each
sensitive value stands in it. k-anonymity, l-diversity (distinct and entropy), t-closeness,
uniqueness and the three attackers' risks follow. Small counts are hidden, values never appear.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from rules.model import Basis, Status, Text
from rules.recognise.personal.kinds import Kind

SMALL = 5  # counts from 1 to SMALL - 1 are not shown
K_WITHIN = 5  # sharing inside the district; the threshold is a parameter, unverified
DIRECT = frozenset({
    Kind.ID_CARD, Kind.PHONE, Kind.LANDLINE, Kind.BANK_CARD, Kind.EMAIL, Kind.PASSPORT,
    Kind.HK_MACAU_PERMIT, Kind.TAIWAN_PERMIT, Kind.OFFICER_ID, Kind.WECHAT, Kind.QQ, Kind.PLATE,
    Kind.STUDENT_NUMBER, Kind.EXAM_NUMBER, Kind.NATIONAL_STUDENT_NUMBER, Kind.NAME, Kind.ADDRESS,
    Kind.GUARDIAN_NAME, Kind.GUARDIAN_PHONE, Kind.GUARDIAN_ID, Kind.PHOTO, Kind.BIOMETRIC,
    Kind.MAC, Kind.PASSWORD, Kind.SECRET,
})  # fmt: skip
QUASI = frozenset({
    Kind.BIRTH_DATE, Kind.AGE, Kind.SEX, Kind.ETHNICITY, Kind.NATIVE_PLACE, Kind.SCHOOL,
    Kind.CLASS, Kind.POSTCODE, Kind.POLITICAL_STATUS, Kind.KINSHIP, Kind.IP, Kind.LOCATION,
})  # fmt: skip
SENSITIVE = frozenset({
    Kind.HEALTH, Kind.DISABILITY, Kind.FAMILY_ECONOMY, Kind.RELIGION, Kind.SCORE, Kind.PUNISHMENT,
})  # fmt: skip
LEVEL_BASIS = Basis(source="GB/T 42460-2023", clause="第 4 章 效果分级", status=Status.UNVERIFIED,
                    note="四级的名称与阈值未核对原文")  # fmt: skip
_LEVELS = {
    1: Text(zh="1 级：可直接识别主体", en="level 1: subjects are directly identifiable"),
    2: Text(zh="2 级：已消除直接标识符", en="level 2: direct identifiers are gone"),
    3: Text(zh="3 级：重标识风险可接受", en="level 3: risk of re-identification is acceptable"),
    4: Text(zh="4 级：聚合数据", en="level 4: aggregates"),
}

LIMITS = Text(
    zh="只反映所选准标识符；新闻记者风险按总体与样本之比估计；阈值为参数。"
    "脱敏副本在 3 级以下仍是个人信息",
    en="for the chosen quasi-identifiers only; the journalist's risk is estimated from the "
    "ratio of population to rows; thresholds are parameters; below level 3 a masked copy "
    "remains personal information",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that are alike in all quasi-identifiers; counts of each sensitive column's values."""

    size: int
    sensitive: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversity:
    """Of one sensitive column, over all groups: the least diverse and the least close."""

    column: str
    l_distinct: int
    l_entropy: float  # e^entropy of the least diverse group
    t: float  # greatest distance of a group's distribution from that of the table
    ordered: bool  # distance by order (numbers), else all values equally far apart
    alike: int  # groups in which all have one value


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The risks of one table under one choice of quasi-identifiers."""

    table: str
    rows: int
    quasi: tuple[str, ...]
    proposed: bool  # the quasi-identifiers were proposed, not given
    direct: tuple[str, ...]  # columns that identify by themselves
    groups: int
    k: int
    unique: float  # share of rows alone in their group
    below: float  # share of rows in groups smaller than `wanted`
    wanted: int
    prosecutor: float  # highest risk of somebody known to be in the table
    journalist: float  # the same within a population of that many
    marketer: float  # expected share of rows found again
    population: int
    sizes: tuple[tuple[str, int | None], ...]  # (size, rows in groups of that size); None: small
    diversity: tuple[Diversity, ...]
    level: int
    level_text: Text
    basis: tuple[Basis, ...] = (LEVEL_BASIS,)
    limits: Text = LIMITS


@dataclass(slots=True)
class _Least:
    distinct: int = 0
    entropy: float = math.inf
    t: float = 0.0
    alike: int = 0


def weigh(
    table: str,
    groups: Iterable[Group],
    *,
    quasi: Sequence[str],
    totals: Mapping[str, Mapping[str, int]] | None = None,
    direct: Sequence[str] = (),
    proposed: bool = False,
    wanted: int = K_WITHIN,
    population: int = 0,
) -> Report:
    """The report of a table. `totals`: of each sensitive column, the whole table's counts."""
    whole = totals or {}
    order = {name: _ordered(counts) for name, counts in whole.items()}
    least = {name: _Least() for name in whole}
    rows = count = unique = below = 0
    k = 0
    sizes: dict[str, int] = {}
    for group in groups:
        size = group.size
        rows += size
        count += 1
        k = size if not k else min(k, size)
        unique += size == 1
        below += size if size < wanted else 0
        band = _band(size)
        sizes[band] = sizes.get(band, 0) + size
        for name, counts in group.sensitive.items():
            _closer(least[name], counts, whole[name], order[name])
    people = max(population, rows)
    level = _level(rows, direct, k, wanted, below)
    return Report(
        table=table, rows=rows, quasi=tuple(quasi), proposed=proposed, direct=tuple(direct),
        groups=count, k=k, unique=round(unique / rows, 6) if rows else 0.0,
        below=round(below / rows, 6) if rows else 0.0, wanted=wanted,
        prosecutor=round(1 / k, 6) if k else 0.0,
        journalist=round(min(1.0, rows / (k * people)), 6) if k else 0.0,
        marketer=round(count / rows, 6) if rows else 0.0, population=people,
        sizes=tuple((band, _shown(sizes[band])) for band in _BANDS if band in sizes),
        diversity=tuple(
            Diversity(column=name, l_distinct=one.distinct,
                      l_entropy=round(one.entropy, 4) if one.distinct else 0.0, t=round(one.t, 4),
                      ordered=order[name] is not None, alike=one.alike)
            for name, one in sorted(least.items())
        ),
        level=level, level_text=_LEVELS[level],
    )  # fmt: skip


_BANDS = ("1", "2-4", "5-9", "10-19", "20-99", "100+")


def _band(size: int) -> str:
    for name, most in zip(_BANDS, (1, 4, 9, 19, 99), strict=False):
        if size <= most:
            return name
    return _BANDS[-1]


def _shown(count: int) -> int | None:
    return None if 0 < count < SMALL else count


def _level(rows: int, direct: Sequence[str], k: int, wanted: int, below: float) -> int:
    """Level 4 is not given by counting rows: aggregates are told by the officer."""
    if direct:
        return 1
    return 3 if rows and k >= wanted and not below else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """The values of a column in order: their places, and the whole table's running shares."""

    places: Mapping[str, int]
    steps: Sequence[float]
    sums: Sequence[float]  # of the steps before a place


def _ordered(counts: Mapping[str, int]) -> _Scale | None:
    """The scale where all values are numbers; else None."""
    try:
        values = sorted(counts, key=float)
    except ValueError:
        return None
    total = sum(counts.values())
    steps = [running / total for running in accumulate(counts[value] for value in values)]
    return _Scale(
        places={value: place for place, value in enumerate(values)},
        steps=steps,
        sums=[0.0, *accumulate(steps)],
    )


def _closer(
    least: _Least, counts: Mapping[str, int], whole: Mapping[str, int], scale: _Scale | None
) -> None:
    size, total = sum(counts.values()), sum(whole.values())
    if not size or not total:
        return
    distinct = len(counts)
    least.distinct = distinct if not least.distinct else min(least.distinct, distinct)
    least.alike += distinct == 1
    entropy = -sum(n / size * math.log(n / size) for n in counts.values())
    least.entropy = min(least.entropy, math.exp(entropy))
    if scale is None:
        seen = sum(abs(n / size - whole[value] / total) for value, n in counts.items())
        rest = 1 - sum(whole[value] for value in counts) / total
        least.t = max(least.t, (seen + rest) / 2)
    elif len(scale.steps) > 1:
        least.t = max(least.t, _earth(counts, scale, size))


def _earth(counts: Mapping[str, int], scale: _Scale, size: int) -> float:
    """Earth mover's distance of two distributions over ordered values, from 0 to 1.

    Only the group's own values are visited: between two of them its running share stands still.
    """
    moved = level = 0.0
    start = passed = 0
    for place, count in sorted((scale.places[value], count) for value, count in counts.items()):
        moved += _between(level, start, place, scale)
        passed += count
        start, level = place, passed / size
    moved += _between(level, start, len(scale.steps), scale)
    return moved / (len(scale.steps) - 1)


def _between(level: float, start: int, end: int, scale: _Scale) -> float:
    cut = min(max(bisect_right(scale.steps, level), start), end)
    below = level * (cut - start) - (scale.sums[cut] - scale.sums[start])
    return below + (scale.sums[end] - scale.sums[cut]) - level * (end - cut)


def propose(kinds: Mapping[str, Kind | None]) -> tuple[list[str], list[str], list[str]]:
    """(quasi-identifiers, sensitive columns, direct identifiers) among judged columns."""
    chosen = [[name for name, kind in kinds.items() if kind in one]
              for one in (QUASI, SENSITIVE, DIRECT)]  # fmt: skip
    return chosen[0], chosen[1], chosen[2]
