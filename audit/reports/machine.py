"""The report as one JSON document: the run as `audit run --json` tells it, and all beside it.

Evidence is named by id and digest, never with its body.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from audit.matrix import CellState
from audit.model import Check, Expectation, Finding
from audit.reports.model import MARK, Issue, Report, Share
from audit.reports.words import instant
from audit.risk import Risk
from audit.run import described
from rules.model import Text

FORMAT = "qinglang-report/1"


def render(report: Report) -> bytes:
    return json.dumps(tree(report), ensure_ascii=False, indent=1).encode("utf-8", "replace")


def tree(report: Report) -> dict[str, Any]:
    """The whole report as JSON values."""
    known = {one.check: report.checks.get(one.check) or _gone(one) for one in report.run.findings}
    return {
        "format": FORMAT,
        "mark": asdict(MARK),
        "label": report.label,
        "masked": report.masked,
        "made": instant(report.made),
        "organisation": asdict(report.organisation),
        "above": report.above,
        "system": asdict(report.system),
        "assessment": asdict(report.assessment) if report.assessment else None,
        "run": described(report.run, known),
        "targets": [
            {k: v for k, v in asdict(one).items() if k != "access"} for one in report.run.targets
        ],
        "settings": dict(report.run.score.settings),
        "counts": {
            "high": asdict(report.high_count.text),
            "hazards": asdict(report.hazard_count.text),
        },
        "issues": [_issue(one) for one in report.issues],
        "high_risks": [_risk(one) for one in report.high],
        "hazards": [_risk(one) for one in report.hazards],
        "matrix": {
            "own": asdict(report.matrix.own),
            "cells": [_cell(one) for one in report.cells],
            "ways": {
                **asdict(report.ways),
                "practical": report.ways.practical,
                "systematic": report.ways.systematic,
                "regular": report.ways.regular,
            },
        },
        "layers": [_share(one) for one in report.layers],
        "sections": [_share(one) for one in report.sections],
        "answers": [asdict(one) for one in report.answers],
        "waivers": [asdict(one) for one in report.waivers],
        "repairs": [asdict(one) for one in report.repairs],
        "earlier": [asdict(one) for one in report.earlier],
        "sources": [asdict(one) for one in report.sources],
    }


def _gone(one: Finding) -> Check:
    """A check that no longer exists: what its finding says stands for it."""
    name = Text(zh=one.check, en=one.check)
    return Check(id=one.check, title=name, probe="", objects=(), expect=Expectation(),
                 severity=one.severity, problem=one.reason, remedy=name, serves=(),
                 examples=())  # fmt: skip


def _share(one: Share) -> dict[str, Any]:
    return {**asdict(one), "share": one.share, "known": one.known}


def _issue(one: Issue) -> dict[str, Any]:
    return asdict(one)


def _risk(one: Risk) -> dict[str, Any]:
    return {
        "id": one.rule.id,
        "title": asdict(one.rule.title),
        "state": one.state.value,
        "status": one.rule.basis.status.value,
        "places": [asdict(place) for place in one.places],
    }


def _cell(one: CellState) -> dict[str, Any]:
    return {
        "id": one.cell.id,
        "state": one.state.value,
        "controls": list(one.controls),
        "passed": one.passed,
        "partial": one.partial,
        "failed": one.failed,
        "unknown": one.unknown,
    }
