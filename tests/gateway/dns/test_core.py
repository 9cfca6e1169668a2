"""gateway.dns.core: one query in, one answer and one record out, whatever it is.

The decision, the recorder, the upstream and the clock are handed in, so that no
socket and no policy is needed here.
"""

import asyncio
from types import SimpleNamespace

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dns import records, reply
from gateway.dns.core import METERED_TTL, Clients, Filter, UnreachableError
from gateway.dns.rate import Buckets
from gateway.dns.ruling import Ruling, Treatment
from gateway.dns.safesearch import SafeSearch
from gateway.dns.special import HERE, load_special
from gateway.dns.wire import Ede, text_of
from policies.model import Subject
from rules.model import Facts, Gap, Stage

SPECIAL = load_special()
SAFE = SafeSearch.load(HERE / "safesearch.yaml")
ZONE = {
    ("ok.cn", "A"): [("ok.cn.", 60, "IN", "A", "203.0.114.1")],
    ("cloaked.cn", "A"): [
        ("cloaked.cn.", 60, "IN", "CNAME", "bad.cn."),
        ("bad.cn.", 60, "IN", "A", "203.0.114.2"),
    ],
    ("rebind.cn", "A"): [("rebind.cn.", 60, "IN", "A", "192.168.1.1")],
    ("ok.cn", "HTTPS"): [("ok.cn.", 60, "IN", "HTTPS", '1 . alpn=h3,h2 ech="AAT+DQAA"')],
    ("forcesafesearch.google.com", "A"): [
        ("forcesafesearch.google.com.", 60, "IN", "A", "216.239.38.120")
    ],
    ("long.cn", "TXT"): [("long.cn.", 60, "IN", "TXT", *[f'"{n}{"x" * 249}"' for n in range(8)])],
}
BLOCKED = {"bad.cn", "games.test.qinglang.invalid", "bad.local"}
CLIENT = "10.1.2.3"


class World:
    """What surrounds a Filter: a decision by table, a zone, a record of everything."""

    def __init__(self, **options):
        self.records, self.asked, self.now, self.gate = [], [], 0.0, None
        self.dns = Filter(
            decide=self.decide,
            record=self.record,
            ask=self.ask,
            clock=lambda: self.now,
            clients=Clients(["10.0.0.0/8", "fd00::/8"]),
            special=SPECIAL,
            safe=SAFE,
            **options,
        )

    def decide(self, name, client, *, targets=(), gap=None):
        choice = Treatment.PASS
        if BLOCKED & {name, *targets}:
            choice = Treatment.PAGE
        elif name.startswith(("www.google.", "www.youtube.")):
            choice = Treatment.REWRITE
        facts = Facts(stage=Stage.DNS, host=name, names=targets, gap=gap)
        return Ruling(choice, facts, Subject(stage="junior"), None, Ede.BLOCKED, "赌博 Gambling")

    def record(self, ruling, *, problem="", duration_ms=0):
        self.records.append(SimpleNamespace(ruling=ruling, problem=problem, ms=duration_ms))
        return "7F3K-9M2X-PQ4A"

    async def ask(self, name, qtype, *, do, cd):
        text = text_of(name)
        self.asked.append((text, dns.rdatatype.to_text(qtype), do, cd))
        if self.gate is not None:
            await self.gate.wait()
        self.now += 0.25
        if text == "dead.cn":
            raise UnreachableError("nobody answers")
        if text == "broken.cn":
            raise records.MalformedError("bytes")
        made = dns.message.make_response(dns.message.make_query(text, qtype))
        found = ZONE.get((text, dns.rdatatype.to_text(qtype)))
        if found is None:
            made.set_rcode(dns.rcode.NXDOMAIN)
            made.authority = [dns.rrset.from_text("cn.", 60, "IN", "SOA", "a. b. 1 2 3 4 60")]
        made.answer = [dns.rrset.from_text(*parts) for parts in found or ()]
        return records.read(made.to_wire())

    def __call__(self, name, qtype="A", *, client=CLIENT, here="10.0.0.53", tcp=False, **options):
        options.setdefault("use_edns", 0)
        sent = dns.message.make_query(name, qtype, **options)
        found = self.send(sent.to_wire(), client=client, here=here, tcp=tcp)
        answer = dns.message.from_wire(found)
        assert answer.id == sent.id
        assert [str(q.name) for q in answer.question] == [str(q.name) for q in sent.question]
        return answer

    def send(self, data, *, client=CLIENT, here="10.0.0.53", tcp=False):
        found = self.dns.answer(data, client, here, tcp=tcp)
        return asyncio.run(found) if asyncio.iscoroutine(found) else found


def shown(answer):
    return [rdata.to_text() for rrset in answer.answer for rdata in rrset]


def reason(answer):
    return [(int(option.code), option.text or "") for option in answer.options]


def test_allowed_names_are_asked_once_and_then_kept():
    world = World()
    for case in ("ok.cn", "oK.Cn", "OK.cn"):
        assert shown(world(case)) == ["203.0.114.1"]
    assert world.asked == [("ok.cn", "A", False, False)]
    assert [r.ms for r in world.records] == [250, 0, 0]
    assert (world.dns.counts.hits, world.dns.counts.misses) == (2, 1)


def test_ttls_run_down_and_the_answer_is_asked_again():
    world = World()
    world("ok.cn")
    world.now += 30
    assert world("ok.cn").answer[0].ttl == 30
    world.now += 31
    assert world("ok.cn").answer[0].ttl == 60
    assert len(world.asked) == 2


def test_do_and_cd_go_upstream_and_are_kept_apart():
    world = World()
    world("ok.cn")
    world("ok.cn", want_dnssec=True)
    world("ok.cn", flags=dns.flags.RD | dns.flags.CD)
    assert [a[2:] for a in world.asked] == [(False, False), (True, False), (False, True)]


@pytest.mark.parametrize(
    ("page", "qtype", "answer"),
    [("", "A", ["0.0.0.0"]), ("10.0.0.53", "A", ["10.0.0.53"]), ("10.0.0.53", "AAAA", [])],
)
def test_blocked_names_never_go_upstream_and_say_why(page, qtype, answer):
    world = World(page=reply.Own.of(page))
    found = world("BAD.cn", qtype)
    assert shown(found) == answer
    assert reason(found) == [(15, "7F3K-9M2X-PQ4A 赌博 Gambling")]
    assert world.asked == []
    assert len(world.records) == 1


def test_an_alias_of_a_blocked_name_is_blocked_from_the_cache_too():
    world = World()
    for _ in range(2):
        assert shown(world("cloaked.cn")) == ["0.0.0.0"]
    assert len(world.asked) == 1
    assert [r.ruling.facts.names for r in world.records] == [("bad.cn",)] * 2


def test_rebinding_is_dropped_and_told():
    world = World()
    assert shown(world("rebind.cn")) == []
    assert [r.problem for r in world.records] == ["rebinding"]
    assert world.dns.counts.rebinding == 1


def test_ech_and_h3_are_stripped():
    assert shown(World()("ok.cn", "HTTPS")) == ['1 . alpn="h2"']


@pytest.mark.parametrize(
    ("name", "qtype", "rcode"),
    [
        ("use-application-dns.net", "A", 3),
        ("mask.icloud.com", "AAAA", 3),
        ("_dns.resolver.arpa", "SVCB", 0),
        ("printer.local", "A", 3),
        ("1.0.0.10.in-addr.arpa", "PTR", 3),
        ("bad.local", "A", 3),
    ],
)
def test_local_names_never_go_upstream(name, qtype, rcode):
    world = World()
    found = world(name, qtype)
    assert (found.rcode(), shown(found), world.asked) == (rcode, [], [])
    assert len(world.records) == 1


@pytest.mark.parametrize(
    ("page", "here", "qtype", "answer"),
    [
        ("", "10.0.0.53", "A", ["10.0.0.53"]),
        ("", "10.0.0.53", "AAAA", []),
        ("", "fd00::53", "AAAA", ["fd00::53"]),
        ("10.9.9.9", "10.0.0.53", "A", ["10.9.9.9"]),
        ("", "10.0.0.53", "TXT", []),
    ],
)
def test_markers_are_answered_with_our_own_address(page, here, qtype, answer):
    world = World(page=reply.Own.of(page))
    assert shown(world("education.test.qinglang.invalid", qtype, here=here)) == answer
    assert shown(world("games.test.qinglang.invalid", "A")) == [page or "0.0.0.0"]
    assert world.asked == []


def test_names_the_node_knows_itself_are_answered_unless_blocked():
    world = World(known=reply.known(["nas.test=10.0.0.9", "bad.cn=10.0.0.9"]))
    assert shown(world("NAS.test")) == ["10.0.0.9"]
    assert shown(world("nas.test", "AAAA")) == []
    assert shown(world("bad.cn")) == ["0.0.0.0"]
    assert world.asked == []
    assert len(world.records) == 3


def test_any_is_answered_minimally():
    assert shown(World()("ok.cn", "ANY")) == ['"RFC8482" ""']


def test_safesearch_is_an_alias_to_the_twin():
    world = World()
    for _ in range(2):
        assert shown(world("www.google.com")) == ["forcesafesearch.google.com.", "216.239.38.120"]
    assert shown(world("www.google.com", "HTTPS")) == []
    assert world.asked == [("forcesafesearch.google.com", "A", False, False)]
    assert world("www.google.example").rcode() == dns.rcode.NXDOMAIN  # rewrite, but no twin
    assert world("forcesafesearch.google.com").answer[0].name.to_text().startswith("forcesafe")


def test_a_twin_depends_on_the_stage():
    world = World()
    world("www.youtube.com")
    assert world.asked == [("restrictmoderate.youtube.com", "A", False, False)]


@pytest.mark.parametrize("name", ["dead.cn", "broken.cn"])
def test_a_failing_upstream_is_servfail_and_not_kept(name):
    world = World()
    for _ in range(2):
        found = world(name)
        assert found.rcode() == dns.rcode.SERVFAIL
        assert reason(found) == [(22, "")]
    assert len(world.asked) == 2
    assert [r.problem for r in world.records] == ["upstream"] * 2
    assert world.dns.waiting == 0
    assert not world.dns.fetching


def test_nxdomain_is_kept():
    world = World()
    for _ in range(2):
        assert world("nobody.cn").rcode() == dns.rcode.NXDOMAIN
    assert len(world.asked) == 1


def test_the_same_question_in_flight_is_asked_once():
    world = World()
    sent = dns.message.make_query("ok.cn", "A").to_wire()

    async def crowd():
        world.gate = asyncio.Event()
        waits = [
            asyncio.create_task(world.dns.answer(sent, CLIENT, "", tcp=False)) for _ in range(50)
        ]
        await asyncio.sleep(0)
        waits[0].cancel()  # one who leaves must not take the others' answer away
        world.gate.set()
        return await asyncio.gather(*waits, return_exceptions=True)

    found = asyncio.run(crowd())
    assert isinstance(found[0], asyncio.CancelledError)
    assert all(shown(dns.message.from_wire(f)) == ["203.0.114.1"] for f in found[1:])
    assert len(world.asked) == 1
    assert world.dns.waiting == 0


def test_too_many_waiting_is_servfail_at_once():
    world = World()
    world.dns.waiting = 4096
    assert world("ok.cn").rcode() == dns.rcode.SERVFAIL
    assert world.asked == []


@pytest.mark.parametrize("client", ["8.8.8.8", "2001:db8::1", "not an address", ""])
def test_never_an_open_resolver(client):
    world = World()
    for name in ("ok.cn", "bad.cn"):
        assert world(name, client=client).rcode() == dns.rcode.REFUSED
    assert world.send(bytes(12), client=client)[3] & 15 == dns.rcode.REFUSED
    assert world.asked == []
    assert {r.ruling.facts.gap for r in world.records} == {Gap.FOREIGN_CLIENT}
    assert len(world.records) == world.dns.counts.foreign == 3


def test_a_flood_is_sent_to_tcp_and_refused_there():
    world = World(buckets=Buckets(rate=1, burst=1))
    assert shown(world("ok.cn"))
    over = world("ok.cn")
    assert over.flags & dns.flags.TC
    assert not over.answer
    assert world("ok.cn", tcp=True).rcode() == dns.rcode.REFUSED
    assert shown(world("ok.cn", client="10.1.2.4"))
    assert [r.problem for r in world.records] == ["", "rate-limited", "rate-limited", ""]


def test_a_newer_edns_is_told_our_version():
    sent = dns.message.make_query("ok.cn", "A", use_edns=1)
    world = World()
    assert dns.message.from_wire(world.send(sent.to_wire())).rcode() == dns.rcode.BADVERS
    assert len(world.records) == 1


@pytest.mark.parametrize(("tcp", "cut"), [(False, True), (True, False)])
def test_long_answers_go_over_tcp(tcp, cut):
    found = World()("long.cn", "TXT", tcp=tcp)
    assert bool(found.flags & dns.flags.TC) is cut
    assert bool(found.answer) is not cut


@pytest.mark.parametrize("data", [b"", b"\0" * 11, b"\0\0\x80" + bytes(20)])
def test_noise_is_dropped_and_counted_but_no_exchange(data):
    world = World()
    assert world.send(data) is None
    assert world.records == []
    assert world.dns.counts.ignored == 1


@given(st.binary(min_size=12, max_size=200))
def test_every_query_has_one_answer_and_one_record(data):
    data = data[:2] + bytes((data[2] & 0x7F,)) + data[3:]
    world = World()
    found = world.send(data)
    assert found[:2] == data[:2]
    assert found[2] & 0x80
    assert len(world.records) == world.dns.counts.queries == 1


@given(st.data())
def test_every_mutated_query_has_one_answer_and_one_record(data):
    good = bytearray(dns.message.make_query("ok.cn", "A", use_edns=0).to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    good[2] &= 0x7F
    world = World()
    found = world.send(bytes(good))
    assert found[:2] == good[:2]
    assert len(found) <= 1232
    assert len(world.records) == 1


def test_a_metered_name_is_asked_for_again_soon():
    world = World()
    decide = world.decide
    assert world("ok.cn").answer[0].ttl == 60
    world.dns.decide = lambda *asked, **more: decide(*asked, **more)._replace(counters=("c",))
    assert world("ok.cn").answer[0].ttl == METERED_TTL
