"""What costs no minute: the shipped list, entry by entry, and what does cost one."""

import pytest

from gateway.background import Background, load_background
from rules.model import Facts, Stage
from rules.sources import load_categories

SHIPPED = load_background()


def facts(path: str = "/", method: str = "GET", media: str = "") -> Facts:
    return Facts(stage=Stage.RESPONSE, host="x.example", path=path, method=method, media_type=media)


@pytest.mark.parametrize(
    ("seen", "categories", "background"),
    [
        (facts(), (), False),
        (facts("/watch?v=/ping"), ("video",), False),
        (facts("/pinguin"), ("video",), False),
        (facts("/video.mp4", media="video/mp4"), ("video",), False),
        (facts("/"), ("video", "ads"), True),
        (facts("/"), ("updates",), True),
        (facts("/favicon.ico"), ("video",), True),
        (facts("/a/heartbeat?t=1"), ("games",), True),
        (facts("/", method="HEAD"), (), True),
        (facts("/", media="application/ocsp-response"), (), True),
    ],
)
def test_background(seen: Facts, categories: tuple[str, ...], background: bool) -> None:
    assert SHIPPED.covers(seen, categories) is background


def test_the_list_names_known_categories() -> None:
    assert set(SHIPPED.categories) <= set(load_categories([]))
    assert SHIPPED.quiet_bytes > 0


def test_an_empty_list_covers_nothing() -> None:
    assert not Background().covers(facts("/favicon.ico"), ("ads",))
