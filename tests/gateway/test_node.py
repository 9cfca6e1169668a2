"""The node's description: addresses, and a file that comes back as it was written."""

from pathlib import Path

import pytest

from gateway.node import PRIVATE, Address, Listener, ListenerKind, Node
from rules.load import DataError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        (":53", "0.0.0.0", 53),
        ("[::1]:443", "::1", 443),
        ("0.0.0.0:0", "0.0.0.0", 0),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    address = Address.parse(text)
    assert (address.host, address.port) == (host, port)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "8080", "localhost:80", "1.2.3.4:x", "1.2.3.4:70000", "a:-1"])
def test_bad_addresses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Address.parse(text)


def test_a_node_comes_back_as_it_was_written(tmp_path: Path) -> None:
    node = Node(
        name="n",
        data=tmp_path,
        policy=(tmp_path / "p",),
        listeners=(
            Listener(
                kind=ListenerKind.TRANSPARENT,
                address=Address(host="::", port=8443),
                clients=("10.0.0.0/8",),
                proxy_protocol=True,
            ),
        ),
        dns=Address(host="127.0.0.1", port=53),
        workers=4,
        resolve=("a.example=127.0.0.2",),
    )
    path = tmp_path / "node.json"
    node.write(path)
    assert Node.read(path) == node
    assert path.stat().st_mode & 0o077 == 0
    assert {node.run, node.ca, node.events, node.rulebase, node.snapshot} == {
        tmp_path / name for name in ("run", "ca", "events", "rulebase", "snapshot")
    }


def test_a_damaged_node_file_says_where(tmp_path: Path) -> None:
    path = tmp_path / "node.json"
    path.write_text('{"name": "n", "data": "/x", "workers": "many"}')
    with pytest.raises(DataError, match=r"node\.json:1:\d+: `many` is not a number"):
        Node.read(path)


def test_nobody_listens_to_the_whole_internet_by_default() -> None:
    assert Listener(kind=ListenerKind.EXPLICIT, address=Address(host="", port=1)).clients == PRIVATE
    assert not {"0.0.0.0/0", "::/0"} & set(PRIVATE)
