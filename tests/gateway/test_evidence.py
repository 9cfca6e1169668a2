"""Opening a node's evidence: whose key counts, which anchors, and what is said about both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.evidence import load_chain, open_evidence, public_key
from gateway.ledger import Fault
from gateway.node import Node
from gateway.signer import Signer
from rules.load import DataError, WorldError
from tests.gateway.evidence_samples import archive


def test_the_pinned_key_and_the_node_s_own_anchors(tmp_path: Path) -> None:
    made = archive(tmp_path)
    node = Node(name="n1", data=tmp_path)
    found = open_evidence(node)
    assert found.chain.faults == ()
    assert len(found.chain.checkpoints) == 3
    assert any("cut-off tail cannot be seen" in note for note in found.notes)
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "anchors-n1.jsonl").write_text("\n".join(made.anchors))
    found = open_evidence(node)
    assert found.anchors == 1
    assert any("can rewrite them" in note for note in found.notes)
    (tmp_path / "kept.txt").write_text("\n".join(made.anchors))
    found = open_evidence(node, anchors=[tmp_path / "kept.txt"])
    assert (found.anchors, found.chain.faults) == (1, ())


def test_anchors_of_another_node_are_not_ours(tmp_path: Path) -> None:
    made = archive(tmp_path)
    other = made.anchors[0].replace('"n1"', '"n2"').replace('"seq":3', '"seq":9')
    (tmp_path / "kept.txt").write_text(other)
    found = open_evidence(Node(name="n1", data=tmp_path), anchors=[tmp_path / "kept.txt"])
    assert (found.anchors, found.chain.faults) == (0, ())


def test_a_key_of_another_signer(tmp_path: Path) -> None:
    archive(tmp_path)
    Signer(tmp_path / "other", node="n1")
    node = Node(name="n1", data=tmp_path)
    found = open_evidence(node, keys=[tmp_path / "other" / "public.pem"])
    assert {one.fault for one in found.chain.faults} == {Fault.FOREIGN_KEY}
    assert found.chain.checkpoints == ()


def test_what_is_not_there(tmp_path: Path) -> None:
    archive(tmp_path)
    node = Node(name="n1", data=tmp_path)
    with pytest.raises(WorldError, match="anchor file"):
        open_evidence(node, anchors=[tmp_path / "none"])
    with pytest.raises(WorldError):
        open_evidence(node, keys=[tmp_path / "none"])
    shutil.rmtree(tmp_path / "signer")
    with pytest.raises(WorldError, match="公钥"):
        open_evidence(node)
    assert load_chain(tmp_path / "none") == []
    with pytest.raises(WorldError):
        load_chain(tmp_path)


@pytest.mark.parametrize("text", [b"", b"noise", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_no_key(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(text)
    with pytest.raises(DataError):
        public_key(tmp_path / "key.pem")
