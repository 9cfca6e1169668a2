"""kube-bench: by hand and with a warning is no pass."""

from __future__ import annotations

import pytest

from audit.importers.model import RefusedError
from tests.audit.importers.recorded import by_rule, of, recording


def test_a_recording() -> None:
    found = recording("kube-bench.json")
    said = {rule: (one.state.value, one.why) for rule, one in by_rule(found).items()}
    assert said == {
        "1.2.1": ("unknown", "pending"), "1.2.5": ("fail", None), "1.2.6": ("pass", None),
        "1.2.7": ("unknown", "not_checked"), "3.2.1": ("unknown", "pending"),
    }  # fmt: skip
    assert found.version == "cis-1.8"


@pytest.mark.parametrize("data", [b"{}", b"[1]", b'{"Controls": 3}'])
def test_other_json_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match="kube-bench"):
        of(data, "kube-bench")
