"""Writes docs/schema/*.json: what editors need to check policies, calendars and lists.

    python scripts/schemas.py

In a YAML file: `# yaml-language-server: $schema=…/docs/schema/policy.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from audit.lifecycle.anomaly import AnomalyFile  # noqa: E402
from audit.lifecycle.rules import RuleBook  # noqa: E402
from policies.applications import Application  # noqa: E402
from policies.calendar import Year  # noqa: E402
from policies.policy import Policy, SchoolCalendar  # noqa: E402
from rules.model import Category  # noqa: E402
from rules.schema import schema  # noqa: E402
from rules.sources import Source  # noqa: E402

FOLDER = ROOT / "docs" / "schema"
KINDS = {
    "policy": (Policy, "策略 / policy"),
    "calendar": (SchoolCalendar, "校历与作息 / school years and timetables"),
    "holidays": (Year, "节假日与调休 / a year's holidays"),
    "application": (Application, "应用脱敏 / an application whose answers are masked"),
    "list": (Source, "名单说明 / a list's sidecar (source.yaml)"),
    "category": (Category, "类别 / category"),
    "access-rules": (AnomalyFile, "数据访问异常规则 / anomaly rules of data access"),
    "dataset-rules": (RuleBook, "数据集规则 / rules of datasets"),
}


def files() -> dict[Path, str]:
    """What should stand in the folder."""
    return {
        FOLDER / f"{name}.json": json.dumps(
            schema(kind, title), ensure_ascii=False, indent=1, sort_keys=True
        )
        + "\n"
        for name, (kind, title) in KINDS.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
