"""Digests change when, and only when, the content does."""

from __future__ import annotations

from pathlib import Path

from rules.fingerprint import file_digest, inputs_digest, json_digest, path_digest
from rules.model import Text
from rules.sources import SIDECAR, Format, Placed, Source, sidecar_text


def test_file_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert file_digest(tmp_path / "a").startswith("e3b0c44298fc1c14")


def test_json_digest_ignores_the_order_of_keys() -> None:
    assert json_digest({"a": 1, "b": 2}) == json_digest({"b": 2, "a": 1})
    assert json_digest({"a": 1}) != json_digest({"a": 2})


def test_path_digest(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    seen = {path_digest([tree])}
    (tree / "a").write_text("x")
    seen.add(path_digest([tree]))
    (tree / "a").rename(tree / "b")
    seen.add(path_digest([tree]))
    (tree / "b").write_text("y")
    seen.add(path_digest([tree]))
    (tree / "c").symlink_to("b")
    seen.add(path_digest([tree]))
    seen.add(path_digest([tmp_path / "missing"]))
    assert len(seen) == 6


def test_inputs_digest(tmp_path: Path) -> None:
    source = Source(
        id="own",
        title=Text(zh="x", en="x"),
        format=Format.PLAIN,
        licence="x",
        source="x",
        location="x",
    )
    (tmp_path / SIDECAR).write_text(sidecar_text(source))
    (tmp_path / "data").write_text("a.com\n")
    placed = Placed(source=source, folder=tmp_path, paths=(tmp_path / "data",))
    seen = {inputs_digest("k", [placed]), inputs_digest("l", [placed]), inputs_digest("k", [])}
    (tmp_path / "data").write_text("b.com\n")
    seen.add(inputs_digest("k", [placed]))
    (tmp_path / SIDECAR).write_text("# changed\n" + sidecar_text(source))
    seen.add(inputs_digest("k", [placed]))
    assert len(seen) == 5
