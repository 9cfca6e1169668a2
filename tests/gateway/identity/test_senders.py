"""The file of RADIUS secrets: wanted, the owner's alone, readable."""

from pathlib import Path

import pytest

from gateway.identity.senders import clients
from gateway.node import Address, Node
from rules.load import DataError, WorldError

AT = Address(host="127.0.0.1", port=1813)


def test_where_nothing_listens_nobody_may_send(tmp_path: Path) -> None:
    assert clients(Node(name="n", data=tmp_path)).rows == 0


def test_a_file_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="radius"):
        clients(Node(name="n", data=tmp_path, radius=AT))


@pytest.mark.parametrize(
    ("text", "mode", "error"),
    [
        ("10.0.0.0/8 a-good-secret\n", 0o600, None),
        ("10.0.0.0/8 a-good-secret\n", 0o640, WorldError),
        (None, 0o600, WorldError),
        ("nonsense nonsense nonsense nonsense\n", 0o600, DataError),
    ],
)
def test_the_file(tmp_path: Path, text: str | None, mode: int, error: type[Exception]) -> None:
    path = tmp_path / "secrets"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    node = Node(name="n", data=tmp_path, radius=AT, radius_secret=path)
    if error is None:
        assert clients(node).rows == 1
    else:
        with pytest.raises(error):
            clients(node)
