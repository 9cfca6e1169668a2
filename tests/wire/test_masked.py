"""Dynamic masking end to end: the two files of docs/data-dynamic.md in a real gateway.

A small application with its own HTTPS server stands behind it; curl and real tokens before it.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from gateway.node import ListenerKind
from tests import certificates
from tests.origins import Origins, Place
from tests.running import COMMAND, Answer, Gateway, curl, start
from tests.school_app import CLASSES, EACH, JSON, PUPILS, Login, answer, secrets

pytestmark = pytest.mark.wire

HOST = "pupils.school.example"
INSIDE = "pupils.internal.example"
GUIDE = Path(__file__).parent.parent.parent / "docs" / "data-dynamic.md"
VERSIONS = [("--http1.1", "1.1"), ("--http2", "2")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The application, the gateway before it, and who signs tokens."""

    origins: Origins
    place: Place
    gateway: Gateway
    login: Login
    root: Path

    def get(self, path: str, token: str | None = None, *options: str) -> Answer:
        """One URL as a browser asks for it, by way of the gateway."""
        port = self.gateway.listener(ListenerKind.APPLICATIONS).port
        said = ["-H", f"Authorization: Bearer {token}"] if token is not None else []
        way = ["--resolve", f"{HOST}:{port}:127.0.0.1", "--cacert", str(self.root)]
        return curl(f"https://{HOST}:{port}{path}", *way, *said, *options)

    def masks(self) -> list[str]:
        """What Events say of masking, oldest first."""
        problems = (one.get("problem", "") for one in self.gateway.events())
        return [problem for problem in problems if problem.startswith("mask ")]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("masked")
    root = certificates.authority("Test applications root")
    ca = folder / "internal-ca.pem"
    ca.write_bytes(root.pem)
    inside = certificates.write(certificates.leaf([INSIDE], root), folder / "inside.pem")
    certificates.write(certificates.leaf([HOST], root), folder / "pupils.pem")
    login = Login()
    login.jwks(folder / "jwks.json")
    policy, node = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    (folder / "policies" / "applications").mkdir(parents=True)
    (folder / "policies" / "applications" / "pupils.yaml").write_text(policy)
    with Origins() as origins:
        origins.program = answer
        place = origins.web("127.0.0.2", certificates.server(inside, "h2", "http/1.1"))
        node = node.replace("0.0.0.0:443", "127.0.0.1:0").replace(":8443", f":{place.port}")
        assert f"{INSIDE}:{place.port}" in node
        (folder / "node.yaml").write_text(
            f"{node}resolve: ['{INSIDE}=127.0.0.2']\nopen: ['{place}']\n"
        )
        free = "127.0.0.1:0"
        options = ["--config", str(folder / "node.yaml"), "--policy", str(folder / "policies")]
        options += ["--proxy", free, "--dns", free, "--dns-upstream", "127.0.0.1:9"]
        options += ["--metrics", free, "--workers", "1"]
        running = start(folder, ca, options)
        try:
            yield Seen(origins=origins, place=place, gateway=running, login=login, root=ca)
        finally:
            running.stop()


def rows(found: Answer) -> list[dict[str, Any]]:
    assert found.status == 200, found.text
    return list(json.loads(found.body)["pupils"])


def plain(found: Answer, *names: str) -> int:
    """How many plain values of these fields stand anywhere in an answer."""
    whole = found.body + repr(sorted(found.headers.items())).encode()
    return sum(value in whole for value in secrets(*names))


ALL = ("phone", "guardian_phone", "name", "student_no", "home")


@pytest.mark.parametrize(("option", "version"), VERSIONS)
def test_the_class_teacher_sees_full_numbers_of_the_class(
    seen: Seen, option: str, version: str
) -> None:
    found = seen.get("/api/pupils", seen.login.token("class-teacher", CLASSES[0]), option)
    assert found.version == version
    assert seen.origins.requests("/api/pupils")[-1].version == version
    got = rows(found)
    assert len(got) == len(PUPILS)
    for one, real in zip(got, PUPILS, strict=True):
        own = real["class_id"] == CLASSES[0]
        for name in ("phone", "guardian_phone", "name"):
            assert (one[name] == real[name]) is own, name
        assert one["student_no"] != real["student_no"]
        assert one["home"] == "***"
        assert one["id"] == real["id"]
        assert ("mail.example" in one["note"]) is own
    other = next(one for one in got if one["class_id"] == CLASSES[1])
    assert re.fullmatch(r"169\*{4}\d{4}", other["phone"])
    assert found.headers["cache-control"] == "no-store"
    assert not {"etag", "last-modified"} & set(found.headers)


@pytest.mark.parametrize(("option", "version"), VERSIONS)
def test_nobody_else_sees_a_number(seen: Seen, option: str, version: str) -> None:
    """Another role, no token, and every kind of bad one: masked, nothing else."""
    good, other = seen.login.token("class-teacher", CLASSES[0]), Login()
    head, claims, signature = good.split(".")
    public = seen.login.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    said = jwt.decode(good, options={"verify_signature": False})
    changed = jwt.utils.base64url_encode(json.dumps({**said, "role": "data-officer"}).encode())
    shared = jwt.utils.base64url_encode(b'{"alg":"HS256","kid":"1","typ":"JWT"}').decode()
    forged = jwt.utils.base64url_encode(
        jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
            f"{shared}.{claims}".encode(), public
        )
    ).decode()
    tokens = {
        "another role": seen.login.token("librarian", CLASSES[0]),
        "nobody": None,
        "another signer": other.token("class-teacher", CLASSES[0]),
        "changed": f"{head}.{changed.decode()}.{signature}",
        "none": jwt.encode(said, "", "none", headers={"kid": "1"}),
        "shared secret": f"{shared}.{claims}.{forged}",
        "expired": seen.login.token("class-teacher", CLASSES[0], exp=int(time.time()) - 5),
        "of another": seen.login.token("class-teacher", CLASSES[0], aud="grades"),
        "issued elsewhere": seen.login.token("class-teacher", CLASSES[0], iss="https://x.example"),
    }
    for name, token in tokens.items():
        found = seen.get("/api/pupils", token, option)
        assert found.version == version
        got = rows(found)
        assert plain(found, *ALL) == 0, name
        assert b"mail.example" not in found.body
        assert got[7]["phone"] == "169****0007"
        assert got[7]["name"] == "测*"
    twice = seen.get("/api/pupils", good, option, "-H", f"Authorization: Bearer {good}")
    assert plain(twice, *ALL) == 0
    both = seen.get("/api/pupils", good, option, "-b", f"session={good}")
    assert plain(both, *ALL) == 0
    cookie = seen.get("/api/pupils", None, option, "-b", f"a=b; session={good}")
    assert plain(cookie, "phone") == EACH


def test_a_page_and_tables_are_masked_too(seen: Seen) -> None:
    teacher = seen.login.token("class-teacher", CLASSES[0])
    own = seen.get(f"/classes/{CLASSES[0]}/page.html", teacher)
    assert own.status == 200
    assert plain(own, "phone", "name") == EACH * 2
    for found in (
        seen.get(f"/classes/{CLASSES[1]}/page.html", teacher),
        seen.get(f"/classes/{CLASSES[0]}/page.html"),
    ):
        assert found.status == 200
        assert plain(found, *ALL) == 0
        assert b"169****00" in found.body
    for path in ("/api/export.csv", "/api/gb.csv", "/api/lines", "/api/gzip"):
        least, mine = seen.get(path), seen.get(path, teacher)
        assert (least.status, mine.status) == (200, 200), path
        assert plain(least, *ALL) == 0, path
        assert plain(mine, "phone") == (1 if path == "/api/gzip" else EACH), path
    failed = seen.get("/api/failed")
    assert failed.status == 500
    assert plain(failed, "phone") == 0


REFUSED = {
    "/api/broken": "broken", "/api/twice": "ambiguous", "/api/utf16": "charset",
    "/api/events": "stream", "/api/table.xlsx": "type", "/api/file.pdf": "type",
    "/api/unknown": "type", "/api/page": "not-named", "/api/strange": "encoding",
    "/api/bomb": "bomb", "/api/large": "too-large", "/api/part": "range",
    "/api/moved": "header", "/other": "no-part", "/api/%2e%2e/x": "path",
}  # fmt: skip
STATUSES: dict[str, int] = {}


@pytest.mark.parametrize(("option", "version"), VERSIONS)
def test_what_cannot_be_masked_does_not_pass(seen: Seen, option: str, version: str) -> None:
    for path in REFUSED:
        found = seen.get(path, None, option, "-H", "Accept: application/json", "--path-as-is")
        assert found.version == version
        assert found.status == STATUSES.get(path, 403), path
        assert plain(found, *ALL) == 0, path
        assert "location" not in found.headers
        assert b"mail.example" not in found.body
        told = json.loads(found.body)
        assert told["error"] == "unmasked"
        assert told["code"]
        assert told["detail"]
    seen.gateway.settled(1)
    why = [re.search("refused=([a-z-]+)", one) for one in seen.masks()]
    assert [one[1] for one in why if one][-len(REFUSED) :] == list(REFUSED.values())


def test_requests_for_parts_and_sockets_are_refused(seen: Seen) -> None:
    before = len(seen.origins.seen)
    for header in ("Range: bytes=0-99", "Upgrade: websocket"):
        found = seen.get("/api/pupils", None, "--http1.1", "-H", header)
        assert (found.status, plain(found, *ALL)) == (403, 0)
    assert len(seen.origins.seen) == before  # never asked


def test_whom_everything_is_allowed_gets_it_untouched(seen: Seen) -> None:
    officer = seen.login.token("data-officer")
    found = seen.get("/api/table.xlsx", officer)
    assert (found.status, found.body[:4]) == (200, b"PK\x03\x04")
    assert plain(seen.get("/api/pupils", officer), "phone") == len(PUPILS)
    style = seen.get("/static/app.css")
    assert (style.status, style.headers["etag"]) == (200, '"1"')


def test_heads_say_nothing_of_the_plain_body(seen: Seen) -> None:
    found = seen.get("/api/linked")
    assert found.headers["set-cookie"] == "a=b"
    assert "link" not in found.headers
    body, head = seen.get("/api/pupils"), seen.get("/api/pupils", None, "--head", "--http1.1")
    assert head.status == 200
    assert head.headers["content-type"] == body.headers["content-type"]
    assert int(body.headers["content-length"]) == len(body.body)
    seen.get("/api/pupils", None, "-H", 'If-None-Match: "7"', "-H", "X-Forwarded-For: 192.0.2.1")
    asked = seen.origins.requests("/api/pupils")[-1]
    assert (asked.header("if-none-match"), asked.header("x-forwarded-for")) == ("", "127.0.0.1")
    assert asked.header("accept-encoding") == "identity"


def test_the_application_is_connected_to_once(seen: Seen) -> None:
    """A masked answer has another length; the connection it came by is used again all the same."""
    for path in ("/api/pupils", "/api/gzip"):
        port = seen.gateway.listener(ListenerKind.APPLICATIONS).port
        before = len(seen.origins.accepted)
        again = [f"https://{HOST}:{port}{path}"] * 3
        found = seen.get(path, None, "--http1.1", *again)
        assert found.status == 200
        assert len(seen.origins.accepted) == before + 1


def test_nothing_goes_around_the_masking(seen: Seen) -> None:
    """In clear, under another name, through the proxy: the application is not reached."""
    port = seen.gateway.listener(ListenerKind.APPLICATIONS).port
    before = len(seen.origins.seen)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(f"GET /api/pupils HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert b"169" not in sock.recv(65536)
    context = ssl.create_default_context(cafile=str(seen.root))
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as sock,
        pytest.raises(OSError, match=r"(?i)alert|eof|reset"),
    ):
        context.wrap_socket(sock, server_hostname="other.school.example").recv(1)
    found = seen.get("/api/pupils", None, "--http1.1", "-H", "Host: other.school.example")
    assert found.status in (400, 403, 421)
    other = seen.get("/api/pupils", None, "--http2", "-H", "Host: other.school.example")
    assert other.status in (400, 403, 421)
    through = seen.gateway.curl(f"https://{INSIDE}:{seen.place.port}/api/pupils", "-k")
    assert plain(through, *ALL) == 0
    assert len(seen.origins.seen) == before


def test_the_commands_of_the_guide(seen: Seen) -> None:
    found = re.findall("^qinglang (policy .+)$", GUIDE.read_text("utf-8"), re.M)
    said = [
        subprocess.run(
            [str(COMMAND), *line.split()],
            cwd=seen.gateway.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        for line in found
    ]
    assert [(one.returncode, one.stderr[-300:]) for one in said if one.returncode] == []
    assert len(said) == 2
    assert re.search(r"mask +district/app-pupils", said[1].stdout)


def test_a_changed_policy_holds_without_a_restart(seen: Seen) -> None:
    """Run last but one: what a role sees is what the file says now."""
    path = seen.gateway.folder / "policies" / "applications" / "pupils.yaml"
    before = path.read_text("utf-8")
    token = seen.login.token("class-teacher", CLASSES[0])
    path.write_text(before.replace("plain: [name, phone, guardian_phone", "plain: [guardian_phone"))
    try:
        _reload(seen, token, 0)
        found = seen.get("/api/pupils", token)
        assert plain(found, "phone") == 0
        assert plain(found, "guardian_phone") == EACH
    finally:
        path.write_text(before)
        _reload(seen, token, EACH)


def _reload(seen: Seen, token: str, wanted: int) -> None:
    done = seen.gateway.command("gateway", "reload")
    assert done.returncode == 0, done.stderr
    end = time.monotonic() + 30
    while plain(seen.get("/api/pupils", token), "phone") != wanted:
        assert time.monotonic() < end
        time.sleep(0.3)


def test_the_record_says_who_saw_how_much_and_no_value(seen: Seen) -> None:
    teacher = seen.login.token("class-teacher", CLASSES[0])
    seen.get("/api/pupils", teacher)
    seen.gateway.settled(1)
    told = seen.masks()[-1]
    assert told.startswith("mask app=pupils role=class-teacher part=3 subjects=40 plain=")
    assert f"phone:{EACH}" in told
    text = json.dumps(seen.gateway.events(), ensure_ascii=False).encode()
    text += seen.gateway.log(1 << 20).encode()
    assert sum(value in text for value in secrets(*ALL)) == 0
    assert JSON[0] == "content-type"
