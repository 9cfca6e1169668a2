"""What the doctor sees, and that it says unknown where it could not look."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import authority
from gateway.doctor import ROOT_QUERY, Check, Health, _identity, ask, examine, redirects_itself
from gateway.node import Address, Node
from gateway.reload import Compiled, Publication, Result, publication_json, put_in_force, write_text
from gateway.sockets import bound

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def seen(node: Node, now: datetime = NOW) -> dict[str, Check]:
    return {check.id: check for check in examine(node, now)}


@pytest.mark.wire
def test_a_node_that_never_started_is_unknown_not_well(tmp_path: Path) -> None:
    found = seen(Node(name="n", data=tmp_path / "var"))
    unknown = {"folder", "disk", "ca", "running", "policy"}
    assert {name for name in unknown if found[name].health is Health.UNKNOWN} == unknown
    assert found["python"].health is Health.OK
    assert not (tmp_path / "var").exists()


@pytest.mark.wire
def test_open_folders_and_keys_are_problems(tmp_path: Path) -> None:
    node = Node(name="n", data=tmp_path)
    authority.ensure(node.ca, NOW)
    authority.ensure_keys(node.data / "keys")
    node.data.chmod(0o700)
    assert seen(node)["folder"].health is Health.OK
    assert "secret" not in seen(node)
    (node.data / "keys" / "ticket.key").chmod(0o644)
    (node.data / "keys").chmod(0o755)
    found = seen(node)
    assert found["secret"].health is Health.PROBLEM
    assert "chmod 700" in found["folder"].said


@pytest.mark.wire
def test_a_ca_near_its_end(tmp_path: Path) -> None:
    node = Node(name="n", data=tmp_path)
    made = authority.ensure(node.ca, NOW)
    assert seen(node)["ca"].health is Health.OK
    late = seen(node, made.current.not_after - timedelta(days=30))["ca"]
    assert late.health is Health.PROBLEM
    assert "ca rotate" in late.said


@pytest.mark.wire
def test_a_refused_update_and_a_missing_rule_base(tmp_path: Path) -> None:
    node = Node(name="n", data=tmp_path)
    node.run.mkdir()
    (node.rulebase / "rb").mkdir(parents=True)
    put_in_force(node, Compiled(snapshot="s", rulebase="rb", document='{"rulebase": "rb"}'))
    assert seen(node)["policy"].health is Health.OK
    refused = Publication(
        result=Result.REFUSED, snapshot="s", rulebase="rb", at=0.0, seconds=0.0, problems=("x:1",)
    )
    write_text(node.run / "publication.json", publication_json(refused))
    assert "x:1" in seen(node)["policy"].said
    put_in_force(node, Compiled(snapshot="t", rulebase="gone", document='{"rulebase": "gone"}'))
    assert "missing" in seen(node)["policy"].said


@pytest.mark.wire
def test_ports_and_upstreams(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        node = Node(name="n", data=tmp_path, metrics=bound(taken), dns=Address.parse("127.0.0.1:0"))
        checks = [check for check in examine(node, NOW) if check.id == "port"]
    assert [check.health for check in checks] == [Health.OK, Health.PROBLEM]
    assert seen(node)["dns-upstream"].health is Health.PROBLEM


@pytest.mark.wire
@pytest.mark.parametrize(
    ("reply", "well"),
    [(ROOT_QUERY[:2] + b"\x80\x00", True), (b"no", False), (b"", False), (None, False)],
)
def test_asking_a_resolver(reply: bytes | None, well: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)

        def serve() -> None:
            question, client = server.recvfrom(512)
            if reply is not None and question == ROOT_QUERY:
                server.sendto(reply, client)

        thread = threading.Thread(target=serve)
        thread.start()
        said = ask(bound(server), seconds=1.0 if reply is None else 20.0)
        thread.join()
    assert (said == "") is well


CHAINS = {
    "only-prerouting": (
        "\tchain pre {\n\t\ttype nat hook prerouting priority dstnat;\n"
        "\t\ttcp dport 80 redirect to :8081\n\t}\n",
        False,
    ),
    "output-without-exception": (
        "\tchain out {\n\t\ttype nat hook output priority -100;\n"
        "\t\ttcp dport 80 redirect to :8081\n\t}\n",
        True,
    ),
    "output-of-another-port": (
        "\tchain out {\n\t\ttype nat hook output priority -100;\n"
        "\t\ttcp dport 80 redirect to :9999\n\t}\n",
        False,
    ),
    "uid-excluded-in-line": (
        "\tchain out {\n\t\ttype nat hook output priority -100;\n"
        "\t\tmeta skuid != 990 tcp dport 80 redirect to :8081\n\t}\n",
        False,
    ),
    "uid-returned-before": (
        "\tchain out {\n\t\ttype nat hook output priority -100;\n\t\tmeta skuid 990 return\n"
        "\t\ttcp dport 80 redirect to :8081\n\t}\n",
        False,
    ),
    "uid-returned-after": (
        "\tchain out {\n\t\ttype nat hook output priority -100;\n"
        "\t\ttcp dport 80 redirect to :8081\n\t\tmeta skuid 990 return\n\t}\n",
        True,
    ),
    "empty": ("", False),
}


@pytest.mark.parametrize(("chains", "loops"), CHAINS.values(), ids=CHAINS)
def test_redirect_loops(chains: str, loops: bool) -> None:
    assert redirects_itself(f"table inet qinglang {{\n{chains}}}\n", {8081}) is loops


@pytest.mark.parametrize(
    ("told", "health"),
    [
        ({}, Health.UNKNOWN),
        ({"problems": ["bad line"]}, Health.PROBLEM),
        ({"secret": 3}, Health.PROBLEM),
        ({"accepted": 0}, Health.UNKNOWN),
        ({"accepted": 2, "secret": 3}, Health.OK),
    ],
)
def test_identity(tmp_path: Path, told: dict[str, object], health: Health) -> None:
    node = Node(name="n", data=tmp_path, radius=Address.parse("127.0.0.1:1813"))
    assert list(_identity(node, 0)) == []
    node.run.mkdir()
    if told:
        heard = {"accepted": 0, "secret": 0, "client": 0, **told}
        status = {"problems": told.get("problems", []), "heard": heard, "sessions": {}}
        (node.run / "identity.json").write_text(json.dumps({**status, "persons": 0}))
    (check,) = _identity(node, 1)
    assert check.health is health
