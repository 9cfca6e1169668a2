"""Bills of materials: the list judged as a list, stated vulnerabilities, and claims of none."""

from __future__ import annotations

import pytest

from audit.importers.model import RefusedError
from audit.model import State
from tests.audit.importers.recorded import by_rule, of, recording


def test_cyclonedx() -> None:
    found = recording("cyclonedx.json")
    rules = by_rule(found)
    assert found.targets == ("portal",)
    assert [one["name"] for one in found.facts["portal"]["components"]] == ["liba", "libb", "libc"]
    assert rules["components-versioned"].state is State.PARTIAL
    assert "libb" in rules["licences-known"].detail
    assert rules["vulnerability:CVE-2026-0001"].state is State.FAIL
    assert rules["vulnerability:CVE-2026-0002"].state is State.UNKNOWN  # the vendor's claim


def test_spdx() -> None:
    found = recording("spdx.json")
    facts = found.facts["portal"]
    assert [one["licences"] for one in facts["components"]] == [["MIT"], []]
    assert facts["components"][0]["supplier"] == "Example"
    assert facts["dependencies"] == [{"of": "SPDXRef-portal", "on": "SPDXRef-a"}]
    assert "nobody looked" in found.notices[0]


def test_an_empty_list_passes_nothing() -> None:
    found = of(b'{"bomFormat": "CycloneDX"}')
    assert {one.state for one in found.findings} == {State.UNKNOWN}


@pytest.mark.parametrize("name", ["cyclonedx", "spdx"])
def test_others_are_refused(name: str) -> None:
    with pytest.raises(RefusedError, match="no JSON of"):
        of(b'{"spdxVersion": "SPDX-3.0"}', name)
