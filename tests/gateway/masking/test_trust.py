"""What makes a token an application's: settings that cannot be are said at once."""

import pytest

from gateway.masking.trust import ALGORITHMS, Trust


def test_what_is_allowed_unless_said_otherwise() -> None:
    trust = Trust(issuer="https://login.school.example", audience="pupils")
    assert trust.algorithms == tuple(ALGORITHMS)
    assert (trust.header, trust.cookie) == (True, "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"issuer": ""}, "issuer"),
        ({"audience": ""}, "audience"),
        ({"algorithms": ("HS256",)}, "algorithms"),
        ({"algorithms": ("none",)}, "algorithms"),
        ({"algorithms": ()}, "algorithms"),
        ({"header": False}, "cookie"),
        ({"cookie": "a b"}, "cookie"),
        ({"cookie": "a;b"}, "cookie"),
    ],
)
def test_what_cannot_be(changed: dict[str, object], said: str) -> None:
    given: dict[str, object] = {"issuer": "https://x.example", "audience": "a", **changed}
    with pytest.raises(ValueError, match=said):
        Trust(**given)  # type: ignore[arg-type]
