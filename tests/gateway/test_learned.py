"""The learned file: votes once, evidence told, decisions added and never lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway import learned as room
from gateway.learned import Learned, Standing, State
from gateway.votes import Vote
from rules.load import WorldError


def vote(page: int = 0, voter: int = 0, day: str = "2026-03-01", **changes: object) -> Vote:
    values: dict[str, object] = {
        "host": "wheel.example",
        "path": "",
        "category": "gambling",
        "day": day,
        "voter": voter.to_bytes(8, "big"),
        "page": page.to_bytes(8, "big"),
        "words": ("百家乐",),
        "shared": False,
    }
    return Vote(**(values | changes))  # type: ignore[arg-type]


def decision(state: State, at: float = 1.0, **changes: object) -> Standing:
    values: dict[str, object] = {
        "host": "wheel.example",
        "path": "",
        "category": "gambling",
        "state": state,
        "at": at,
    }
    return Standing(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def learned(tmp_path: Path) -> Iterator[Learned]:
    with closing(Learned(tmp_path / "learned" / "learned.sqlite")) as found:
        yield found


def test_a_page_a_person_a_day_is_one_vote(learned: Learned) -> None:
    learned.take([vote(), vote(), vote(1), vote(voter=1), vote(day="2026-03-03")], [])
    learned.take([vote()], [("wheel.example", "2026-03-01", 3), ("wheel.example", "2026-03-01", 1)])
    found = learned.evidence("wheel.example", "", "gambling")
    assert (found.harmful, found.clean, found.days, found.people) == (4, 4, 2, 2)
    assert (found.first, found.last) == ("2026-03-01", "2026-03-03")
    assert found.words == ("百家乐",)
    assert not found.shared


def test_hosts_paths_and_categories_are_apart(learned: Learned) -> None:
    learned.take([vote(), vote(category="porn"), vote(path="/u/", shared=True)], [])
    assert learned.evidence("wheel.example", "", "gambling").harmful == 1
    assert learned.evidence("wheel.example", "/u/", "gambling").shared
    assert learned.evidence("nobody.example", "", "gambling").harmful == 0


def test_the_file_is_private_and_its_key_stays(tmp_path: Path) -> None:
    path = tmp_path / "learned.sqlite"
    first = Learned(path)
    key = first.key
    first.close()
    assert path.stat().st_mode & 0o077 == 0
    with closing(Learned(path)) as again:
        assert again.key == key


def test_the_last_decision_holds_until_it_expires(learned: Learned) -> None:
    learned.decide(decision(State.CANDIDATE))
    learned.decide(decision(State.BLOCKED, at=2.0, until=50.0))
    assert [one.state for one in learned.standing(10.0)] == [State.BLOCKED]
    assert learned.standing(50.0) == []
    assert learned.state("wheel.example", "", "gambling", 50.0) is None
    learned.decide(decision(State.REJECTED, at=60.0, issuer="王", reason="误判"))
    assert learned.state("wheel.example", "", "gambling", 1e9) == learned.standing(1e9)[0]
    states = [one.state for one in learned.history("wheel.example")]
    assert states == [State.CANDIDATE, State.BLOCKED, State.REJECTED]


def test_old_votes_are_forgotten_and_decisions_kept(learned: Learned) -> None:
    learned.take([vote(), vote(day="2026-04-01")], [("wheel.example", "2026-03-01", 9)])
    learned.decide(decision(State.CONFIRMED))
    learned.forget("2026-03-15")
    found = learned.evidence("wheel.example", "", "gambling")
    assert (found.harmful, found.clean) == (1, 0)
    assert len(learned.standing(2.0)) == 1


def test_a_flood_has_an_end(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_VOTES", 3)
    learned.take([vote(page) for page in range(9)], [])
    assert learned.evidence("wheel.example", "", "gambling").harmful == 3


def test_a_damaged_file_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "learned.sqlite"
    path.write_bytes(b"no database at all " * 100)
    with closing(Learned(path)) as learned:
        learned.take([vote()], [])
        assert learned.evidence("wheel.example", "", "gambling").harmful == 1
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


def test_what_cannot_be_written_is_the_worlds_fault(learned: Learned) -> None:
    learned.close()
    with pytest.raises(WorldError):
        learned.take([vote()], [])
