"""The portal's login from the browser's first click to the session, with a real provider."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from gateway.identity.api import Api
from gateway.identity.portal import Gate, Login
from gateway.identity.portal_login import PortalLogin, opened
from rules.load import DataError, WorldError
from tests import providers

pytestmark = pytest.mark.wire

SETTINGS = """\
id: school
title: {{zh: "学校登录", en: "School login"}}
issuer: {issuer}
client_id: gateway
client_secret: client.secret
redirect: http://127.0.0.1:{port}/portal/callback
plain: true
map:
  - {{when: realm_access.roles, value: teacher, role: teacher}}
  - {{when: school, school: "="}}
"""


class Desk:
    def __init__(self) -> None:
        self.gate = Gate(b"k" * 32, 600.0)
        self.pages: PortalLogin | None = None
        self.said: list[Login] = []
        self.counts: list[str] = []
        self.room = True

    def portal(self, said: Login, now: float) -> bool:
        self.said.append(said)
        return self.room

    def asked_for(self, result: str) -> None:
        self.counts.append(str(result))


class World:
    def __init__(self, folder: Path) -> None:
        self.provider = providers.Provider()
        self.desk = Desk()
        sock = socket.create_server(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]
        (folder / "client.secret").write_text(providers.SECRET + "\n")
        (folder / "client.secret").chmod(0o600)
        path = folder / "oidc.yaml"
        path.write_text(SETTINGS.format(issuer=self.provider.issuer, port=self.port))
        self.desk.pages = opened(path, self.desk.portal, self.desk.asked_for)
        self.api = Api(sock, self.desk)
        self.api.start()

    def close(self) -> None:
        self.api.shutdown()
        self.api.server_close()
        assert self.desk.pages is not None
        self.desk.pages.close()
        self.provider.close()

    def get(self, path: str, cookie: str = "", source: str = "127.0.0.1", **headers: str) -> Any:
        line = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=10, source_address=(source, 0)
        )
        try:
            line.request("GET", path, headers={"Cookie": cookie, **headers} if cookie else headers)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            line.close()

    def begin(self) -> tuple[str, str]:
        """Click on login, and let the provider say yes: (the way back, the cookie)."""
        status, headers, _ = self.get("/portal/login")
        assert status == 302
        cookie = headers["Set-Cookie"].partition(";")[0]
        parts = urlsplit(headers["Location"])
        line = http.client.HTTPConnection("localhost", parts.port, timeout=10)
        line.request("GET", f"{parts.path}?{parts.query}")
        back = urlsplit(line.getresponse().headers["Location"])
        line.close()
        assert back.port == self.port
        return f"{back.path}?{back.query}", cookie


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["RS256", "ES256", "EdDSA"])
def test_a_whole_login(world: World, kind: str) -> None:
    world.provider.kind, world.provider.key = kind, providers.key(kind)
    world.provider.claims |= {"realm_access": {"roles": ["x", "teacher"]}, "school": "no-1"}
    way, cookie = world.begin()
    status, headers, text = world.get(way, cookie)
    assert status == 200, text
    assert "已登录" in text
    assert "t-wang" not in text
    assert "Max-Age=0" in headers["Set-Cookie"]
    (said,) = world.desk.said
    assert (said.address, said.user, said.seconds) == ("127.0.0.1", "t-wang", 28_800)
    assert said.traits == {"role": "teacher", "school": "no-1"}
    assert world.desk.counts == ["oidc"]
    assert world.get(way, cookie)[0] == 400  # one use
    assert len(world.desk.said) == 1


def test_what_belongs_to_somebody_else(world: World) -> None:
    way, cookie = world.begin()
    assert world.get(way, cookie, source="127.0.0.9")[0] == 400  # another address
    assert world.get("/portal/callback?code=x&state=y", cookie)[0] == 400
    assert world.get("/portal/callback")[0] == 400
    assert world.get(way)[0] == 400  # another browser
    assert world.desk.said == []


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"preferred_username": None},
        {"preferred_username": ["a"]},
    ],
    ids=str,
)
def test_tokens_that_are_not_believed(world: World, spoil: dict[str, Any]) -> None:
    world.provider.spoil = spoil
    status, _, text = world.get(*world.begin())
    assert status == 502
    assert "登录没有成功" in text
    assert "The login did not work" in text
    assert world.desk.said == []
    assert world.desk.counts == ["oidc-failed"]


def test_a_token_without_a_signature(world: World) -> None:
    world.provider.sign = lambda said: jwt.encode(said, "", "none", headers={"kid": "k1"})
    assert world.get(*world.begin())[0] == 502
    assert world.desk.said == []


def test_a_new_key_is_asked_for(world: World) -> None:
    assert world.get(*world.begin())[0] == 200
    world.provider.kid, world.provider.key = "k2", providers.key("ES256")
    assert world.get(*world.begin())[0] == 502  # asked for half a minute ago
    assert world.desk.pages is not None
    world.desk.pages._calls._clock = lambda: time.monotonic() + 60
    assert world.get(*world.begin())[0] == 200


def test_a_login_that_was_cancelled(world: World) -> None:
    way, cookie = world.begin()
    state = way.partition("state=")[2].partition("&")[0]
    status, _, text = world.get(f"/portal/callback?error=access_denied&state={state}", cookie)
    assert status == 403
    assert "登录没有完成" in text


def test_the_answer_of_another_provider(world: World) -> None:
    way, cookie = world.begin()
    way = way.replace("iss=http", "iss=https")
    assert world.get(way, cookie)[0] == 502
    assert world.desk.said == []


def test_a_provider_that_is_away(world: World) -> None:
    way, cookie = world.begin()
    world.provider.server.shutdown()
    world.provider.server.socket.close()
    assert world.get(way, cookie)[0] == 503


def test_no_room(world: World) -> None:
    world.desk.room = False
    assert world.get(*world.begin())[0] == 503


def test_a_logout(world: World) -> None:
    status, _, text = world.get("/portal/logout")
    assert (status, "已退出登录" in text) == (200, True)
    (said,) = world.desk.said
    assert (said.address, said.user) == ("127.0.0.1", "")


def test_pages_and_the_name_that_cookies_need(world: World) -> None:
    assert world.get("/portal")[0] == 200
    assert world.get("/portal/elsewhere")[0] == 404
    assert world.get("/portal/login?" + "x" * 9000)[0] == 404
    status, headers, _ = world.get("/portal/login", Host="gateway.local")
    assert status == 302
    assert headers["Location"] == f"http://127.0.0.1:{world.port}/portal/login"
    assert "Set-Cookie" not in headers
    assert world.get("/identity/sessions")[0] == 405  # the portal's own word is as before


def test_bad_settings(tmp_path: Path) -> None:
    (tmp_path / "oidc.yaml").write_text("id: x\n")
    with pytest.raises(DataError):
        opened(tmp_path / "oidc.yaml", lambda *_: True, lambda _: None)
    whole = SETTINGS.format(issuer="http://x", port=1)
    (tmp_path / "oidc.yaml").write_text(whole)
    with pytest.raises(WorldError, match=r"client\.secret"):
        opened(tmp_path / "oidc.yaml", lambda *_: True, lambda _: None)
    (tmp_path / "client.secret").touch(mode=0o600)
    (tmp_path / "oidc.yaml").write_text(whole + "trusted_ca: /none.pem\n")
    with pytest.raises(WorldError, match="trusted_ca"):
        opened(tmp_path / "oidc.yaml", lambda *_: True, lambda _: None)
