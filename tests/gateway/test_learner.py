"""From real exchanges through recorder and writer to a learned list, and what keeps it honest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.batch import Batch, decode
from gateway.events import Recorder
from gateway.export import Archive
from gateway.intake import Intake
from gateway.learned import Learned, State
from gateway.learner import Learner, learned_file, list_line, publish, singular
from gateway.node import Node
from gateway.pipeline import Outcome
from gateway.store import Store
from gateway.writer import Writer
from policies.compile import compile_policies
from policies.learning import Learning, Then
from policies.load import load_policies
from policies.model import Action
from policies.policy import Scope
from rules.model import Facts, Signal, Signals, Stage
from rules.sources import load_categories, load_sources
from tests.gateway.event_samples import NOON, PUPIL, Sink, outcome, recorder
from tests.gateway.test_learned import decision

DAY = 86_400
READ = Signal(category="gambling", recogniser="content", matched="百家乐 · 返水", confidence=0.97)
GIVEN = load_policies()
CATEGORIES = tuple(load_categories(()).values())
BLOCK_AT_ONCE = Learning(then=Then.BLOCK)


def in_force(node: Node, learning: Learning | None) -> None:
    """Put the shipped policies in force, with this learning."""
    policies = tuple(
        replace(p, learning=learning) if p.scope is Scope.DISTRICT else p for p in GIVEN.policies
    )
    shot = compile_policies(replace(GIVEN, policies=policies), categories=CATEGORIES, rulebase="x")
    node.snapshot.mkdir(parents=True, exist_ok=True)
    (node.snapshot / f"{shot.hash}.json").write_text(shot.to_json(), encoding="utf-8")
    link = node.snapshot / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(f"{shot.hash}.json")


def page(host: str, path: str) -> Facts:
    return Facts(stage=Stage.RESPONSE, host=host, path=path, media_type="text/html", status=200)


def harmful(*more: Signal) -> Outcome:
    return replace_signals(outcome(Action.BLOCK), (READ, *more))


def replace_signals(found: Outcome, items: tuple[Signal, ...]) -> Outcome:
    return Outcome(found.deed, found.verdict, Signals(mask=1, items=items))


def clean() -> Outcome:
    return outcome(Action.ALLOW, read=True)


def listed(category: str) -> Signal:
    return Signal(category=category, recogniser="hosts", matched="x", list="own")


class Scene:
    """A recorder, a writer's learner, and the clock of both."""

    def __init__(self, tmp_path: Path, learning: Learning | None = BLOCK_AT_ONCE) -> None:
        self.node = Node(name="n1", data=tmp_path)
        self.now = float(NOON)
        in_force(self.node, learning)
        self.sink = Sink()
        self.recorder = recorder(tmp_path, self.sink, clock=lambda: self.now)
        self.learner = Learner(self.node, lambda: self.now)

    def see(self, host: str, path: str, found: Outcome, token: str = "t1") -> None:
        self.recorder.record(page(host, path), replace(PUPIL, token=token), found)

    def hear(self) -> None:
        self.recorder.flush()
        self.learner.hear([decode(payload) for payload in self.sink.payloads])
        self.sink.payloads.clear()

    def states(self) -> dict[str, str]:
        with closing(Learned(learned_file(self.node))) as learned:
            return {one.place: one.state.value for one in learned.standing(self.now)}

    @property
    def hosts(self) -> list[str]:
        path = self.node.data / "lists" / "learned" / "hosts.txt"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.learner.close()


def test_five_harmful_pages_put_a_host_in_the_list(scene: Scene) -> None:
    for number in range(4):
        scene.see("wheel.example", f"/p{number}?sid=9", harmful())
    scene.hear()
    assert scene.states() == {}
    scene.see("wheel.example", "/p4", harmful())
    scene.hear()
    assert scene.states() == {"wheel.example": "blocked"}
    assert scene.hosts == ["=wheel.example gambling"]
    sources = load_sources([scene.node.data / "lists"], scene.node.data)
    assert sources["learned"].source.files == ("hosts.txt",)


def test_one_pupil_who_reloads_is_one_vote_a_day(scene: Scene) -> None:
    for _ in range(50):
        scene.see("wheel.example", "/p?x=1", harmful())
    scene.hear()
    assert scene.states() == {}
    for _ in range(3):
        scene.now += DAY
        scene.see("wheel.example", "/p", harmful())
    scene.hear()
    assert scene.states() == {}
    scene.see("wheel.example", "/p", harmful(), token="t2")
    scene.hear()
    assert scene.states() == {"wheel.example": "blocked"}


def test_good_pages_speak_for_a_host_and_reloads_of_them_do_not(scene: Scene) -> None:
    for number in range(6):
        scene.see("mixed.example", f"/good{number}", clean())
    for _ in range(90):
        scene.see("vile.example", "/good", clean())
    scene.hear()
    for host in ("mixed.example", "vile.example"):
        for number in range(5):
            scene.see(host, f"/bad{number}", harmful())
    scene.hear()
    assert scene.states() == {"vile.example": "blocked"}


def test_what_is_no_page_speaks_for_nobody(scene: Scene) -> None:
    for number in range(9):
        image = replace(page("wheel.example", f"/{number}.png"), media_type="image/png")
        lost = replace(page("wheel.example", f"/none{number}"), status=404)
        for facts in (image, lost):
            scene.recorder.record(facts, PUPIL, clean())
        scene.see("wheel.example", f"/unread{number}", outcome(Action.ALLOW))
    for number in range(5):
        scene.see("wheel.example", f"/{number}", harmful())
    scene.hear()
    assert scene.states() == {"wheel.example": "blocked"}


def test_a_shared_host_is_proposed_by_path_and_never_blocked(scene: Scene) -> None:
    for number in range(9):
        scene.see("blog.example", f"/u{number}/post", harmful(listed("blog")))
        scene.see("blog.example", f"/vile/{number}", harmful(listed("blog")))
    scene.hear()
    assert scene.states() == {"blog.example/vile/": "candidate"}
    assert scene.hosts == []


@pytest.mark.parametrize("category", ["education", "government", "crisis", "medical"])
def test_what_must_stay_open_is_no_candidate(scene: Scene, category: str) -> None:
    for number in range(9):
        scene.see("good.example", f"/{number}", harmful(listed(category)))
    scene.hear()
    assert scene.states() == {}


@pytest.mark.parametrize("host", ["com.cn", "github.io", "www.moe.gov.cn", "lib.pku.edu.cn"])
def test_names_of_many_and_of_authorities_are_only_proposed(scene: Scene, host: str) -> None:
    for number in range(9):
        scene.see(host, f"/{number}", harmful())
    scene.hear()
    assert scene.states() == {host: "candidate"}
    assert not singular(host)
    assert singular("wheel.example.com")


def test_what_policy_says_now_counts(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Learning())
    for number in range(5):
        scene.see("wheel.example", f"/{number}", harmful())
    scene.hear()
    assert scene.states() == {"wheel.example": "candidate"}
    in_force(scene.node, BLOCK_AT_ONCE)
    scene.see("wheel.example", "/more", harmful())
    scene.hear()
    assert scene.states() == {"wheel.example": "blocked"}
    scene.learner.close()


def test_without_learning_nothing_is_kept(tmp_path: Path) -> None:
    scene = Scene(tmp_path, None)
    scene.see("wheel.example", "/", harmful())
    scene.hear()
    assert not learned_file(scene.node).exists()


def test_a_rejected_host_stays_out_and_a_block_expires(scene: Scene) -> None:
    for host in ("right.example", "wrong.example"):
        for number in range(5):
            scene.see(host, f"/{number}", harmful())
    scene.hear()
    with closing(Learned(learned_file(scene.node))) as learned:
        learned.decide(decision(State.REJECTED, host="wrong.example", at=scene.now))
        assert publish(scene.node, learned.standing(scene.now))
    assert scene.hosts == ["=right.example gambling"]
    for number in range(9):
        scene.see("wrong.example", f"/new{number}", harmful())
    scene.hear()
    assert scene.hosts == ["=right.example gambling"]
    scene.now += 31 * DAY
    scene.see("other.example", "/", harmful())
    scene.hear()
    assert scene.hosts == []
    assert scene.states() == {"wrong.example": "rejected"}
    assert not (scene.node.data / "lists" / "learned" / "source.yaml").exists()


def test_no_pupil_and_no_query_is_kept(scene: Scene) -> None:
    for number in range(6):
        scene.see("wheel.example", f"/geheim{number}?name=lixiaoming", harmful(), token="tok-li")
    scene.hear()
    scene.learner.close()
    kept = b"".join(path.read_bytes() for path in (scene.node.data / "learned").iterdir())
    assert b"wheel.example" in kept
    for secret in (b"lixiaoming", b"tok-li", b"geheim"):
        assert secret not in kept


def test_a_line_that_would_break_the_list_is_left_out() -> None:
    assert list_line(decision(State.CONFIRMED, path="/u/a%20b/")) == (
        "wheel.example/u/a%20b/ gambling"
    )
    assert list_line(decision(State.CONFIRMED, host="a b")) == ""
    assert list_line(decision(State.CANDIDATE)) == ""


@contextmanager
def writer(node: Node) -> Iterator[Writer]:
    """A real writer over a real socket, stepped by the test."""
    node.run.mkdir(parents=True, exist_ok=True)
    intake = Intake(node.run / "writer.sock")
    made = Writer(
        Store(node.name, node.events),
        intake,
        node.data / "spill",
        learner=Learner(node, lambda: float(NOON)),
    )
    ready = threading.Event()
    thread = threading.Thread(target=made.run, args=(ready.set,))
    thread.start()
    try:
        if not ready.wait(20):
            raise TimeoutError("the writer did not begin to listen")
        yield made
    finally:
        made.stop()
        thread.join()


def test_through_the_writer_of_a_node(tmp_path: Path) -> None:
    node = Node(name="n1", data=tmp_path)
    in_force(node, BLOCK_AT_ONCE)
    with writer(node):
        sender = Recorder(node, role="proxy", index=0, clock=lambda: float(NOON), start=False)
        for number in range(5):
            sender.record(page("wheel.example", f"/{number}"), PUPIL, harmful())
            sender.record(page("fine.example", f"/{number}"), PUPIL, clean())
        sender.close()
    assert (tmp_path / "lists/learned/hosts.txt").read_text() == "=wheel.example gambling\n"
    with closing(Learned(learned_file(node))) as learned:
        assert learned.evidence("fine.example", "", "gambling").clean == 5


def test_trouble_of_learning_never_costs_events(tmp_path: Path) -> None:
    node = Node(name="n1", data=tmp_path)
    in_force(node, BLOCK_AT_ONCE)
    (tmp_path / "learned").write_text("no folder")
    with writer(node):
        sender = Recorder(node, role="proxy", index=0, clock=lambda: float(NOON), start=False)
        sender.record(page("wheel.example", "/"), PUPIL, harmful())
        sender.close()
    assert Archive(data=tmp_path).count()["exchanges"] == 1


def test_an_empty_batch_teaches_nothing(scene: Scene) -> None:
    scene.learner.hear([Batch(node="n1", worker="w", boot="b", seq=1)])
    assert not learned_file(scene.node).exists()
