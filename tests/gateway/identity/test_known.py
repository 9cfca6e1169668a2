"""What is known: the order of sources is the order of their confidence."""

from gateway.identity.known import (
    CONFIDENCE,
    DEFAULT,
    NO_TABLES,
    PORTAL,
    PREFIX,
    RADIUS,
    STATIC,
    UNKNOWN_USER,
)


def test_confidence_falls_in_the_order_of_sources() -> None:
    told = [CONFIDENCE[source] for source in (RADIUS, PORTAL, STATIC, PREFIX, DEFAULT)]
    assert told == sorted(told, reverse=True)
    assert CONFIDENCE[PREFIX] < UNKNOWN_USER < CONFIDENCE[STATIC]


def test_nothing_is_known_at_first() -> None:
    assert NO_TABLES.hosts == {}
    assert NO_TABLES.prefixes.find(4, 1) is None
