"""The summary of a run: counts only, nothing that is wrong with a target."""

import json

from audit.kept import summary
from tests.audit.judged import made


def test_counts_only() -> None:
    told = summary(made())
    assert told["items"] == 211
    assert told["failed"] == made().score.failed
    assert "web01" not in json.dumps(told)
