"""The directory client: against a scripted server here, against a real slapd (wire)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from gateway.identity import directory, ldapwords
from gateway.identity.ber import ENUMERATED, SEQUENCE, SET, frame, number, text, tlv
from gateway.identity.directory import Access, Directory, Server
from gateway.identity.ldap import DownError, Found, Ldap
from rules.model import Text
from tests import directories
from tests.directories import PASSWORDS, Slapd


def result(at: int, kind: int, code: int) -> bytes:
    return tlv(SEQUENCE, number(at), tlv(kind, number(code, ENUMERATED), text(""), text("")))


def entry(at: int, dn: str, **attributes: str) -> bytes:
    rows = [tlv(SEQUENCE, text(name), tlv(SET, text(v))) for name, v in attributes.items()]
    return tlv(SEQUENCE, number(at), tlv(0x64, text(dn), tlv(SEQUENCE, *rows)))


class Scripted:
    """Answers each message with what `script` says; counts connections."""

    def __init__(self, *script: Callable[[int], bytes]) -> None:
        self.script = list(script)
        self.heard: list[bytes] = []
        self.connections = 0

    async def __aenter__(self) -> Access:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        return access(Server(host="127.0.0.1", port=port, tls=False))

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        data = b""
        while part := await reader.read(65_536):
            data += part
            while (size := frame(data)) and len(data) >= size:
                message, data = data[:size], data[size:]
                self.heard.append(message)
                if message[5:6] == b"\x42" or not self.script:
                    continue
                answer = self.script.pop(0)(message[4])
                if not answer:
                    writer.close()
                    return
                writer.write(answer)
        writer.close()


def access(*servers: Server, **more: object) -> Access:
    ways = {"user_dn": "uid={user},dc=x", "plain": True, "timeout": 1.0, **more}
    made = Directory(id="d", title=Text(zh="目录", en="d"), servers=servers, **ways)  # type: ignore[arg-type]
    return Access(directory=made)


def run[T](work: Callable[[], Awaitable[T]]) -> T:
    async def whole() -> T:
        return await work()

    return asyncio.run(whole())


def bound(code: int) -> Callable[[int], bytes]:
    return lambda at: result(at, 0x61, code)


@pytest.mark.parametrize(
    ("code", "expected"), [(0, Found()), (49, None), (53, None), (32, None), (19, None)]
)
def test_yes_and_no(code: int, expected: Found | None) -> None:
    async def work() -> Found | None:
        async with Scripted(bound(code)) as at:
            ldap = Ldap(at)
            try:
                return await ldap.check("u", "p")
            finally:
                ldap.close()

    assert run(work) == expected


@pytest.mark.parametrize(
    "answer",
    [
        bound(10),  # a referral is not followed
        bound(51),
        lambda at: b"",
        lambda at: b"HTTP/1.1 400\r\n",
        lambda at: b"\x30\x84\xff\xff\xff\xff",
        lambda at: result(0, 0x78, 52),  # a notice of disconnection
    ],
    ids=["referral", "busy", "hung up", "another protocol", "endless", "notice"],
)
def test_trouble_is_neither(answer: Callable[[int], bytes]) -> None:
    async def work() -> None:
        async with Scripted(answer) as at:
            ldap = Ldap(at)
            with pytest.raises(DownError) as caught:
                await ldap.check("geheim-user", "geheim-pass")
            assert "geheim" not in str(caught.value)
            ldap.close()

    run(work)


def test_what_proves_nothing_is_never_sent() -> None:
    async def work() -> list[bytes]:
        script = Scripted(bound(0))
        async with script as at:
            ldap = Ldap(at)
            for user, password in (("u", ""), ("", "p"), ("u\0", "p"), ("u", "p\0q")):
                assert await ldap.check(user, password) is None
        return script.heard

    assert run(work) == []


def test_a_line_is_used_again_and_a_closed_one_replaced() -> None:
    async def work() -> int:
        script = Scripted(bound(0), bound(49), lambda at: b"", bound(0))
        async with script as at:
            ldap = Ldap(at)
            assert await ldap.check("u", "p") == Found()
            assert await ldap.check("u", "q") is None
            assert await ldap.check("u", "p") == Found()  # closed under our hands: once more
            ldap.close()
        return script.connections

    assert run(work) == 2


def test_the_second_server_is_asked_where_the_first_is_away() -> None:
    async def work() -> Found | None:
        script = Scripted(bound(0))
        async with script as at:
            ways = access(Server(host="127.0.0.1", port=1, tls=False), *at.directory.servers)
            ldap = Ldap(ways)
            try:
                return await ldap.check("u", "p")
            finally:
                ldap.close()

    assert run(work) == Found()


def test_words_before_the_handshake_are_refused() -> None:
    """Plain bytes put behind the StartTLS answer must not be read as if encrypted."""

    async def work() -> None:
        script = Scripted(lambda at: result(at, 0x78, 0) + result(2, 0x61, 0))
        async with script as at:
            ldap = Ldap(access(*at.directory.servers, plain=False))
            with pytest.raises(DownError, match="StartTLS"):
                await ldap.check("u", "p")
            ldap.close()
        assert len(script.heard) <= 2
        assert not any(message[5:6] == b"\x60" for message in script.heard)

    run(work)


def test_two_of_one_name_are_nobody() -> None:
    def found(at: int) -> bytes:
        return entry(at, "a") + entry(at, "b") + result(at, 0x65, 4)

    async def work() -> Found | None:
        async with Scripted(found) as at:
            ldap = Ldap(access(*at.directory.servers, user_dn="", base="dc=x"))
            try:
                return await ldap.check("u", "p")
            finally:
                ldap.close()

    assert run(work) is None


def test_a_silent_directory_is_down_in_time() -> None:
    async def work() -> None:
        async with Scripted() as at:
            ldap = Ldap(access(*at.directory.servers, timeout=0.5))
            with pytest.raises(DownError, match="no answer"):
                await ldap.check("u", "p")
            ldap.close()

    run(work)


# a real one


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    if not directories.installed():
        pytest.skip("slapd is not installed: sh scripts/test-packages.sh")
    running = directories.start(tmp_path_factory.mktemp("slapd"))
    try:
        yield running
    finally:
        running.stop()


def asked(path: Path, *logins: tuple[str, str]) -> list[Found | None]:
    async def work() -> list[Found | None]:
        ldap = Ldap(directory.read(path))
        try:
            return [await ldap.check(*login) for login in logins]
        finally:
            ldap.close()

    return run(work)


GOOD = tuple(PASSWORDS.items())


@pytest.mark.wire
@pytest.mark.parametrize("ways", ["search", "dn"])
@pytest.mark.parametrize("tls", ["ldaps", "starttls", "plain"])
def test_a_real_directory(slapd: Slapd, ways: str, tls: str) -> None:
    server = "" if tls == "ldaps" else f"ldap://localhost:{slapd.plain}"
    lines = ["plain: true"] if tls == "plain" else []
    path = slapd.settings(*lines, server=server, ways=ways)
    wrong = [("g3101", PASSWORDS["t-wang"]), ("nobody", "x"), ("*", "x"), ("g3101)(uid=*", "x")]
    found = asked(path, *GOOD, *wrong, GOOD[0])
    assert found[0] is not None
    assert found[0].attributes["employeetype"] == ("student",)
    assert found[1] is not None
    assert found[2:6] == [None] * 4
    assert found[6] == found[0]


@pytest.mark.wire
def test_a_certificate_of_somebody_else_is_refused(slapd: Slapd) -> None:
    for server in (f"ldaps://127.0.0.1:{slapd.secure}", f"ldap://127.0.0.1:{slapd.plain}"):
        with pytest.raises(DownError, match="certificate"):
            asked(slapd.settings(server=server), GOOD[0])


@pytest.mark.wire
def test_a_wrong_service_password_is_trouble_and_not_a_no(slapd: Slapd, tmp_path: Path) -> None:
    path = slapd.settings()
    moved = tmp_path / path.name
    moved.write_text(path.read_text())
    (tmp_path / "service.secret").write_text("wrong\n")
    (tmp_path / "service.secret").chmod(0o600)
    with pytest.raises(DownError, match=r"service account was refused \(49\)"):
        asked(moved, GOOD[0])


def test_codes_are_known() -> None:
    assert ldapwords.SUCCESS not in ldapwords.WRONG
    assert ldapwords.REFERRAL not in ldapwords.WRONG
