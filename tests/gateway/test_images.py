"""The reader of images: off the loop, bounded, once for equal bytes, and followed by its files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.images import Gallery, _Job, main
from gateway.node import Images
from rules.load import DataError
from rules.model import Signal
from rules.recognise.raster import Refusal
from tests.images import BLUE, CARD, RED, claims, picture, redness

CATEGORIES: dict[str, object] = {"porn": None, "violence-gore": None}


@pytest.fixture
def settings(tmp_path: Path) -> Images:
    return Images(model=redness(tmp_path), labels=tmp_path / "card.yaml", ms=20_000)


@pytest.fixture
def gallery(settings: Images) -> Iterator[Gallery]:
    found = Gallery(settings, CATEGORIES)
    yield found
    found.close()


def seen(found: object) -> list[str] | object:
    return [s.category for s in found] if isinstance(found, tuple) else found


def test_images_are_read_on_the_thread(gallery: Gallery) -> None:
    asked = [gallery.look(picture(colour)) for colour in (RED, BLUE)]
    assert [seen(one.result(20)) for one in asked] == [["porn"], []]


def test_equal_bytes_are_read_once(gallery: Gallery) -> None:
    gallery.look(picture(RED)).result(20)
    gallery._queue.maxsize = -1
    again = gallery.look(picture(RED))
    assert again.done()
    assert seen(again.result()) == ["porn"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\0" * (2 * 1024 * 1024 + 1), Refusal.TOO_LARGE),
        (claims(60_000, 60_000), Refusal.TOO_LARGE),
        (picture()[:300], Refusal.BROKEN),
        (b"no image", Refusal.UNKNOWN),
    ],
)
def test_what_cannot_be_read_is_said(gallery: Gallery, body: bytes, why: Refusal) -> None:
    assert gallery.look(body).result(20) is why


def test_a_full_queue_and_a_late_turn_are_too_slow(settings: Images) -> None:
    now = [0.0]
    still = Gallery(replace(settings, queue=2), CATEGORIES, clock=lambda: now[0], start=False)
    first, second = still.look(picture(RED)), still.look(picture(BLUE))
    assert still.look(picture((9, 9, 9))).result(0) is Refusal.TOO_SLOW
    assert still.blur(picture()).result(0) is Refusal.TOO_SLOW
    job = still._queue.get()
    assert isinstance(job, _Job)
    still.work([job])
    assert seen(first.result(0)) == ["porn"]
    now[0] = 21.0
    late = still._queue.get()
    assert late is not None
    still.work([late])
    assert second.result(0) is Refusal.TOO_SLOW
    assert still.look(picture(BLUE)).done() is False  # being late is not remembered


def test_many_are_run_together_and_one_that_breaks_does_not_take_others(
    settings: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = Gallery(settings, CATEGORIES, start=False)
    runs: list[int] = []
    before = still._classifier.scores

    def scores(pixels: list[np.ndarray]) -> np.ndarray:
        runs.append(len(pixels))
        return before(pixels)

    monkeypatch.setattr(still._classifier, "scores", scores)
    bodies = [picture(RED), picture()[:99], picture(BLUE)]
    asked = [still.look(body) for body in bodies]
    still.work([still._queue.get() for _ in bodies])
    assert runs == [2]
    assert [seen(one.result(0)) for one in asked] == [["porn"], Refusal.BROKEN, []]


def test_a_model_that_fails_while_running_is_unknown(
    settings: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = Gallery(settings, CATEGORIES, start=False)

    def fails(_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(still._classifier, "scores", fails)
    asked = still.look(picture(RED))
    still.work([still._queue.get()])
    assert asked.result(0) is Refusal.BROKEN


def test_whoever_went_away_costs_nothing(settings: Images) -> None:
    still = Gallery(settings, CATEGORIES, start=False)
    asked: Future[tuple[Signal, ...] | Refusal] = still.look(picture(RED))
    asked.cancel()
    still.work([still._queue.get()])
    assert asked.cancelled()
    assert not still.look(picture(RED)).done()


def test_blur(gallery: Gallery) -> None:
    found = gallery.blur(picture(RED, "PNG", (900, 300))).result(20)
    assert isinstance(found, bytes)
    assert found[:3] == b"\xff\xd8\xff"


def test_a_new_card_is_followed_and_a_bad_one_is_refused(gallery: Gallery) -> None:
    labels = gallery.settings.labels
    assert not gallery.follow(CATEGORIES)
    assert seen(gallery.look(picture(RED)).result(20)) == ["porn"]
    labels.write_text("id: nonsense", encoding="utf-8")
    assert not gallery.follow(CATEGORIES)
    assert seen(gallery.look(picture(RED)).result(20)) == ["porn"]
    labels.write_text(CARD.format(layout="NCHW").replace("porn", "violence-gore"), encoding="utf-8")
    assert gallery.follow(CATEGORIES)
    assert seen(gallery.look(picture(RED)).result(20)) == ["violence-gore"]
    model = gallery.settings.model
    model.write_bytes(model.read_bytes()[:100])
    assert not gallery.follow(CATEGORIES)
    model.unlink()
    assert not gallery.follow(CATEGORIES)
    assert seen(gallery.look(picture(RED)).result(20)) == ["violence-gore"]


def test_a_bad_model_is_no_gallery(settings: Images) -> None:
    settings.model.write_bytes(b"x")
    with pytest.raises(DataError):
        Gallery(settings, CATEGORIES)


def test_the_check_says_what_is_wrong(settings: Images, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(settings.model), str(settings.labels)]
    assert main(paths) == 0
    settings.labels.write_text("id: x", encoding="utf-8")
    assert main(paths) == 2
    assert "card.yaml:1:" in capsys.readouterr().err
    settings.model.unlink()
    settings.labels.write_text(CARD.format(layout="NCHW"), encoding="utf-8")
    assert main(paths) == 3


@pytest.mark.wire
def test_the_check_is_a_command(settings: Images) -> None:
    command = [sys.executable, "-m", "gateway.images", str(settings.model), str(settings.labels)]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize("wrong", [{"bytes": 0}, {"pixels": 0}, {"ms": 99_999}, {"queue": 0}])
def test_bounds_are_bounded(settings: Images, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="images"):
        replace(settings, **wrong)  # type: ignore[arg-type]
