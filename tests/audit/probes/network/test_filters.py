"""Access lists."""

import pytest

from audit.probes.network.filters import everything, filters
from audit.probes.network.sections import config


@pytest.mark.parametrize(
    ("match", "wide"),
    [
        ("ip any any", True), ("ip", True), ("", True), ("any log", True),
        ("ip source 0.0.0.0 255.255.255.255", True), ("tcp any any eq 80", False),
        ("ip 192.0.2.0 0.0.0.255 any", False), ("tcp any any established", False),
    ],
)  # fmt: skip
def test_everything(match: str, wide: bool) -> None:
    assert everything(match) is wide


def test_a_list_of_the_top() -> None:
    lines = [
        "access-list 1 permit any",
        "access-list 1 deny any",
        "interface a",
        " ip access-group 1 in",
    ]
    found = filters(config("ios", lines))
    assert (found["shadowed_rules"], found["filtering_permits_everything"]) == (1, 1)
    assert found["filtering_denies_rest"] is False
