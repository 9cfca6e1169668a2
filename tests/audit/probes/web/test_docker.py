"""daemon.json, flags of the unit, compose files."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.docker import document
from audit.probes.web.tree import Mode, Tree, rooted


def test_flags_count_where_daemon_json_is_silent() -> None:
    unit = b"[Service]\nExecStart=/usr/bin/dockerd -H fd:// "
    unit += b" -H tcp://0.0.0.0:2376 --tlsverify \\\n --icc=false\n"
    found = document(rooted([("lib/systemd/system/docker.service", unit)]))
    assert found is not None
    assert found["tcp"] == ["tcp://0.0.0.0:2376"]
    assert (found["tcp_without_tls"], found["containers_talk"]) == ([], False)
    assert "compose" not in found
    assert "socket" not in found


def test_the_socket() -> None:
    found = document(Tree(texts={}, modes={"/run/docker.sock": Mode(mode="0666", group="docker")}))
    assert found is not None
    assert found["socket"] == {"mode": "0666", "group": "docker", "open": True}


def test_compose_alone_says_nothing_of_the_daemon() -> None:
    text = (
        b"services: {a: {image: 'x@sha256:ab', volumes: [{type: bind, source: /etc, target: /e}]}}"
    )
    found = document(rooted([("opt/a/docker-compose.yml", text)]))
    assert found is not None
    assert "tcp" not in found
    assert found["compose"]["unpinned"] == []
    assert found["compose"]["host_folders"] == ["/opt/a/docker-compose.yml#a"]


def test_broken_files_are_gaps() -> None:
    for path, data in (("etc/docker/daemon.json", b"{"), ("etc/docker/daemon.json", b"[]"),
                       ("opt/docker-compose.yml", b"a: [")):  # fmt: skip
        found = document(rooted([(path, data)]))
        assert found is not None
        assert found["gaps"]
    assert document(rooted([])) is None


KEYS = ("services", "hosts", "log-opts", "environment", "volumes", "ports", "deploy", "resources")
VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=6),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(KEYS), x, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_any_value(value: object) -> None:
    data = json.dumps(value).encode()
    tree = rooted([("etc/docker/daemon.json", data), ("opt/docker-compose.yml", data)])
    assert document(tree) is not None
