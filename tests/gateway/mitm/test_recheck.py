"""What is open is cut when its verdict changes, counts while it moves, and else flows on."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.identity.known import Bound
from gateway.mitm.connection import Login
from gateway.mitm.recheck import CUT, OTHER
from gateway.usage import Tally
from policies.compile import compile_policies
from policies.load import load_policies
from policies.model import Action, Order, Subject
from policies.moment import at
from rules.model import Basis
from tests.gateway.mitm.harness import Lab, everything

SATURDAY = "2026-09-05"
PUPIL = "127.0.0.1"  # the default subject: upper primary
LONG = (
    b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 9000
)


@pytest.fixture
def timed(lab: Lab) -> Iterator[Lab]:
    """The lab with a clock of its own and empty quotas."""
    clock, force = lab.filter.clock, lab.filter.force
    lab.filter.tally = Tally()
    yield lab
    lab.filter.clock, lab.filter.force = clock, force
    lab.filter.tally = Tally()


def now(lab: Lab, time: str) -> None:
    stamp = at(f"{SATURDAY}T{time}").timestamp
    lab.filter.clock = lambda: stamp


def stream(lab: Lab, name: str, answer: bytes = LONG) -> socket.socket:
    """An exchange that goes on: its first bytes have arrived."""
    lab.answer = answer
    sock = lab.connect()
    sock.sendall(f"GET {lab.url(name)} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    wanted = 9000 if answer is LONG else len(answer)
    found = b""
    while len(found) < wanted:
        found += sock.recv(65536)
    return sock


def is_open(sock: socket.socket) -> bool:
    sock.settimeout(0.2)
    try:
        return sock.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False
    finally:
        sock.settimeout(10)


def test_a_stream_is_cut_when_its_hour_is_over(timed: Lab) -> None:
    now(timed, "21:59:59")
    with stream(timed, "www.video.example") as sock:
        timed.look()
        assert is_open(sock)
        now(timed, "22:00:00")
        timed.look()
        assert everything(sock) == b""
    (seen,) = timed.settled(1)
    assert seen.problem == CUT
    assert seen.outcome.verdict.clause == "primary-upper/night"
    assert seen.outcome.verdict.enforced is Action.BLOCK


def test_what_may_go_on_goes_on(timed: Lab) -> None:
    now(timed, "21:59:59")
    with stream(timed, "www.allowed.example") as sock:
        now(timed, "22:00:00")
        timed.look()
        timed.look()
        assert is_open(sock)


def test_the_clock_jumping_back_opens_nothing_and_cuts_nothing(timed: Lab) -> None:
    now(timed, "21:00:00")
    with stream(timed, "www.video.example") as sock:
        for time in ("20:00:00", "21:30:00", "06:00:00", "21:59:59"):
            now(timed, time)
            timed.look()
            assert is_open(sock), time
        now(timed, "05:59:59")
        timed.look()
        assert everything(sock) == b""


def order(host: str) -> Order:
    basis = Basis(source="测试")
    return Order(id="o", action=Action.BLOCK, basis=basis, issuer="区", hosts=(host,))


def obey(lab: Lab, *orders: Order) -> None:
    """Put a snapshot with these Orders in force, as a reload does."""
    made = compile_policies(
        load_policies([lab.folder / "policy"]),
        categories=lab.base.categories,
        rulebase=lab.base.hash,
        orders=orders,
    )
    lab.filter.force = replace(lab.filter.force, snapshot=made)


def test_a_spliced_tunnel_is_cut_by_an_order(timed: Lab) -> None:
    now(timed, "12:00")
    target = f"www.bank.example:{timed.tls_port}"
    with timed.tunnel(target) as plain:
        context = timed.client_tls()
        context.check_hostname = False
        with context.wrap_socket(plain, server_hostname="www.bank.example") as sock:
            timed.look()
            obey(timed)
            timed.look()
            sock.sendall(b"GET / HTTP/1.1\r\nHost: www.bank.example\r\n\r\n")
            assert sock.recv(100).startswith(b"HTTP/1.1 200")
            obey(timed, order("www.bank.example"))
            timed.look()
            assert everything(sock) == b""
    first, second = timed.settled(2)
    assert first.problem == ""
    assert (second.problem, second.outcome.verdict.clause) == (CUT, "order/o")


def test_a_tunnel_of_foreign_bytes_is_cut_by_an_order(timed: Lab) -> None:
    now(timed, "12:00")
    with timed.tunnel(f"www.allowed.example:{timed.origin_port}") as sock:
        sock.sendall(b"SSH-2.0-x\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200")  # what this origin says to anybody
        obey(timed)
        timed.look()
        assert is_open(sock)
        obey(timed, order("www.allowed.example"))
        timed.look()
        assert everything(sock) == b""
    assert [seen.problem for seen in timed.settled(2)] == ["", CUT]


UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def websocket(lab: Lab, name: str) -> socket.socket:
    lab.answer = UPGRADED
    sock = lab.connect()
    sock.sendall(
        f"GET {lab.url(name)} HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    found = b""
    while b"\r\n\r\n" not in found:
        found += sock.recv(4096)
    assert found.startswith(b"HTTP/1.1 101")
    return sock


def test_a_websocket_is_cut_and_one_that_may_stay_stays(timed: Lab) -> None:
    now(timed, "21:59:59")
    with (
        websocket(timed, "www.video.example") as ends,
        websocket(timed, "www.allowed.example") as stays,
    ):
        now(timed, "22:00:00")
        timed.look()
        assert everything(ends) == b""
        assert is_open(stays)
    assert [seen.problem for seen in timed.settled(3)].count(CUT) == 1


def test_a_stream_counts_its_minutes_and_is_cut_when_they_are_used_up(timed: Lab) -> None:
    now(timed, "18:00:10")
    token = timed.filter.force.resolver.subject(PUPIL).token
    for minute in range(59):
        timed.filter.tally.mark(token, ["primary-upper/leisure"], at(f"{SATURDAY}T17:{minute:02d}"))
    with stream(timed, "www.video.example") as sock:
        timed.look()  # 18:00 is marked: the sixtieth minute, still running
        assert is_open(sock)
        now(timed, "18:00:59")
        timed.look()
        assert is_open(sock)  # second 3,599 of the hour
        now(timed, "18:01:00")
        timed.look()
        assert everything(sock) == b""
    (seen,) = timed.settled(1)
    assert seen.outcome.verdict.clause == "primary-upper/leisure-limit"


def visit(lab: Lab, *headers: str) -> bytes:
    return lab.get(lab.url("www.video.example", "/watch?v=1"), "Accept: text/html", *headers)


def test_a_notice_comes_once_before_the_end_and_a_page_says_when_it_is_back(timed: Lab) -> None:
    tally = timed.filter.tally
    token = timed.filter.force.resolver.subject(PUPIL).token
    for minute in range(47):
        tally.mark(token, ["primary-upper/leisure"], at(f"{SATURDAY}T17:{minute:02d}"))
    now(timed, "18:00:00")
    assert visit(timed).endswith(b"ok")  # marks 18:00, the 48th
    now(timed, "18:01:00")
    image = timed.get(timed.url("www.video.example", "/a.png"), "Accept: image/*")
    assert image.endswith(b"ok")
    page = visit(timed)
    assert b" 403 " in page.split(b"\r\n")[0]
    assert "还剩 12 分钟".encode() in page
    assert b'href="/watch?v=1"' in page
    assert visit(timed).endswith(b"ok")
    for minute in range(2, 14):
        now(timed, f"18:{minute:02d}:00")
        timed.get(timed.url("www.video.example", "/a.mp4"))
    now(timed, "18:14:00")
    page = visit(timed)
    assert "2026-09-06 00:00 起可以再用".encode() in page
    seen = timed.settled(1)[-1]
    assert seen.outcome.verdict.clause == "primary-upper/leisure-limit"
    assert seen.outcome.verdict.spent is not None
    assert timed.get(timed.url("www.allowed.example")).endswith(b"ok")  # education goes on


def test_background_costs_no_minute(timed: Lab) -> None:
    token = timed.filter.force.resolver.subject(PUPIL).token
    now(timed, "18:00:00")
    timed.get(timed.url("www.video.example", "/favicon.ico"))
    timed.get(timed.url("www.video.example", "/api/heartbeat?x=1"))
    timed.get(timed.url("www.video.example", "/v"), method="HEAD")
    now(timed, "18:01:00")
    used = timed.filter.tally.usage(token, timed.filter.now())
    assert used.minutes == {"primary-upper/leisure@day": 0, "primary-upper/leisure@week": 0}
    assert used.bytes["primary-upper/leisure@day"] > 0


# another person behind the address


@pytest.fixture
def sessions(timed: Lab) -> Iterator[dict[str, Bound]]:
    """Who is logged in, as the identity service would tell it."""
    known = timed.filter.force.resolver.known

    def clock() -> float:
        return timed.filter.clock()  # whatever it is by then

    known.clock = clock
    now(timed, "12:00:00")
    yield known.sessions
    known.sessions.clear()


def somebody(lab: Lab, token: str, seconds: float = 3600) -> Bound:
    subject = Subject(stage="senior", token=token, source="radius", confidence=0.95)
    return Bound(subject=subject, expires=lab.filter.clock() + seconds)


def pass_on(lab: Lab, how: str, sessions: dict[str, Bound]) -> None:
    if how == "another":
        sessions[PUPIL] = somebody(lab, "bob")
    elif how == "ended":
        del sessions[PUPIL]
    elif how == "expired":
        stamp = lab.filter.clock() + 3601
        lab.filter.clock = lambda: stamp


@pytest.mark.parametrize("how", ["another", "ended", "expired"])
def test_a_stream_ends_when_its_person_goes(
    timed: Lab, sessions: dict[str, Bound], how: str
) -> None:
    sessions[PUPIL] = somebody(timed, "alice")
    with stream(timed, "www.allowed.example") as sock:
        timed.look()
        assert is_open(sock)
        pass_on(timed, how, sessions)
        timed.look()
        assert everything(sock) == b""
    seen = [one for one in timed.settled(1) if one.problem == OTHER]
    assert [one.subject.token for one in seen] == ["alice"]
    assert seen[0].outcome.verdict.enforced is Action.ALLOW


def test_a_first_login_takes_over_what_the_device_had_open(
    timed: Lab, sessions: dict[str, Bound]
) -> None:
    with stream(timed, "www.allowed.example") as sock:
        sessions[PUPIL] = somebody(timed, "alice")
        timed.look()
        assert everything(sock) == b""


def test_an_idle_connection_and_a_spliced_tunnel_end_too(
    timed: Lab, sessions: dict[str, Bound]
) -> None:
    sessions[PUPIL] = somebody(timed, "alice")
    target = f"www.bank.example:{timed.tls_port}"
    with timed.connect() as idle, timed.tunnel(target) as plain:
        context = timed.client_tls()
        context.check_hostname = False
        with context.wrap_socket(plain, server_hostname="www.bank.example") as tls:
            timed.until(lambda: any(c.edge.spliced for c in timed.door.connections))
            timed.look()
            assert is_open(idle)
            sessions[PUPIL] = somebody(timed, "bob")
            timed.look()
            assert everything(tls) == b""
        assert everything(idle) == b""
    assert [one.subject.token for one in timed.settled(2) if one.problem == OTHER] == ["alice"]


def test_the_same_person_again_and_others_elsewhere_change_nothing(
    timed: Lab, sessions: dict[str, Bound]
) -> None:
    sessions[PUPIL] = somebody(timed, "alice")
    with stream(timed, "www.allowed.example") as sock:
        sessions[PUPIL] = somebody(timed, "alice", 7200)  # an Interim-Update
        sessions["127.0.0.99"] = somebody(timed, "bob")
        timed.look()
        assert is_open(sock)


def test_a_login_of_the_connection_s_own_ends_by_itself_alone(
    timed: Lab, sessions: dict[str, Bound]
) -> None:
    with stream(timed, "www.allowed.example") as sock:
        (connection,) = timed.door.connections
        ends = timed.filter.clock() + 60
        connection.edge.login = Login(mark=b"", until=ends, ends=ends)
        sessions[PUPIL] = somebody(timed, "bob")  # whoever has the address does not matter
        timed.look()
        assert is_open(sock)
        timed.filter.clock = lambda: ends + 1
        timed.look()
        assert everything(sock) == b""
