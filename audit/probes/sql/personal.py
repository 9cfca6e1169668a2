"""Columns whose names look like personal information, and those a school hardly needs. Pure.

Names only, never a value; a column may be called anything, so this finds some and proves
nothing of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from audit.probes.sql.answers import Row, text

EXCESS = re.compile(
    r"religion|宗教|blood_?type|血型|finger_?print|指纹|face_?(id|data|feature)|人脸"
    r"|bank_?(card|account)|银行卡|political|政治面貌|gene(?!r)|dna",
    re.I,
)


def columns(rows: Iterable[Row]) -> dict[str, Any]:
    """`found`: all that look personal; `excessive`: kinds that need a reason of their own."""
    listed = sorted(
        {
            ".".join(
                part for part in (text(r, "schema"), text(r, "name"), text(r, "column")) if part
            )
            for r in rows
        }
    )
    return {
        "found": listed,
        "excessive": [one for one in listed if EXCESS.search(one.rpartition(".")[2])],
    }
