"""What `up` prints: every listener, both languages, lines that can be typed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway import authority
from gateway.announce import announcement
from gateway.node import Address, Listener, ListenerKind, Node
from gateway.reload import Publication, Result

NOW = datetime(2026, 9, 1, tzinfo=UTC)
GOOD = Publication(
    result=Result.PUBLISHED, snapshot="5" * 32, rulebase="7" * 32, at=0.0, seconds=1.25
)


def told(
    tmp_path: Path,
    publication: Publication = GOOD,
    moved: tuple[tuple[Address, Address], ...] = (),
    kinds: tuple[ListenerKind, ...] = tuple(ListenerKind),
    here: Path = Path("/"),
) -> str:
    listeners = tuple(
        Listener(kind=kind, address=Address(host="0.0.0.0", port=8000 + place))
        for place, kind in enumerate(kinds)
    )
    node = Node(
        name="gw",
        data=tmp_path / "var",
        listeners=listeners,
        dns=Address(host="::", port=5353),
        metrics=Address(host="127.0.0.1", port=9090),
    )
    found = authority.ensure(node.ca, NOW)
    return announcement(
        node, authority=found, publication=publication, moved=moved, now=NOW, here=here
    )


def test_every_listener_and_lines_to_try(tmp_path: Path) -> None:
    text = told(tmp_path, here=tmp_path)
    for port in range(8000, 8005):
        assert f"0.0.0.0:{port}" in text
    assert "curl -x http://127.0.0.1:8000 http://gambling.test.qinglang.invalid/" in text
    assert "--cacert var/ca/qinglang-ca.pem" in text
    assert "dig @::1 -p 5353 gambling.test.qinglang.invalid" in text
    assert "http://127.0.0.1:9090/proxy.pac" in text
    assert "5" * 16 in text
    assert "7" * 16 in text
    assert "PRIVATE" not in text


def test_paths_outside_the_working_folder_are_whole(tmp_path: Path) -> None:
    assert f"--cacert {tmp_path}/var/ca/qinglang-ca.pem" in told(tmp_path, here=Path("/nowhere"))


def test_a_node_without_a_proxy_has_no_line_for_it(tmp_path: Path) -> None:
    text = told(tmp_path, kinds=())
    assert "curl" not in text
    assert "PAC" not in text


def test_a_moved_port_and_a_refused_update_are_said(tmp_path: Path) -> None:
    refused = Publication(
        result=Result.REFUSED,
        snapshot="5" * 32,
        rulebase="7" * 32,
        at=0.0,
        seconds=0.1,
        problems=tuple(f"a.yaml:{line}:1: wrong" for line in range(50)),
    )
    moved = ((Address(host="127.0.0.1", port=8080), Address(host="127.0.0.1", port=43211)),)
    text = told(tmp_path, publication=refused, moved=moved)
    assert "8080 已被占用" in text
    assert "127.0.0.1:43211" in text
    assert "the last good one stays" in text
    assert text.count("a.yaml:") == 20
    assert "30 条 / more" in text
