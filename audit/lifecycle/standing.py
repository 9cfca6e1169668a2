"""What a masked copy is before the law: personal information, unless a risk report says otherwise.

A report counts only if it weighed this very copy, and only where nothing in the copy can be
turned back: who holds the key of a pseudonym, a token or a cipher can name the person again, so
that is de-identified, not anonymous (个人信息保护法 art. 73(3), (4)). Whether a copy with a good
report is anonymous is for the person responsible to decide; nothing here decides it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.lifecycle.certificate import STILL
from policies.masking import TABLE
from rules.model import Text

KEYED = frozenset(
    {"permute", *(one.value for one, row in TABLE.items() if row.reversible or row.joins)}
)
"""Masks whose key leads back, or from one table to the next."""
ENOUGH = 3  # level of effect; its thresholds are parameters, unverified (audit.lifecycle.risk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`still`: certainly personal information. Otherwise a person decides, by `text`."""

    still: bool
    text: Text
    wrong: Text | None = None


def standing(body: Mapping[str, Any], risk: object = None) -> Standing:
    """Of the copy that a certificate's body names, by a report of `data risk --json`, if any.

    Foreign values of either never raise; what cannot be read says nothing otherwise.
    """
    if risk is None:
        return Standing(still=True, text=Text(**STILL))
    wrong = _wrong(body, risk)
    if wrong is not None:
        return Standing(still=True, text=Text(**STILL), wrong=wrong)
    columns = _turned(body)
    if columns:
        some = ", ".join(columns[:5]) + (" …" if len(columns) > 5 else "")
        return Standing(
            still=True,
            text=Text(
                zh=f"仍属个人信息：持钥者可还原或关联（去标识化，非匿名化）：{some}",
                en="still personal information: a key leads back or links (de-identified, not "
                f"anonymous): {some}",
            ),
        )
    report = risk["report"] if isinstance(risk, dict) else {}
    k, level = report["k"], report["level"]
    if level < ENOUGH or k < report["wanted"] or report.get("direct"):
        return Standing(
            still=True,
            text=Text(
                zh=f"仍属个人信息：风险报告为 {level} 级，k = {k}",
                en=f"still personal information: the report says level {level}, k = {k}",
            ),
        )
    return Standing(
        still=False,
        text=Text(
            zh=f"风险报告为 {level} 级，k = {k}，不可凭密钥还原；是否构成匿名化由负责人判定"
            "（个人信息保护法第七十三条第四项），此前按个人信息管理",
            en=f"the report says level {level}, k = {k}, and no key leads back; whether it is "
            "anonymous is for the person responsible to decide, personal information until then",
        ),
    )


def _turned(body: Mapping[str, Any]) -> list[str]:
    """Columns whose masks have a key that leads back."""
    found = []
    for table in body.get("tables", ()):
        for column in table.get("columns", ()):
            if column.get("algorithm") in KEYED:
                found.append(f"{table.get('table')}.{column.get('column')}")
    return found


def _wrong(body: Mapping[str, Any], risk: object) -> Text | None:
    """Why a report says nothing of the copy."""
    if not isinstance(risk, dict) or risk.get("qinglang") != "risk":
        return Text(zh="不是风险报告", en="not a report of data risk --json")
    report = risk.get("report")
    whole = isinstance(report, dict) and all(
        isinstance(report.get(name), int) for name in ("k", "level", "wanted", "rows")
    )
    if not whole:
        return Text(zh="风险报告不完整", en="the report is not whole")
    weighed = risk.get("source")
    named = body.get("result", {}).get("sha256")
    digest = weighed.get("sha256") if isinstance(weighed, dict) else None
    if not digest or digest != named:
        return Text(zh="风险报告所指不是这份副本", en="the report weighed something else")
    return None
