"""Images and learning over HTTPS through a whole running gateway."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import World, options
from tests.images import BLUE, RED, redness
from tests.running import Gateway, NotRunningError, start
from tests.wire.test_content import CALM, LURE, html, query

pytestmark = pytest.mark.wire
SHIPPED = Path(__file__).parent.parent.parent / "policies" / "district.yaml"
WHO = ("--issuer", "王老师", "--reason", "看过")
PATIENCE = 60.0  # seconds until what was learned is in force


def configured(world: World, folder: Path, images: str) -> list[str]:
    """The command line of a gateway that reads images and blocks at once what it learns."""
    argv = options(world, folder, 1)
    with (folder / "node.yaml").open("a", encoding="utf-8") as config:
        config.write(images)
    text = SHIPPED.read_text(encoding="utf-8")
    learning = "learning: {harmful_pages: 5, share: 0.5, days: 1, pupils: 3, then: propose"
    assert text.count(learning) == 1
    text = text.replace(learning, "learning: {harmful_pages: 4, then: block")
    (folder / "policies" / "district.yaml").write_text(text, encoding="utf-8")
    return argv


@pytest.fixture
def gateway(world: World, tmp_path: Path) -> Iterator[Gateway]:
    model = redness(tmp_path)
    images = (
        f"images: {{model: '{model}', labels: '{tmp_path / 'card.yaml'}', "
        "action: blur, least: 50, ms: 10000}\n"
    )
    running = start(tmp_path, world.root, configured(world, tmp_path, images))
    yield running
    running.stop()


def plain(colour: tuple[int, ...]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, "PNG")
    return out.getvalue()


def url(world: World, path: str, asked: str) -> str:
    return f"https://www.unknown.example:{world.h1.port}{path}?{asked}"


def test_an_image_is_blurred_and_a_host_is_learned(gateway: Gateway, world: World) -> None:
    red, blue = (query(plain(colour), "image/png") for colour in (RED, BLUE))
    harmless = gateway.curl(url(world, "/say/a.png", blue), "-H", "Accept: image/*")
    assert (harmless.status, harmless.body) == (200, plain(BLUE))
    blurred = gateway.curl(url(world, "/say/a.png", red), "-H", "Accept: image/*")
    assert blurred.status == 200
    with Image.open(io.BytesIO(blurred.body)) as seen:
        assert (seen.format, seen.size) == ("JPEG", (300, 200))
    page = gateway.curl(url(world, "/say/a.png", red), "-H", "Sec-Fetch-Dest: document")
    assert page.status == 403

    calm = url(world, "/say/calm", query(html(CALM).encode()))
    assert gateway.curl(calm).status == 200
    for number in range(4):
        lure = url(world, f"/say/{number}", query(html(LURE).encode()))
        assert gateway.curl(lure).status == 403
    until = time.monotonic() + PATIENCE
    while gateway.curl(calm).status == 200 and time.monotonic() < until:
        time.sleep(1)
    blocked = gateway.curl(calm, "-H", "Accept: text/html")
    assert blocked.status == 403
    told = json.loads(gateway.command("rules", "learned", "list", "--json").stdout)
    assert "gambling" in {one["category"] for one in told}
    for one in told:  # a lure may be fraud as well
        assert (one["host"], one["state"]) == ("www.unknown.example", "blocked")
        assert one["people"] == "few"
        assert one["words"]

    done = gateway.command("rules", "learned", "reject", "www.unknown.example", *WHO)
    assert done.returncode == 0
    until = time.monotonic() + PATIENCE
    while gateway.curl(calm).status == 403 and time.monotonic() < until:
        time.sleep(1)
    assert gateway.curl(calm).status == 200
    assert gateway.command("rules", "learned", "check").returncode == 0


def test_a_bad_model_is_refused_at_the_start(world: World, tmp_path: Path) -> None:
    model = redness(tmp_path)
    model.write_bytes(model.read_bytes()[:200])
    images = f"images: {{model: '{model}', labels: '{tmp_path / 'card.yaml'}'}}\n"
    with pytest.raises(NotRunningError, match=r"redness\.onnx:1:1"):
        start(tmp_path, world.root, configured(world, tmp_path, images))
