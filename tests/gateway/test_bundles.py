"""Bundles on a node: in force whole or not at all; what is refused leaves the last good one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import bundles
from gateway.bundles import apply, folders, in_force, needed, rollback, root, state
from gateway.node import Node
from gateway.reload import Publisher, Result
from gateway.watch import stamp, watched
from policies.bundle import BundleError
from rules.load import DataError, WorldError
from tests.gateway.bundle_samples import LI, MALLORY, WANG, bundle, ready

NOW = 1_795_000_000.0


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return ready(tmp_path)


def blocked(node: Node) -> str:
    """What the school of the bundle in force blocks."""
    (policy,), _ = folders(node)
    return (policy / "schools" / "s1.yaml").read_text().partition("categories: [")[2][:5]


def test_one_after_the_other(node: Node) -> None:
    assert (in_force(node), folders(node)) == ("", ((), ()))
    before = stamp(watched(node))
    done = apply(node, bundle(1), NOW)
    assert (done.revision, done.signed_by, done.changed) == (1, ("li", "wang"), True)
    assert stamp(watched(node)) != before
    assert blocked(node) == "video"
    assert not apply(node, bundle(1), NOW).changed
    apply(node, bundle(2, "music"), NOW + 1)
    assert blocked(node) == "music"
    assert (state(node).revision, state(node).applied_at) == (2, NOW + 1)


def test_lists_come_along(node: Node) -> None:
    lists = {
        "rules/own/h.txt": "new.example education\n",
        "rules/own/source.yaml": "id: own\ntitle: {zh: 测, en: t}\nformat: starter\n"
        "files: [h.txt]\nlicence: own\nsource: s\n",
    }
    apply(node, bundle(1, **lists), NOW)
    _, (rules,) = folders(node)
    assert (rules / "own" / "h.txt").read_text() == "new.example education\n"


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "older": (lambda: bundle(4), "older than 5"),
    "same number": (lambda: bundle(5, "music"), "taken with other content"),
    "one signature": (lambda: bundle(6, keys=(LI,)), "2 signatures are needed"),
    "wrong key": (lambda: bundle(6, keys=(LI, MALLORY)), "2 signatures are needed"),
    "half written": (lambda: bundle(6)[:3000], "cut short"),
    "empty": (lambda: b"", "cut short"),
    "no bundle": (lambda: bytes(1024), "no manifest"),
    "flipped": (lambda: bundle(6).replace(b"video", b"music"), "damaged"),
    "unknown category": (lambda: bundle(6, "vidoe"), "did you mean `video`"),
    "bad yaml": (lambda: bundle(6, **{"policies/stages/junior.yaml": "id: ["}), "junior.yaml"),
    "nobody reads it": (lambda: bundle(6, **{"policies/x.yaml": "id: x"}), "nobody reads"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_and_the_last_good_stays(node: Node, case: str) -> None:
    apply(node, bundle(5), NOW)
    before, kept = state(node), sorted(path.name for path in root(node).iterdir())
    make, said = REFUSED[case]
    with pytest.raises((BundleError, DataError), match=said):
        apply(node, make(), NOW + 1)
    assert blocked(node) == "video"
    assert state(node) == before
    assert sorted(path.name for path in root(node).iterdir()) == kept


def test_rollback_and_no_way_back_to_it(node: Node) -> None:
    apply(node, bundle(1), NOW)
    apply(node, bundle(2, "music"), NOW)
    assert rollback(node, "太多投诉").startswith("000001-")
    assert blocked(node) == "video"
    assert "太多投诉" in state(node).note
    for replay, said in ((bundle(2, "music"), "rolled back"), (bundle(1), "older than 2")):
        with pytest.raises(BundleError, match=said):
            apply(node, replay, NOW)
    apply(node, bundle(3, "games"), NOW)
    assert blocked(node) == "games"
    rollback(node, "again")
    assert blocked(node) == "video"
    assert rollback(node, "to its own folders") == ""
    assert folders(node) == ((), ())
    with pytest.raises(WorldError, match="no bundle is in force"):
        rollback(node, "nothing left")


def test_a_changed_file_is_never_compiled(node: Node) -> None:
    apply(node, bundle(1), NOW)
    publication = Publisher(node).publish(NOW)
    assert publication.result is Result.PUBLISHED
    (policy,), _ = folders(node)
    (policy / "schools" / "s1.yaml").write_text("id: s1\n")
    refused = Publisher(node).publish(NOW)
    assert (refused.result, refused.snapshot) == (Result.REFUSED, publication.snapshot)
    assert "not what was signed" in refused.problems[0]
    assert apply(node, bundle(1), NOW).changed  # the same bundle again mends it
    assert Publisher(node).publish(NOW).good


@pytest.mark.parametrize("kind", ["more", "less", "bundle gone", "bundle damaged"])
def test_what_lies_there_must_be_what_was_signed(node: Node, kind: str) -> None:
    apply(node, bundle(1), NOW)
    place = root(node) / in_force(node)
    archive = place.with_name(place.name + ".bundle")
    if kind == "more":
        (place / "policies" / "groups").mkdir()
        (place / "policies" / "groups" / "x.yaml").write_text("")
    elif kind == "less":
        (place / "policies" / "schools" / "s1.yaml").unlink()
    elif kind == "bundle gone":
        archive.unlink()
    else:
        archive.write_bytes(b"\0")
    with pytest.raises(DataError):
        folders(node)


def test_what_a_crash_leaves_is_cleared_away(node: Node) -> None:
    (root(node) / ".new" / "policies").mkdir(parents=True)
    (root(node) / ".new" / "policies" / "half.yaml").write_text("id: [")
    apply(node, bundle(1), NOW)
    assert not (root(node) / ".new").exists()


def test_accepted_but_not_linked(node: Node) -> None:
    """A crash between the state and the link: the same bundle completes it."""
    apply(node, bundle(1), NOW)
    (root(node) / "current").unlink()
    assert apply(node, bundle(1), NOW).changed
    assert blocked(node) == "video"


def test_the_policy_in_force_asks_for_more_eyes(tmp_path: Path) -> None:
    node = ready(tmp_path, needed=1)
    from policies.load import SHIPPED

    district = (SHIPPED / "district.yaml").read_text(encoding="utf-8")
    two = district.replace("mode: enforce\n", "mode: enforce\nsignatures: 2\n", 1)
    assert needed(node) == 1
    apply(node, bundle(1, keys=(WANG,), **{"policies/district.yaml": two}), NOW)
    assert Publisher(node).publish(NOW).good
    assert needed(node) == 2
    with pytest.raises(BundleError, match="2 signatures are needed"):
        apply(node, bundle(2, keys=(WANG,)), NOW)
    apply(node, bundle(2), NOW)


def test_signers_absent_or_wrong(node: Node) -> None:
    (root(node) / "signers.yaml").write_text("district: east\nneeded: 9\nkeys: []\n")
    with pytest.raises(DataError, match=r"signers\.yaml:1"):
        apply(node, bundle(1), NOW)
    (root(node) / "signers.yaml").unlink()
    with pytest.raises(DataError, match="signers"):
        apply(node, bundle(1), NOW)


def test_a_damaged_memory_is_no_fresh_start(node: Node) -> None:
    apply(node, bundle(2), NOW)
    (root(node) / "state.json").write_text(json.dumps({"revision": "x"}))
    with pytest.raises(WorldError, match="cannot be read"):
        apply(node, bundle(1), NOW)


def test_old_revisions_are_removed(node: Node) -> None:
    for revision in range(1, 12):
        apply(node, bundle(revision), NOW)
    kept = sorted(path.name[:6] for path in root(node).glob("*.bundle"))
    assert kept == [f"{n:06d}" for n in range(5, 12)]
    assert bundles.current_bundle(node) is not None
