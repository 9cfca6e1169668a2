"""The catalog as data: every clause at its level, with its letter and its own words."""

from audit.catalog import load_catalog


def test_the_catalog_loads() -> None:
    assert load_catalog().controls
