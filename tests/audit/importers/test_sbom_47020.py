"""The 47020 shape says that it is unverified and makes nothing up."""

from __future__ import annotations

from audit.importers.sbom_47020 import exported
from tests.audit.importers.recorded import recording


def test_exported() -> None:
    made = exported(recording("cyclonedx.json").facts["portal"], now=1.8e9, author="某校")
    assert made["_status"] == "unverified"
    assert made["software"] == {"name": "portal", "version": "1.0", "integrity": None}
    assert made["components"][1]["version"] is None
    assert made["components"][2]["licenseName"] == "MIT OR Apache-2.0"
    assert made["dependencies"][0] == {"A": "portal", "relationship": "DEPENDS_ON", "B": "a"}
    assert made["disruptions"] is None
    assert exported({}, now=0.0)["components"] == []
