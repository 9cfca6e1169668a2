"""Issue 3, must show 4: a real RADIUS client, one address, two people, two verdicts.

Everything goes through what a network has: accounting packets by pyrad's own client,
the portal's HTTP calls, curl through the proxy, dig's question by dnspython, the command.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest
from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary

from gateway.identity.portal import signed
from gateway.node import Node

pytestmark = pytest.mark.wire

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = "photo.test.qinglang.invalid"
SECRET = b"a-secret-of-the-school"
DICTIONARY = """\
ATTRIBUTE User-Name 1 string
ATTRIBUTE NAS-IP-Address 4 ipaddr
ATTRIBUTE Framed-IP-Address 8 ipaddr
ATTRIBUTE Calling-Station-Id 31 string
ATTRIBUTE NAS-Identifier 32 string
ATTRIBUTE Acct-Status-Type 40 integer
ATTRIBUTE Acct-Session-Id 44 string
VALUE Acct-Status-Type Start 1
VALUE Acct-Status-Type Stop 2
VALUE Acct-Status-Type Interim-Update 3
"""
ROSTER = """\
user,school,stage,role,group,tier,name
G3101,wire,junior,pupil,,12-16,张三
t-wang,wire,,teacher,,,王老师
"""
SCHOOL = """\
id: wire
title: {zh: "测试学校", en: "Test school"}
scope: school
prefixes:
  - {prefix: 127.0.0.0/8, role: visitor}
clauses:
  - id: no-photos
    title: {zh: "不看图库", en: "No photo sites"}
    when: {categories: [photo], roles: [pupil, visitor]}
    action: block
    reason: {zh: "校内只有教师备课用图库。", en: "Photo sites are for teachers' lessons."}
cases:
  - {title: "学生不看", subject: {school: wire, stage: junior}, categories: [photo], at: 2026-09-01T10:00, expect: block}
"""  # noqa: E501


class Running:
    """`qinglang up` of this tree."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "var"
        self.folder = folder
        (folder / "policy" / "schools").mkdir(parents=True)
        (folder / "policy" / "schools" / "wire.yaml").write_text(SCHOOL)
        (folder / "secrets").write_text(f"127.0.0.0/8 {SECRET.decode()}\n")
        (folder / "secrets").chmod(0o600)
        free = "127.0.0.1:0"
        argv = [sys.executable, "-m", "audit.cli", "up", "--data", str(self.data), "--workers", "1"]
        argv += ["--proxy", free, "--dns", free, "--dns-upstream", "127.0.0.1:9"]
        argv += ["--metrics", free, "--policy", str(folder / "policy"), "--detail", "requests"]
        argv += ["--radius", free, "--radius-secret", str(folder / "secrets")]
        argv += ["--identity-api", free]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=log, env=clean())
        self.until(lambda: "Ctrl-C" in (folder / "log").read_text(), 90)
        self.node = Node.read(self.data / "run" / "node.json")

    def until(self, true: Callable[[], object], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not true():
            said = (self.folder / "log").read_text(errors="replace")[-6000:]
            assert time.monotonic() < end, said
            assert self.process.poll() is None, said
            time.sleep(0.05)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "audit.cli", *words, "--data", str(self.data)]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, env=clean())

    def json(self, *words: str) -> Any:
        done = self.command(*words, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def status(self) -> dict[str, Any]:
        return json.loads((self.data / "run" / "identity.json").read_text())

    def verdict(self, source: str = "127.0.0.77") -> str:
        """`blocked` with our page, or the status of a host that leads nowhere."""
        argv = ["curl", "-q", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "20"]
        argv += ["--noproxy", "", "--interface", source]
        argv += ["-x", f"http://{self.node.listeners[0].address}", f"http://{PHOTOS}/"]
        code = subprocess.run(argv, capture_output=True, text=True, env=clean()).stdout
        return "blocked" if code == "403" else f"passed {code}"

    def dns(self, source: str = "127.0.0.77") -> str:
        assert self.node.dns is not None
        query = dns.message.make_query(PHOTOS, "A")
        at = self.node.dns
        answer = dns.query.udp(query, at.host, port=at.port, source=source, timeout=10)
        return "blocked" if any("0.0.0.0" in str(one) for one in answer.answer) else "passed"

    def accounting(self, secret: bytes = SECRET, **attributes: Any) -> bool:
        assert self.node.radius is not None
        client = Client(
            server="127.0.0.1",
            acctport=self.node.radius.port,
            secret=secret,
            dict=Dictionary(io.StringIO(DICTIONARY)),
        )
        client.timeout, client.retries = 2, 1
        packet = client.CreateAcctPacket()
        for name, value in attributes.items():
            packet[name.replace("_", "-")] = value
        try:
            return client.SendPacket(packet).code == 5
        except Timeout:
            return False
        finally:
            client._CloseSocket()

    def portal(self, method: str, key: str, document: dict[str, Any], **headers: str) -> int:
        request = urllib.request.Request(
            f"http://{self.node.identity_api}/identity/sessions",
            data=json.dumps(document).encode(),
            method=method,
            headers={"Authorization": f"Bearer {key}", **headers},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert code == 0, (self.folder / "log").read_text(errors="replace")[-6000:]


def clean() -> dict[str, str]:
    found = {name: text for name, text in os.environ.items() if "proxy" not in name.lower()}
    return {**found, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("identity"))
    try:
        yield running
    finally:
        running.stop()


def login(user: str, **more: Any) -> dict[str, Any]:
    return {
        "User_Name": user,
        "NAS_Identifier": "ac-1",
        "Framed_IP_Address": "127.0.0.77",
        "Calling_Station_Id": "aa-bb-cc-dd-ee-01",
        **more,
    }


def test_different_people_on_one_address(node: Running, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER)
    assert (
        node.command("identity", "import", "roster", str(tmp_path / "roster.csv")).returncode == 0
    )
    node.until(lambda: node.status()["persons"] == 2)
    assert node.verdict() == node.dns() == "blocked"  # a visitor, by the prefix

    assert node.accounting(**login("t-wang", Acct_Status_Type=1, Acct_Session_Id="s1"))
    node.until(lambda: node.verdict().startswith("passed"))
    node.until(lambda: node.dns() == "passed")

    assert node.accounting(**login("t-wang", Acct_Status_Type=2, Acct_Session_Id="s1"))
    assert node.accounting(**login("G3101", Acct_Status_Type=1, Acct_Session_Id="s2"))
    node.until(lambda: node.verdict() == "blocked")
    node.until(lambda: node.dns() == "blocked")

    (session,) = node.json("identity", "list")
    assert (session["school"], session["stage"], session["tier"]) == ("wire", "junior", "12-16")
    assert (session["source"], session["confidence"]) == ("radius", 0.95)
    text = json.dumps(session, ensure_ascii=False)
    assert "G3101" not in text
    assert "张" not in text


def test_connections_of_the_one_before_end_within_five_seconds(node: Running) -> None:
    """Idle ones too; nobody else's."""
    at = node.node.listeners[0].address

    def line(source: str) -> socket.socket:
        """Open and accepted: the one worker takes connections in their order, curl's after it."""
        opened = socket.create_connection((at.host, at.port), 10, source_address=(source, 0))
        assert node.verdict() == "blocked"
        return opened

    where = {"Framed_IP_Address": "127.0.0.66", "Calling_Station_Id": "aa-bb-cc-dd-ee-66"}
    with line("127.0.0.66") as device, line("127.0.0.65") as other:
        device.settimeout(6)
        assert node.accounting(**login("t-wang", Acct_Status_Type=1, Acct_Session_Id="c1", **where))
        assert device.recv(1) == b""  # somebody has logged in on this device
        node.until(lambda: node.verdict("127.0.0.66").startswith("passed"))
        with line("127.0.0.66") as mine:
            mine.settimeout(6)
            stop = login("t-wang", Acct_Status_Type=2, Acct_Session_Id="c1", **where)
            begun = time.monotonic()
            assert node.accounting(**stop)
            assert mine.recv(1) == b""  # and has gone again
            assert time.monotonic() - begun < 5
        other.settimeout(0.2)
        with pytest.raises(TimeoutError):
            other.recv(1)


def test_events_carry_pseudonyms_and_sources(node: Running) -> None:
    def events() -> list[dict[str, Any]]:
        done = node.command("events", "export", "--format", "jsonl")
        return [json.loads(line) for line in done.stdout.splitlines()]

    node.until(lambda: {"radius", "prefix"} <= {one["source"] for one in events()})
    found = events()
    by_role = {one["role"]: one["token"] for one in found}
    assert len(set(by_role.values())) == 3
    for secret in ("G3101", "t-wang", "张三", "127.0.0.77", "aabbccddee01"):
        assert secret not in json.dumps(found, ensure_ascii=False)
    for path in (node.data / "identity").iterdir():
        for secret in ("G3101", "t-wang", "张三"):
            assert secret.encode() not in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0, path


def test_forged_packets_change_nothing(node: Running) -> None:
    before = node.json("identity", "list")
    assert not node.accounting(b"another-secret", **login("t-wang", Acct_Status_Type=1))
    assert node.node.radius is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for size in (0, 1, 19, 20, 200, 5000):
            line.sendto(os.urandom(size), ("127.0.0.1", node.node.radius.port))
        line.sendto(b"\x04\x01\x00\x14" + bytes(16), ("127.0.0.1", node.node.radius.port))
    node.until(lambda: node.status()["heard"]["garbage"] >= 5)
    node.until(lambda: node.status()["heard"]["secret"] >= 2)
    assert node.json("identity", "list") == before
    assert node.verdict() == "blocked"


def test_a_portal_s_login_comes_after_radius_and_before_prefixes(node: Running) -> None:
    key = (node.data / "keys" / "identity-api.key").read_bytes().hex()
    where = {"address": "127.0.0.78"}
    assert node.verdict("127.0.0.78") == "blocked"
    assert node.portal("POST", "0" * 64, {**where, "user": "t-wang"}) == 401
    assert node.portal("POST", key, {**where, "user": ""}) == 400
    assert node.portal("POST", key, {**where, "user": "T-Wang"}) == 200
    node.until(lambda: node.verdict("127.0.0.78").startswith("passed"))
    assert node.portal("POST", key, {"address": "127.0.0.77", "user": "t-wang"}) == 200
    assert node.verdict() == "blocked"  # RADIUS knows better
    now = str(int(time.time()))
    body = json.dumps(where).encode()
    sign = {"X-Qinglang-Time": now, "Authorization": ""}
    sign["X-Qinglang-Signature"] = signed(key.encode(), now, "DELETE", body)
    assert node.portal("DELETE", "", where, **sign) == 200
    assert node.portal("DELETE", "", where, **sign) == 409  # a replay
    node.until(lambda: node.verdict("127.0.0.78") == "blocked")


def test_the_last_known_state_stays_while_the_service_is_away(node: Running) -> None:
    def pid() -> int:
        told = json.loads((node.data / "run" / "status.json").read_text())
        return next(int(one["pid"]) for one in told["children"] if one["name"] == "identity")

    key = (node.data / "keys" / "identity-api.key").read_bytes().hex()
    assert node.portal("POST", key, {"address": "127.0.0.79", "user": "t-wang"}) == 200
    node.until(lambda: node.verdict("127.0.0.79").startswith("passed"))
    time.sleep(6)  # let it keep what a restart needs
    before = pid()
    os.kill(before, signal.SIGKILL)
    assert node.verdict("127.0.0.79").startswith("passed")
    node.until(lambda: pid() not in (0, before))
    node.until(lambda: node.command("identity", "list", "--json").returncode == 0)
    assert node.verdict("127.0.0.79").startswith("passed")
    assert node.portal("DELETE", key, {"address": "127.0.0.79"}) == 200
    node.until(lambda: node.verdict("127.0.0.79") == "blocked")


def test_a_rotation_gives_new_pseudonyms_and_is_recorded(node: Running) -> None:
    before = node.json("identity", "list")[0]["token"]
    done = node.command(
        "identity", "rotate", "--school", "wire", "--issuer", "信息中心", "--reason", "学年更替"
    )
    assert done.returncode == 0, done.stderr
    node.until(lambda: node.json("identity", "list")[0]["token"] != before)
    after = node.json("identity", "list")[0]["token"]
    from gateway.identity.names import Names
    from gateway.identity.seal import read_key

    key = read_key(node.data / "keys" / "names.key")
    path = node.data / "identity" / "names.sqlite"
    with contextlib.closing(Names(path, key, write=False)) as names:
        found = [names.get(token) for token in (before, after)]
        assert [one and one.name for one in found] == ["张三", "张三"]
        assert names.aliases(after) == (before, after)
        assert [row[:2] for row in names.rotations()] == [("wire", 1)]
    assert "rotated to epoch 1" in (node.folder / "log").read_text()


def test_status_doctor_and_metrics(node: Running) -> None:
    done = node.command("identity", "status")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accepted=" in done.stdout
    assert "identity" in node.command("doctor").stdout
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{node.node.metrics}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    assert 'qinglang_radius_packets_total{result="accepted"}' in text
    assert 'qinglang_identity_resolved_total{source="radius"}' in text
