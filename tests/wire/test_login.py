"""Proxy logins against a real directory: one address, two people, two verdicts.

slapd with LDAPS, curl through the HTTP proxy and SOCKS5, the command.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.node import ListenerKind
from tests import directories
from tests.conftest import SCHOOL
from tests.directories import PASSWORDS, Slapd
from tests.running import Answer, Gateway, start

pytestmark = pytest.mark.wire

PHOTOS = "http://photo.test.qinglang.invalid/"
POLICY = (
    SCHOOL.replace("127.0.3.0/24", "127.0.0.0/8")
    + """\
clauses:
  - id: no-photos
    title: {zh: "不看图库", en: "No photo sites"}
    when: {categories: [photo], roles: [pupil, visitor]}
    action: block
    reason: {zh: "校内只有教师备课用图库。", en: "Photo sites are for teachers' lessons."}
cases:
  - {title: "学生不看", subject: {school: wire, stage: junior}, categories: [photo], at: 2026-09-01T10:00, expect: block}
"""  # noqa: E501
)


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    if not directories.installed():
        pytest.skip("slapd is not installed: sh scripts/test-packages.sh")
    running = directories.start(tmp_path_factory.mktemp("slapd"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def gateway(slapd: Slapd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("login")
    (folder / "policy" / "schools").mkdir(parents=True)
    (folder / "policy" / "schools" / "wire.yaml").write_text(POLICY)
    free = "127.0.0.1:0"
    options = ["--proxy", free, "--socks", free, "--dns", free, "--dns-upstream", "127.0.0.1:9"]
    options += ["--metrics", free, "--workers", "1", "--detail", "requests"]
    options += ["--policy", str(folder / "policy")]
    options += ["--directory", str(slapd.settings("remember: 2", "timeout: 2"))]
    running = start(folder, slapd.ca, options)
    try:
        yield running
    finally:
        running.stop()


def get(gateway: Gateway, user: str = "", password: str | None = None, **more: Any) -> Answer:
    secret = PASSWORDS.get(user, "") if password is None else password
    said = ["--proxy-user", f"{user}:{secret}"] if user else []
    return gateway.curl(PHOTOS, *said, **more)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_nobody_passes_without_a_login(gateway: Gateway) -> None:
    answer = get(gateway)
    assert answer.status == 407
    assert answer.headers["proxy-authenticate"].startswith("Basic ")
    assert "请先登录" in answer.text
    assert "Please log in" in answer.text
    tunnel = gateway.curl(PHOTOS.replace("http:", "https:"))
    assert (tunnel.status, tunnel.connect) == (0, 407)


def test_two_people_on_one_address(gateway: Gateway) -> None:
    assert get(gateway, "t-wang").status == 200  # the marker page of a category that is let pass
    assert get(gateway, "g3101").status == 403
    assert get(gateway, "T-Wang ", PASSWORDS["t-wang"]).status == 200
    events = gateway.events
    until(lambda: sum(one["source"] == "ldap" for one in events()) >= 3)
    by_role = {one["role"]: one for one in events() if one["source"] == "ldap"}
    assert by_role["pupil"]["school"] == by_role["teacher"]["school"] == "wire"
    assert by_role["pupil"]["stage"] == "junior"
    assert by_role["pupil"]["token"] != by_role["teacher"]["token"]


def test_socks(gateway: Gateway) -> None:
    at = gateway.listener(ListenerKind.SOCKS5)
    found = {
        user: gateway.curl(
            PHOTOS, "--proxy-user", f"{user}:{password}", proxy=["-x", f"socks5h://{at}"]
        )
        for user, password in PASSWORDS.items()
    }
    assert {user: answer.status for user, answer in found.items()} == {"t-wang": 200, "g3101": 403}
    wrong = gateway.curl(PHOTOS, "--proxy-user", "g3101:no", proxy=["-x", f"socks5h://{at}"])
    assert wrong.exit == 97
    assert gateway.curl(PHOTOS, proxy=["-x", f"socks5h://{at}"]).exit == 97


@pytest.mark.parametrize(
    ("user", "password"), [("t-wang", "wrong"), ("nobody", "x"), ("*", "x"), ("t-wang", "")]
)
def test_a_wrong_password_is_407(gateway: Gateway, user: str, password: str) -> None:
    answer = get(gateway, user, password)
    assert answer.status == 407
    if password:
        assert "用户名或密码不对" in answer.text


def test_nothing_of_a_login_is_kept_anywhere(gateway: Gateway) -> None:
    text = json.dumps(gateway.events(), ensure_ascii=False) + gateway.log(10**6)
    for path in gateway.data.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in (*PASSWORDS.values(), directories.SERVICE[1]):
                assert secret.encode() not in data, path
            assert b"g3101" not in data, path
    for secret in (*PASSWORDS, *PASSWORDS.values(), directories.SERVICE[1]):
        assert secret not in text


def test_status_counts_logins(gateway: Gateway) -> None:
    until(lambda: "yes=" in gateway.command("identity", "status").stdout)
    assert "no=" in gateway.command("identity", "status").stdout


def test_guesses_are_slowed(gateway: Gateway) -> None:
    answers = [get(gateway, "somebody", f"guess {n}") for n in range(6)]
    assert {answer.status for answer in answers} == {407}
    assert "试得太多了" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 0


def test_while_the_directory_is_away_nobody_is_somebody(gateway: Gateway, slapd: Slapd) -> None:
    assert get(gateway, "t-wang").status == 200
    slapd.stop()
    try:
        assert get(gateway).status == 407
        until(lambda: get(gateway, "t-wang").status == 403)  # the memory of two seconds is over
        unknown = gateway.events
        until(lambda: any(one["source"] == "unknown" for one in unknown()))
        found = next(one for one in unknown() if one["source"] == "unknown")
        assert (found["role"], found["school"]) == ("pupil", "wire")
    finally:
        slapd.again()
    until(lambda: get(gateway, "t-wang").status == 200)


def test_a_directory_that_cannot_be_read_ends_the_start(tmp_path: Path) -> None:
    from tests.running import COMMAND, environment

    (tmp_path / "d.yaml").write_text("id: d\ntitle: {zh: a, en: b}\nservers: [ldaps://x]\n")
    done = subprocess.run(
        [str(COMMAND), "up", "--data", str(tmp_path / "var"),
         "--directory", str(tmp_path / "d.yaml"),
         "--proxy", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--metrics", "127.0.0.1:0"],
        capture_output=True, text=True, env=environment(), timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "d.yaml:1:1" in done.stderr
