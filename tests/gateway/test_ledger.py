"""The ledger's mathematics: roots, proofs, links, signatures; and bytes that are none of it."""

from __future__ import annotations

import json
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import (
    Anchor,
    Digest,
    Fault,
    LedgerError,
    anchor_line,
    canonical,
    check,
    hasher,
    key_id,
    leaf,
    leaves,
    printed,
    proof,
    proven,
    read,
    read_anchors,
    root,
    sign,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {key_id(KEY.public_key()): KEY.public_key()}


def chain(count: int, digest: Digest = Digest.SHA256) -> list[str]:
    lines: list[str] = []
    for number in range(count):
        lines.append(
            sign(
                KEY,
                before=read(lines[-1]) if lines else None,
                now=1000.5 + number,
                node="n1",
                kind="audit",
                body={"n": number, "名": "清朗"},
                by=0,
                digest=digest,
            )
        )
    return lines


@pytest.mark.parametrize("digest", list(Digest))
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 100])
def test_every_leaf_is_proven_and_no_other(digest: Digest, count: int) -> None:
    records = [b"record %d" % number for number in range(count)]
    hashed = leaves(records, digest)
    assert hashed == [leaf(record, digest) for record in records]
    top = root(hashed, digest)
    for place, one in enumerate(hashed):
        steps = proof(hashed, place, digest)
        assert proven(one, steps, top, digest)
        assert not proven(leaf(b"other", digest), steps, top, digest)
    assert root([], digest) == bytes(32)


def test_the_root_of_rfc_6962_for_two_leaves() -> None:
    """A leaf can never pass for an inner node."""
    find = hasher(Digest.SHA256)
    left, right = leaves([b"a", b"b"])
    assert root([left, right]) == find(b"\1" + left + right)
    assert leaf(b"") == bytes.fromhex(  # RFC 6962 2.1: SHA-256 of 0x00
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=40), st.data())
def test_any_change_changes_the_root(records: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    other = [*records]
    other[place] += b"!"
    assert root(leaves(records)) != root(leaves(other))
    assert root(leaves(records)) != root(leaves(records[:-1]))


@pytest.mark.parametrize("digest", list(Digest))
def test_a_chain_holds(digest: Digest) -> None:
    lines = chain(5, digest)
    found = check(lines, KEYS, [Anchor(seq=5, hash=read(lines[4]).hash)])
    assert found.faults == ()
    assert [one.body["n"] for one in found.checkpoints] == [0, 1, 2, 3, 4]
    assert found.checkpoints[0].body["名"] == "清朗"


def test_what_is_wrong_with_a_chain_is_said_with_its_number() -> None:
    lines = chain(4)
    other = Ed25519PrivateKey.generate()
    foreign = sign(other, before=None, now=1.0, node="n1", kind="x", body={}, by=0)
    changed = lines[1].replace('"n":1', '"n":7')
    for given_lines, fault, seq in [
        (lines[:1] + lines[2:], Fault.MISSING, 2),
        ([lines[0], changed, *lines[2:]], Fault.SIGNATURE, 2),
        ([*lines, foreign], Fault.FOREIGN_KEY, 1),
        ([*lines, "noise"], Fault.UNREADABLE, 5),
    ]:
        found = check(given_lines, KEYS)
        assert (fault, seq) in {(one.fault, one.seq) for one in found.faults}
    forked = sign(KEY, before=None, now=9.0, node="n1", kind="audit", body={}, by=0)
    assert check([*lines, forked], KEYS).faults[0].fault is Fault.REWRITTEN
    assert check([forked, *lines[1:]], KEYS).faults[0].fault is Fault.LINK


def test_anchors_say_what_the_chain_must_hold() -> None:
    lines = chain(3)
    good = [read(line) for line in lines]
    assert check(lines, KEYS, [Anchor(seq=2, hash=good[1].hash[:32])]).faults == ()
    (wrong,) = check(lines, KEYS, [Anchor(seq=2, hash="0" * 64)]).faults
    assert wrong.fault is Fault.REWRITTEN
    (cut,) = check(lines[:1], KEYS, [Anchor(seq=3, hash=good[2].hash)]).faults
    assert (cut.fault, cut.seq) == (Fault.CUT_OFF, 2)


def test_anchors_are_read_from_files_logs_and_paper() -> None:
    one = read(chain(1)[0])
    text = "\n".join(
        (
            anchor_line(one),
            f"<109>1 - n1 qinglang-ledger - anchor - {anchor_line(one)}",
            printed(one),
            "Mar  1 12:00 other line",
            '{"ledger": 1}',
            '{"ledger":1,"hash":7,"seq":"x","node":"n","time":1}',
            "",
        )
    )
    found = read_anchors(text)
    assert [(each.seq, one.hash.startswith(each.hash)) for each in found] == [(1, True)] * 3


def test_paper_is_short_enough_to_read_aloud() -> None:
    text = printed(read(chain(1)[0]))
    assert len(text) < 60
    assert text.startswith("n1 1 ")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"seq": "1"},
        {"seq": True},
        {"body": []},
        {"sig": "!!"},
        {"digest": "md5"},
        {"extra": 1},
        {"time": float("nan")},
    ],
)
def test_what_is_no_checkpoint_is_refused(change: dict[str, object]) -> None:
    data = {**json.loads(chain(1)[0]), **change}
    with pytest.raises(LedgerError):
        read(json.dumps(data))


def test_a_very_deep_or_long_line_is_refused() -> None:
    for line in ("[" * 100_000, " " * (1024 * 1024 + 1), "", "null", b"\xff\xfe"):
        with pytest.raises(LedgerError):
            read(line)


def test_noise_never_raises_anything_else() -> None:
    chance = random.Random(7)
    line = bytearray(chain(1)[0].encode())
    for _ in range(2_000):
        noisy = bytearray(line)
        for _ in range(chance.randint(1, 4)):
            noisy[chance.randrange(len(noisy))] = chance.randrange(256)
        found = check([bytes(noisy)], KEYS)
        if bytes(noisy) != bytes(line) and found.checkpoints:
            assert canonical(json.loads(noisy)) == canonical(json.loads(line))
        read_anchors(noisy.decode("utf-8", "replace"))
