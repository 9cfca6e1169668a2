"""Corpora: read, named by digest, split by key; broken ones are refused."""

import json
from pathlib import Path

import pytest
import zstandard

from rules.load import DataError
from rules.training.corpora import PARTS, digest, read


def put(folder: Path, name: str, lines: list[str]) -> Path:
    data = zstandard.compress("\n".join(lines).encode())
    (folder / f"{name}-dev.jsonl.zst").write_bytes(data)
    return folder


def row(**values: object) -> str:
    return json.dumps({"text": "你好", "label": "benign", **values})


def test_rows_know_their_corpus(tmp_path: Path) -> None:
    put(tmp_path, "everyday", [row(source="weibo"), row(source="peoples_daily", text="新闻")])
    put(tmp_path, "wiki", [row(hard=True)])
    found = [*read(tmp_path, "everyday"), *read(tmp_path, "wiki")]
    assert [one.corpus for one in found] == ["weibo", "news", "wiki"]
    assert [one.hard for one in found] == [False, False, True]


def test_the_same_words_have_the_same_name_and_part(tmp_path: Path) -> None:
    put(tmp_path, "harm", [row(text="你 好\n AB"), row(text="你好ab")])
    first, second = read(tmp_path, "harm")
    assert first.id == second.id == digest("你好ab")
    assert first.part == second.part
    assert 0 <= first.part < PARTS


@pytest.mark.parametrize(
    "content",
    [None, b"no zstandard", zstandard.compress(b"{"), zstandard.compress(b'{"text": "a"}')],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "law-dev.jsonl.zst").write_bytes(content)
    with pytest.raises(DataError, match="law-dev"):
        read(tmp_path, "law")
