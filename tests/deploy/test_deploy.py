"""The files an operator installs: each is accepted by the program that reads it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gateway.doctor import redirects_itself
from gateway.settings import Machine, Settings, plan
from rules.load import load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def test_the_sample_node_file_is_a_node() -> None:
    settings = load(Settings, DEPLOY / "systemd" / "node.yaml")
    node = plan(settings, Machine(name="n", cores=2)).node
    assert {str(one.kind) for one in node.listeners} >= {"explicit", "transparent", "page-http"}
    assert all("0.0.0.0/0" not in one.clients for one in node.listeners)


def test_the_nftables_rules_hold_what_transparent_mode_needs() -> None:
    text = (DEPLOY / "nftables" / "qinglang.nft").read_text()
    for needed in (
        "flags timeout",
        "iifname != @alive iifname != @closed return",
        "tcp dport { 80, 443 } redirect to :$proxy",
        "th dport 53 redirect to :$dns",
        "udp dport { 443, 853 } reject",
        "tcp dport 853 reject",
        "meta skuid $gateway_uid return",
        "table inet",
    ):
        assert needed in text, needed
    port = re.search(r"define proxy = (\d+)", text)
    assert port is not None
    assert not redirects_itself(text.replace("$proxy", port[1]), {int(port[1])})


def test_alerts_name_metrics_that_exist() -> None:
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
    code = "".join(
        (ROOT / "gateway" / name).read_text() for name in ("metrics.py", "status.py", "events.py")
    )
    rules = alerts["groups"][0]["rules"]
    named = {n for rule in rules for n in re.findall(r"qinglang_(\w+)", rule["expr"])}
    assert named
    missing = {n for n in named if n.removesuffix("_total") not in code}
    assert missing == set()


def test_the_service_is_hardened_and_points_at_real_files() -> None:
    unit = (DEPLOY / "systemd" / "qinglang.service").read_text()
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077", "User=qinglang"):
        assert line in unit.splitlines()
    heartbeat = (DEPLOY / "systemd" / "qinglang-heartbeat.service").read_text()
    named = re.search(r"ExecStart=/bin/sh /opt/qinglang/(\S+)", heartbeat)
    assert named is not None
    assert (ROOT / named[1]).is_file()


def test_the_signer_is_another_user_and_takes_these_options() -> None:
    unit = (DEPLOY / "systemd" / "qinglang-signer.service").read_text()
    assert "User=qinglang-signer" in unit.splitlines()
    words = re.search(r"gateway\.signer (.+)", unit)
    assert words is not None
    code = (ROOT / "gateway" / "signer.py").read_text()
    assert [o for o in re.findall(r"--[a-z-]+", words[1]) if f'"{o}"' not in code] == []


READERS = {
    "nft": ("nftables", ["nft", "-c", "-f", "{}"], "nftables/qinglang.nft"),
    "sh": ("dash", ["sh", "-n", "{}"], "systemd/heartbeat.sh"),
}


@pytest.mark.wire
@pytest.mark.parametrize(("package", "argv", "file"), READERS.values(), ids=READERS)
def test_the_program_that_reads_it_accepts_it(
    tmp_path: Path, package: str, argv: list[str], file: str
) -> None:
    if shutil.which(argv[0], path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        pytest.fail(f"install Debian's {package} package: this test has {file} checked by it")
    text = (DEPLOY / file).read_text().replace('gateway_uid = "qinglang"', "gateway_uid = 990")
    (tmp_path / "file").write_text(text)
    done = subprocess.run(
        [word.format(tmp_path / "file") for word in argv],
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
