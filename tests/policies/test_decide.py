"""The decision itself: precedence, hours, names, gaps, Orders, inspection; total and pure."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendar import DayKind
from policies.compile import Snapshot
from policies.decide import decide
from policies.explain import trace
from policies.model import Action, Depth, Moment, Period, Role, Subject, Usage, Verdict
from policies.moment import at, moment
from policies.policy import Inspection, PolicySet, Quota, Who, Within
from rules.model import Facts, Gap, Signals, Stage
from tests.policies.samples import ask, clause, district, end, order, policy, snapshot

NIGHT = clause("night", "block", categories=("games", "video"), hours=("22:00-06:00",))
WINDOW = clause(
    "window",
    "observe",
    categories=("games",),
    days=(DayKind.FRI, DayKind.WEEKEND, DayKind.HOLIDAY),
    hours=("20:00-21:00",),
)
GAMES = clause("games", "block", categories=("games",))
TIMED = snapshot(district(NIGHT, WINDOW, GAMES))


@pytest.mark.parametrize(
    ("time", "seen", "expected"),
    [
        ("2026-09-01T21:59:59", "video", "district/otherwise"),
        ("2026-09-01T22:00:00", "video", "district/night"),
        ("2026-09-02T05:59:59", "video", "district/night"),
        ("2026-09-02T06:00:00", "video", "district/otherwise"),
        ("2026-09-01T20:30", "games", "district/games"),  # Tuesday
        ("2026-09-04T19:59:59", "games", "district/games"),  # Friday
        ("2026-09-04T20:00", "games", "district/window"),
        ("2026-09-04T20:59:59", "games", "district/window"),
        ("2026-09-04T21:00", "games", "district/games"),
        ("2026-10-01T20:30", "games", "district/window"),  # National Day, a Thursday
        ("2026-10-10T20:30", "games", "district/games"),  # a made-up Saturday
        ("2031-09-06T20:30", "games", "district/games"),  # Saturday of an unknown year
        ("2031-09-05T20:30", "games", "district/window"),  # its Friday is sure
    ],
)
def test_hours_and_days(time: str, seen: str, expected: str) -> None:
    assert ask(TIMED, seen, time=time).clause == expected


LAYERED = snapshot(
    district(
        clause("d", "observe", categories=("video",)),
        locked=(clause("l", "block", categories=("banking",)),),
    ),
    policy(
        "junior",
        "preset",
        clause("p", "warn", categories=("video",)),
        clause("b", "allow", categories=("banking",)),
        applies=Who(stages=("junior",)),
    ),
    policy("s1", "school", clause("s", "allow", categories=("video",))),
    policy("club", "group", clause("g", "block", categories=("video",))),
)


@pytest.mark.parametrize(
    ("subject", "seen", "expected"),
    [
        (Subject(role=Role.TEACHER), ("video",), "district/d"),
        (Subject(stage="junior"), ("video",), "junior/p"),
        (Subject(stage="junior", school="s1"), ("video",), "s1/s"),
        (Subject(stage="junior", school="s1", group="club"), ("video",), "club/g"),
        (Subject(stage="junior"), ("banking",), "district/l"),  # locked above
        (Subject(stage="junior"), ("video", "gambling"), "district/harmful"),
        (Subject(stage="junior", school="s1", group="club"), ("help",), "district/help"),
        (Subject(stage="junior"), ("education",), "district/otherwise"),
    ],
)
def test_precedence(subject: Subject, seen: tuple[str, ...], expected: str) -> None:
    assert ask(LAYERED, *seen, subject=subject).clause == expected


def test_the_deciding_categories_are_named() -> None:
    verdict = ask(LAYERED, "video", "porn", "gambling")
    assert verdict.deciding == ("porn", "gambling")
    assert verdict.mask == LAYERED.kinds.mask(["video", "porn", "gambling"])
    assert ask(LAYERED, "education").deciding == ()


ALLOW_ONLY = snapshot(
    district(clause("d", "allow", categories=("video",)), hosts={"x": ("never.example",)}),
    policy(
        "s1",
        "school",
        clause("e", "allow", categories=("education",)),
        clause("h", "allow", hosts=("club",)),
        hosts={"club": ("club.example",)},
        otherwise=end("block"),
    ),
)


@pytest.mark.parametrize(
    ("seen", "host", "names", "expected"),
    [
        (("education",), "a.example", (), "s1/e"),
        (("uncategorised",), "www.club.example", (), "s1/h"),
        (("video",), "a.example", (), "s1/otherwise"),
        (("uncategorised",), "a.example", (), "s1/otherwise"),
        (("crisis",), "a.example", (), "district/help"),
        (("education", "porn"), "a.example", (), "district/harmful"),
        # a claimed name that differs opens no allow-list
        (("education",), "a.example", ("b.example",), "s1/otherwise"),
        (("education",), "a.example", ("a.example",), "s1/e"),
        (("uncategorised",), "club.example", ("www.club.example",), "s1/h"),
        (("uncategorised",), "club.example", ("evil.example",), "s1/otherwise"),
        (("uncategorised",), "evil.example", ("club.example",), "s1/otherwise"),
    ],
)
def test_allow_list_only(
    seen: tuple[str, ...], host: str, names: tuple[str, ...], expected: str
) -> None:
    found = ask(ALLOW_ONLY, *seen, subject=Subject(school="s1"), host=host, names=names)
    assert found.clause == expected
    assert (found.action is Action.BLOCK) == expected.endswith(("otherwise", "harmful"))


HOSTS = snapshot(
    district(
        clause("no", "block", hosts=("bad.example",)),
        clause("yes", "allow", hosts=("good.example",)),
    ),
)


@pytest.mark.parametrize(
    ("host", "names", "address", "expected"),
    [
        ("bad.example", (), "", "district/no"),
        ("x.example", ("bad.example",), "", "district/no"),  # one claimed name tightens
        ("good.example", ("good.example",), "", "district/yes"),
        ("good.example", ("x.example",), "", "district/otherwise"),  # all must agree to loosen
        ("x.example", ("good.example",), "", "district/otherwise"),
        ("good.example", ("bad.example",), "", "district/no"),
    ],
)
def test_host_groups(host: str, names: tuple[str, ...], address: str, expected: str) -> None:
    assert ask(HOSTS, host=host, names=names, address=address).clause == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (("help",), "district/help"),
        (("help", "porn"), "district/harmful"),
        (("help", "games"), "district/otherwise"),
    ],
)
def test_help_under_conflicting_names_counts_only_alone(
    seen: tuple[str, ...], expected: str
) -> None:
    assert ask(HOSTS, *seen, host="help.example", names=("x.example",)).clause == expected


def test_help_of_one_name_wins_over_labels() -> None:
    assert ask(HOSTS, "help", "porn", host="help.example").clause == "district/help"


NOW = at("2026-09-01T12:00").timestamp
ORDERS = [
    # order, subject, seen, host, time → clause
    (
        "block",
        order("o", "block", hosts=("x.example",)),
        Subject(),
        "education",
        "a.x.example",
        "order/o",
    ),
    (
        "other host",
        order("o", "block", hosts=("x.example",)),
        Subject(),
        "education",
        "y.example",
        "district/otherwise",
    ),
    (
        "help stays",
        order("o", "block", hosts=("x.example",)),
        Subject(),
        "help",
        "x.example",
        "district/help",
    ),
    (
        "allow",
        order("o", "allow", categories=("games",)),
        Subject(),
        "games",
        "y.example",
        "order/o",
    ),
    (
        "allow never loosens locked",
        order("o", "allow", hosts=("x.example",)),
        Subject(),
        "porn",
        "x.example",
        "district/harmful",
    ),
    (
        "one school",
        order("o", "block", school="s1", hosts=("x.example",)),
        Subject(school="s2"),
        "games",
        "x.example",
        "district/games",
    ),
    (
        "its school",
        order("o", "allow", school="s1", hosts=("x.example",)),
        Subject(school="s1"),
        "games",
        "x.example",
        "order/o",
    ),
    (
        "one group",
        order("o", "allow", group="g", hosts=("x.example",)),
        Subject(),
        "games",
        "x.example",
        "district/games",
    ),
    (
        "one device",
        order("o", "allow", token="t", hosts=("x.example",)),
        Subject(token="t"),
        "games",
        "x.example",
        "order/o",
    ),
    (
        "another device",
        order("o", "allow", token="t", hosts=("x.example",)),
        Subject(token="u"),
        "games",
        "x.example",
        "district/games",
    ),
    (
        "not begun",
        order("o", "allow", hosts=("x.example",), starts=NOW + 1),
        Subject(),
        "games",
        "x.example",
        "district/games",
    ),
    (
        "begins now",
        order("o", "allow", hosts=("x.example",), starts=NOW),
        Subject(),
        "games",
        "x.example",
        "order/o",
    ),
    (
        "expired now",
        order("o", "allow", hosts=("x.example",), expires=NOW),
        Subject(),
        "games",
        "x.example",
        "district/games",
    ),
    (
        "still stands",
        order("o", "allow", hosts=("x.example",), expires=NOW + 1),
        Subject(),
        "games",
        "x.example",
        "order/o",
    ),
    (
        "host and category",
        order("o", "allow", hosts=("x.example",), categories=("games",)),
        Subject(),
        "games",
        "x.example",
        "order/o",
    ),
    (
        "host without category",
        order("o", "block", hosts=("x.example",), categories=("video",)),
        Subject(),
        "games",
        "x.example",
        "district/games",
    ),
    (
        "a pin decides nothing",
        order("o", "allow", hosts=("x.example",), pass_through=True),
        Subject(),
        "games",
        "x.example",
        "district/games",
    ),
    ("lockdown", order("o", "block"), Subject(), "education", "x.example", "order/o"),
]


@pytest.mark.parametrize("row", ORDERS, ids=[row[0] for row in ORDERS])
def test_orders(row: tuple) -> None:  # type: ignore[type-arg]
    _, made, subject, seen, host, expected = row
    shot = snapshot(district(GAMES), orders=[made])
    assert ask(shot, seen, subject=subject, host=host).clause == expected


def test_an_order_expires_without_a_new_snapshot() -> None:
    shot = snapshot(orders=[order("o", "block", hosts=("x.example",), expires=NOW + 60)])
    seen = [ask(shot, host="x.example", time=f"2026-09-01T12:{m:02d}").action for m in (0, 1, 0)]
    assert seen == [Action.BLOCK, Action.ALLOW, Action.BLOCK]


@pytest.mark.parametrize("gap", [gap for gap in Gap if gap is not Gap.NAME_CONFLICT])
def test_gaps_are_decided_first(gap: Gap) -> None:
    assert ask(LAYERED, "education", gap=gap).clause == "district/gaps"


def test_a_name_conflict_alone_is_decided_by_the_names() -> None:
    assert ask(LAYERED, "education", gap=Gap.NAME_CONFLICT).clause == "district/otherwise"


INSPECT = snapshot(
    district(
        clause("warn", "warn", categories=("fandom",)),
        inspection=Inspection(never_open=("banking", "help")),
    ),
    policy("listed", "school", inspection=Inspection(open=("video",))),
    policy("named", "school", inspection=Inspection(depth=Depth.NAME)),
    orders=[order("pin", "allow", hosts=("pinned.example",), pass_through=True)],
)


@pytest.mark.parametrize(
    ("school", "seen", "host", "names", "opened"),
    [
        ("", "uncategorised", "x.example", (), True),
        ("", "banking", "x.example", (), False),
        ("", "help", "x.example", (), False),
        ("", "banking", "x.example", ("y.example",), True),  # a claimed bank is no bank
        ("", "porn", "x.example", (), True),  # blocked: opened for its page
        ("", "fandom", "x.example", (), True),
        ("", "education", "pinned.example", (), False),
        ("", "education", "a.pinned.example", (), False),
        ("", "education", "pinned.example", ("y.example",), True),
        ("listed", "video", "x.example", (), True),
        ("listed", "education", "x.example", (), False),
        ("listed", "uncategorised", "x.example", (), True),
        ("named", "uncategorised", "x.example", (), False),
        ("named", "porn", "x.example", (), False),
    ],
)
def test_inspect(school: str, seen: str, host: str, names: tuple[str, ...], opened: bool) -> None:
    found = ask(INSPECT, seen, subject=Subject(school=school), host=host, names=names)
    assert found.inspect is opened


@pytest.mark.parametrize(
    ("school", "seen", "host", "opened"),
    [
        ("", "video", "x.example", True),
        ("", "banking", "x.example", False),  # never is never, also for a rewrite
        ("", "banking", "asked.example", False),
        ("", "video", "pinned.example", False),
        ("listed", "games", "asked.example", True),  # not on the short list, but to be changed
        ("named", "video", "x.example", False),
    ],
)
def test_a_rewrite_opens_what_may_be_opened(
    school: str, seen: str, host: str, opened: bool
) -> None:
    shot = snapshot(
        district(clause("search", "rewrite", categories=("video", "banking"))),
        policy("listed", "school", inspection=Inspection(open=("fandom",))),
        policy("named", "school", inspection=Inspection(depth=Depth.NAME)),
        orders=[
            order("pin", "allow", hosts=("pinned.example",), pass_through=True),
            order("safe", "rewrite", hosts=("asked.example",)),
        ],
    )
    found = ask(shot, seen, subject=Subject(school=school), host=host)
    assert found.enforced is Action.REWRITE
    assert found.inspect is opened


@pytest.mark.parametrize("gap", [Gap.TLCP, Gap.CLIENT_CERT, Gap.NOT_HTTP, Gap.ENCRYPTED_HELLO])
def test_what_cannot_be_opened_is_not(gap: Gap) -> None:
    lawful = replace(
        INSPECT.district,
        clauses=tuple(
            replace(c, when=replace(c.when, roles=(Role.PUPIL,))) if c.id == "gaps" else c
            for c in INSPECT.district.clauses
        ),
    )
    shot = snapshot(lawful)
    teacher = Subject(role=Role.TEACHER)
    assert not ask(shot, "education", subject=teacher, gap=gap).inspect
    assert ask(shot, "education", subject=teacher).inspect


@pytest.mark.parametrize(
    ("seen", "stage", "settled"),
    [
        ("porn", Stage.DNS, True),
        ("banking", Stage.TLS, True),  # passed by name: nothing more is seen
        ("education", Stage.TLS, False),
        ("education", Stage.REQUEST, False),
        ("education", Stage.RESPONSE, True),
        ("fandom", Stage.REQUEST, False),
    ],
)
def test_settled(seen: str, stage: Stage, settled: bool) -> None:
    assert ask(INSPECT, seen, stage=stage).settled is settled


METERED = snapshot(
    district(clause("hour", "limit", categories=("video", "games"), quota=Quota(minutes=60)))
)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ({}, Action.LIMIT),
        ({"district/hour@day": 59}, Action.LIMIT),
        ({"district/hour@day": 60}, Action.BLOCK),
        ({"district/hour@week": 600}, Action.LIMIT),
        ({"district/other@day": 600}, Action.LIMIT),
    ],
)
def test_quota(minutes: dict[str, int], expected: Action) -> None:
    found = ask(METERED, "video", usage=Usage(minutes=minutes))
    assert found.action is expected
    assert found.clause == "district/hour"
    assert ask(METERED, "education", usage=Usage(minutes=minutes)).action is Action.ALLOW


LEISURE = snapshot(
    district(
        clause(
            "leisure",
            "limit",
            categories=("video", "games"),
            quota=Quota(minutes=60, within=Within.NEXT, exempt=("education",)),
        ),
        clause(
            "volume",
            "limit",
            categories=("video",),
            quota=Quota(megabytes=5, per=Period.WEEK, within=Within.NEXT, counter="bytes"),
        ),
        clause("safe", "rewrite", categories=("video",)),
    )
)
HOUR = Usage(minutes={"district/leisure@day": 60})


@pytest.mark.parametrize(
    ("categories", "usage", "expected", "counters"),
    [
        (("video",), Usage(), "district/safe", ["district/leisure@day", "district/bytes@week"]),
        (("video",), HOUR, "district/leisure", ["district/leisure@day"]),
        (("games",), Usage(), "district/otherwise", ["district/leisure@day"]),
        (("video", "education"), HOUR, "district/safe", ["district/bytes@week"]),
        (("education",), HOUR, "district/otherwise", []),
        (
            ("video",),
            Usage(bytes={"district/bytes@week": 5_000_000}),
            "district/volume",
            ["district/leisure@day", "district/bytes@week"],
        ),
        (
            ("video",),
            Usage(bytes={"district/bytes@week": 4_999_999}),
            "district/safe",
            ["district/leisure@day", "district/bytes@week"],
        ),
        (("porn", "video"), HOUR, "district/harmful", []),
        (("crisis",), HOUR, "district/help", []),
    ],
)
def test_a_quota_that_only_tightens(
    categories: tuple[str, ...], usage: Usage, expected: str, counters: list[str]
) -> None:
    found = ask(LEISURE, *categories, usage=usage)
    assert found.clause == expected
    assert [metered.key for metered in found.metered] == counters
    assert (found.spent is not None) is (found.clause in ("district/leisure", "district/volume"))


def test_a_conflict_of_names_exempts_nothing() -> None:
    found = ask(LEISURE, "video", "education", names=("other.example",), usage=HOUR)
    assert found.clause == "district/leisure"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "needs `minutes` or `megabytes`"),
        ({"minutes": 1441}, "from 1 to 1440"),
        ({"minutes": 10081, "per": Period.WEEK}, "from 1 to 10080"),
        ({"megabytes": -1}, "megabytes"),
        ({"minutes": 60, "warn_at": 100}, "percentage"),
    ],
)
def test_absurd_quotas(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Quota(**fields)


def test_without_any_clause_the_strict_answer_is_given() -> None:
    bare = snapshot()
    empty = Snapshot(
        replace(bare.document, policies=(replace(bare.district, clauses=(), otherwise=None),))
    )
    found = ask(empty, "education")
    assert (found.action, found.clause) == (Action.BLOCK, "none")


def test_equal_inputs_share_one_verdict_and_trace() -> None:
    noon = at("2026-09-01T12:00")
    facts = Facts(stage=Stage.REQUEST, host="x.example", path="/1")
    first = decide(TIMED, facts, Signals(mask=1 << 5), Subject(token="a"), noon)
    second = decide(
        TIMED, replace(facts, path="/2"), Signals(mask=1 << 5), Subject(token="b"), noon
    )
    assert first is second


def test_trace_ids_differ_by_each_input_and_agree_across_workers() -> None:
    base = ask(TIMED, "games")
    others = [
        ask(TIMED, "video"),
        ask(TIMED, "games", time="2026-09-01T22:00"),
        ask(TIMED, "games", subject=Subject(stage="senior")),
        ask(TIMED, "games", gap=Gap.NAME_CONFLICT),
        ask(TIMED, "games", stage=Stage.DNS),
        ask(TIMED, "games", names=("y.example",)),
    ]
    assert len({base.trace, *(other.trace for other in others)}) == 7
    assert ask(Snapshot.from_json(TIMED.to_json()), "games").trace == base.trace
    assert len(base.trace) == 16


TEXTS = st.text(max_size=12)
FACTS = st.builds(
    Facts,
    stage=st.sampled_from(Stage),
    host=TEXTS | st.sampled_from(["pinned.example", "bad.example", "192.0.2.1"]),
    names=st.lists(TEXTS | st.just("good.example"), max_size=3).map(tuple),
    address=TEXTS,
    gap=st.none() | st.sampled_from(Gap),
    path=TEXTS,
)
SUBJECTS = st.builds(
    Subject,
    school=st.sampled_from(["", "s1", "listed", "学校"]),
    stage=st.sampled_from(["", "junior", "no such"]),
    role=st.sampled_from(Role),
    group=st.sampled_from(["", "club"]),
    token=TEXTS,
)
MOMENTS = st.floats(min_value=0, max_value=4e9).map(moment)
SHOTS = st.sampled_from([TIMED, LAYERED, ALLOW_ONLY, HOSTS, INSPECT, METERED])
MASKS = st.integers(min_value=0, max_value=1 << 400) | st.integers(0, 1023)


@settings(max_examples=400, deadline=None)
@given(SHOTS, FACTS, MASKS, SUBJECTS, MOMENTS)
def test_total_and_explained_by_the_same_clause(
    shot: Snapshot, facts: Facts, mask: int, subject: Subject, now: Moment
) -> None:
    """Whatever comes, there is a Verdict with a reason, and the trace tells the same story."""
    signals = Signals(mask=mask)
    found = decide(shot, facts, signals, subject, now)
    assert isinstance(found, Verdict)
    assert found.reason.text.zh
    assert found.reason.text.en
    told = [
        s.clause for s in trace(shot.seat(subject), facts, signals, subject, now) if not s.missed
    ]
    assert told == [found.clause]
    again = decide(Snapshot(shot.document), facts, signals, subject, now)
    assert again == found


@settings(max_examples=200, deadline=None)
@given(SHOTS, FACTS, MASKS, SUBJECTS, MOMENTS)
def test_harmful_never_passes(
    shot: Snapshot, facts: Facts, mask: int, subject: Subject, now: Moment
) -> None:
    """For one undisputed name: harmful without help is blocked, help without gap passes."""
    facts = replace(facts, names=(), gap=None)
    porn = Signals(mask=(mask | shot.kinds.mask(["porn"])) & ~shot.help)
    assert decide(shot, facts, porn, subject, now).enforced is Action.BLOCK
    helped = Signals(mask=mask | shot.kinds.mask(["help"]))
    assert decide(shot, facts, helped, subject, now).enforced is Action.ALLOW


def test_policy_sets_without_calendar_decide_too() -> None:
    from policies.compile import compile_policies
    from tests.policies.samples import CATEGORIES

    shot = compile_policies(
        PolicySet(policies=(district(WINDOW, GAMES),)), categories=CATEGORIES, rulebase="base"
    )
    assert ask(shot, "games", time="2026-10-01T20:30").clause == "district/games"


@pytest.mark.parametrize(
    ("categories", "read"),
    [
        (("uncategorised",), True),
        (("games",), True),
        (("education",), False),
        (("education", "porn"), True),
        (("banking",), False),  # it is not even opened
    ],
)
def test_what_is_read(categories: tuple[str, ...], read: bool) -> None:
    made = snapshot(
        replace(
            district(),
            inspection=Inspection(unread=("education",), never_open=("banking",)),
        )
    )
    assert ask(made, *categories).read is read
