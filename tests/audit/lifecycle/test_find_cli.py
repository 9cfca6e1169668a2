"""`qinglang data find`: documents one a line, files, exit codes; no value is ever printed."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle.find_cli import document_of, documents
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import FINDABLE

PHONE = "13800000000"
Capture = pytest.CaptureFixture[str]


def test_documents_in_and_out(capsys: Capture) -> None:
    lines = [
        {"id": 7, "text": f"手机{PHONE}"},
        {"id": "空", "text": ""},
        {"id": None, "text": "\ud800😀 a@example.com"},
    ]
    data = b"\xef\xbb\xbf" + "\n".join(map(json.dumps, lines)).encode() + b"\n\n"
    assert documents(io.BytesIO(data), "f", load_finder(), frozenset(FINDABLE)) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [7, "空", None]
    assert rows[0]["found"] == [{"kind": "phone", "start": 2, "end": 13, "confidence": "verified"}]
    assert rows[2]["found"][0]["start"] == 3


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"1", b'{"id": 1}', b'{"text": "a"}', b'{"id": 1, "text": 2}', b"\xff\xff",
     b"[" * 100_000, b'{"id": 1, "text": null}', b"\x00"],
)  # fmt: skip
def test_bad_lines_are_counted_not_quoted(line: bytes, capsys: Capture) -> None:
    data = line + f" {PHONE}\n".encode() + b'{"id": 2, "text": "a"}\n'
    assert documents(io.BytesIO(data), "f", load_finder(), frozenset(FINDABLE)) == 1
    out = capsys.readouterr()
    assert len(out.out.splitlines()) == 1
    assert out.err.startswith("f:1: ")
    assert PHONE not in out.err


def test_documents_in_gb18030() -> None:
    assert document_of('{"id": 1, "text": "手机"}'.encode("gb18030")) == (1, "手机")


def test_files(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.csv").write_text(f"姓名,手机\n张小萌,{PHONE}\n", encoding="utf-8")
    (tmp_path / f"{PHONE}.json").write_text(json.dumps({PHONE: "a@example.com"}))
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04zzz")
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    assert main(["data", "find", *files, "--json", "--show-places"]) == 1
    text = capsys.readouterr().out
    report = json.loads(text)
    assert report["found"]["phone"] == {"verified": 1}
    assert report["found"]["email"] == {"suspected": 1}
    assert PHONE not in text
    assert "张小萌" not in text
    assert "a@example.com" not in text
    assert main(["data", "find", *files]) == 1
    out = capsys.readouterr()
    assert PHONE not in out.out + out.err


def test_exit_codes(tmp_path: Path, capsys: Capture) -> None:
    good = tmp_path / "a.txt"
    good.write_text(f"手机{PHONE}\n", encoding="utf-8")
    assert main(["data", "find", str(good), "--kinds", "phone", "--engine", "re"]) == 0
    assert main(["data", "find", str(good), "--kinds", "nobody"]) == 2
    assert main(["data", "find", str(good), "--kinds", ","]) == 2
    assert main(["data", "find", str(good), "--roster-key", "k"]) == 2
    assert main(["data", "find", str(tmp_path / "none"), str(good)]) == 3
    assert main(["data", "find", "--jsonl", str(tmp_path / "none")]) == 3
    assert main(["data", "find", str(good), "--roster", str(tmp_path / "none")]) == 3
    assert "phone" in capsys.readouterr().out


@pytest.mark.wire
def test_standard_input_is_answered_line_by_line() -> None:
    command = [sys.executable, "-m", "audit.cli", "data", "find", "--jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            pytest.fail("no pipes")
        for number in range(3):
            process.stdin.write(json.dumps({"id": number, "text": PHONE}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(20) == 0
