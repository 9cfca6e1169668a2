"""A bill of materials in the shape of GB/T 47020-2026. Unverified: after a draft's list of fields.

The final text of the standard was not at hand; the output says so itself. What the source does
not state is left null, never made up. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

STATUS = "unverified"
NOTE = "字段依公开的征求意见稿整理，未与 GB/T 47020-2026 正式文本核对 / after a draft's field list"


def exported(facts: Mapping[str, Any], *, now: float, author: str = "") -> dict[str, Any]:
    """Facts of an imported bill of materials (audit/importers/sbom.py) as 47020."""
    software = facts.get("software", {})
    return {
        "_status": STATUS,
        "_note": NOTE,
        "software": {
            "name": software.get("name") or None,
            "version": software.get("version") or None,
            "integrity": None,
        },
        "document": {
            "formatName": "GB/T 47020-2026",
            "formatVersion": None,
            "serialNumber": facts.get("serial") or None,
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
            "authors": [author] if author else [],
        },
        "components": [
            {
                "id": one.get("id") or None,
                "name": one.get("name") or None,
                "version": one.get("version") or None,
                "selfDevelopedProportion": None,
                "licenseName": " AND ".join(one.get("licences", ())) or None,
                "integrity": list(one.get("integrity", ())) or None,
            }
            for one in facts.get("components", ())
        ],
        "dependencies": [
            {"A": one["of"], "relationship": "DEPENDS_ON", "B": one["on"]}
            for one in facts.get("dependencies", ())
        ],
        "disruptions": None,
        "signature": None,
    }
