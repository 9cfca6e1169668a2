"""Images through the real engine: let through, replaced, blurred; nothing waits for them."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.images import Gallery
from gateway.node import Cover, Images
from rules.model import Gap
from rules.recognise.raster import Refusal
from tests.gateway.mitm.harness import Lab, everything, status
from tests.gateway.mitm.test_reading import reply
from tests.images import BLUE, RED, animation, claims, picture, redness

URL = "http://www.unlisted.example/a.png"
CATEGORIES: dict[str, object] = {"porn": None}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return redness(tmp_path_factory.mktemp("model"))


class Slow(Gallery):
    """A gallery whose answers wait until they are let go."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.go = threading.Event()
        self.go.set()
        self.asked = threading.Event()

    def work(self, jobs: list[Any]) -> None:
        self.asked.set()
        self.go.wait(20)
        super().work(jobs)


@pytest.fixture
def gallery(lab: Lab, model: Path) -> Iterator[Slow]:
    from tests.gateway.mitm.test_reading import Words

    settings = Images(model=model, labels=model.with_name("card.yaml"), ms=15_000, least=50)
    found = Slow(settings, CATEGORIES)
    before = lab.filter.force
    lab.filter.force = replace(before, recogniser=Words())  # type: ignore[arg-type]
    lab.filter.images = found
    yield found
    found.go.set()
    lab.filter.images = None
    lab.filter.force = before
    found.close()


def at_port(lab: Lab, url: str = URL) -> str:
    return url.replace(".example/", f".example:{lab.origin_port}/")


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_a_harmless_image_passes_as_it_is(lab: Lab, gallery: Slow) -> None:
    sent = picture(BLUE)
    lab.answer = reply(sent, "image/png")
    answer = lab.get(at_port(lab))
    assert status(answer) == 200
    assert body(answer) == sent
    (seen,) = lab.ledger.seen
    assert seen.bytes_down == len(sent)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_harmful_one_is_replaced(lab: Lab, gallery: Slow, kind: str) -> None:
    sent = picture(RED, kind)
    lab.answer = reply(sent, f"image/{kind.lower()}")
    answer = lab.get(at_port(lab))
    assert status(answer) == 403
    assert b"image/svg+xml" in answer
    assert sent[60:120] not in answer
    (seen,) = lab.ledger.seen
    assert seen.outcome.verdict.deciding == ("porn",)
    assert seen.facts.seen[0].recogniser == "image"


def test_or_blurred(lab: Lab, gallery: Slow) -> None:
    gallery.settings = replace(gallery.settings, action=Cover.BLUR)
    lab.answer = reply(picture(RED), "image/png", 'ETag: "x"')
    answer = lab.get(at_port(lab))
    assert status(answer) == 200
    assert b"etag" not in answer.lower()
    with Image.open(io.BytesIO(body(answer))) as seen:
        assert (seen.format, seen.size) == ("JPEG", (200, 120))
    (event,) = lab.ledger.seen
    assert (event.problem, event.outcome.verdict.action) == ("blurred", "block")


def test_a_person_who_opens_the_image_itself_sees_the_page(lab: Lab, gallery: Slow) -> None:
    gallery.settings = replace(gallery.settings, action=Cover.BLUR)
    lab.answer = reply(picture(RED), "image/png")
    answer = lab.get(at_port(lab), "Sec-Fetch-Dest: document", "Accept: text/html")
    assert status(answer) == 403
    assert b"<html" in answer.lower()


def test_a_harmful_frame_of_an_animation_counts(lab: Lab, gallery: Slow) -> None:
    lab.answer = reply(animation(30, RED, at=2), "image/gif")
    assert status(lab.get(at_port(lab))) == 403


@pytest.mark.parametrize("media", ["application/octet-stream", "image/x-nonsense"])
def test_what_a_browser_shows_as_an_image_is_one(lab: Lab, gallery: Slow, media: str) -> None:
    lab.answer = reply(picture(RED), media)
    answer = lab.get(at_port(lab), "Sec-Fetch-Dest: image")
    assert status(answer) == 403


@pytest.mark.parametrize(
    "sent",
    [claims(65_535, 65_535), picture(RED)[:700], b"\0" * 900, b"<svg></svg>" * 90],
    ids=["bomb", "truncated", "zeros", "text"],
)
def test_what_cannot_be_read_is_a_gap_that_policy_judges(
    lab: Lab, gallery: Slow, sent: bytes
) -> None:
    lab.answer = reply(sent, "image/png")
    answer = lab.get(at_port(lab))
    (seen,) = lab.ledger.seen
    assert seen.facts.gap is Gap.OVER_BUDGET
    assert (status(answer), body(answer)) == (200, sent)  # the shipped policy lets it pass


def test_one_larger_than_the_budget_streams_on_as_a_gap(lab: Lab, gallery: Slow) -> None:
    gallery.settings = replace(gallery.settings, bytes=50_000)
    sent = picture(RED, "BMP", (400, 400))
    lab.answer = reply(sent, "image/bmp")
    answer = lab.get(at_port(lab))
    assert body(answer) == sent
    assert lab.ledger.seen[0].facts.gap is Gap.OVER_BUDGET


def test_a_thread_that_does_not_answer_costs_its_time_and_no_more(lab: Lab, gallery: Slow) -> None:
    gallery.settings = replace(gallery.settings, ms=50)
    gallery.go.clear()
    lab.answer = reply(picture(RED), "image/png")
    assert status(lab.get(at_port(lab))) == 200
    assert lab.ledger.seen[0].facts.gap is Gap.OVER_BUDGET


def test_others_go_on_while_an_image_is_read(lab: Lab, gallery: Slow) -> None:
    gallery.go.clear()
    lab.answer = reply(picture(RED), "image/png")
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.append(lab.get(at_port(lab))))
    waiting.start()
    assert gallery.asked.wait(10)
    lab.answer = reply(b"<p>fine</p>")
    assert status(lab.get(at_port(lab, "http://www.unlisted.example/page"))) == 200
    assert not got
    gallery.go.set()
    waiting.join(10)
    assert status(got[0]) == 403


def test_a_client_that_hangs_up_meanwhile_harms_nobody(lab: Lab, gallery: Slow) -> None:
    gallery.go.clear()
    lab.answer = reply(picture(RED), "image/png")
    url = at_port(lab)
    host = url.split("/")[2]
    with lab.connect() as sock:
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert gallery.asked.wait(10)
    gallery.go.set()
    lab.answer = reply(picture(BLUE), "image/png")
    assert status(lab.get(url)) == 200
    assert all(seen.problem != "engine-error" for seen in lab.ledger.seen)


def test_a_hook_that_crashes_ends_its_connection_alone(
    lab: Lab, gallery: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: bytes) -> Future[Any]:
        raise RuntimeError("ours")

    monkeypatch.setattr(gallery, "look", broken)
    lab.answer = reply(picture(RED), "image/png")
    assert lab.get(at_port(lab)) == b""
    assert lab.ledger.seen[0].problem == "engine-error"
    monkeypatch.undo()
    lab.answer = reply(picture(BLUE), "image/png")
    assert status(lab.get(at_port(lab))) == 200


def test_over_https(lab: Lab, gallery: Slow) -> None:
    for colour, code in ((BLUE, 200), (RED, 403)):
        lab.answer = reply(picture(colour), "image/png")
        with (
            lab.tunnel(f"www.allowed.example:{lab.tls_port}") as plain,
            lab.client_tls().wrap_socket(plain, server_hostname="www.allowed.example") as sock,
        ):
            sock.sendall(
                b"GET /a.png HTTP/1.1\r\nHost: www.allowed.example\r\nConnection: close\r\n\r\n"
            )
            assert status(everything(sock)) == code


def test_without_a_model_and_for_small_ones_nothing_is_held(lab: Lab, gallery: Slow) -> None:
    sent = picture(RED)
    lab.answer = reply(sent, "image/png")
    gallery.settings = replace(gallery.settings, least=len(sent) + 1)
    assert body(lab.get(at_port(lab))) == sent
    lab.filter.images = None
    assert body(lab.get(at_port(lab))) == sent
    assert not gallery.asked.is_set()
    assert Refusal.TOO_SLOW not in lab.ledger.seen
