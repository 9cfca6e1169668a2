"""A Docker host from its files: daemon.json, the unit's flags, the socket, compose files. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from audit.probes.web.tree import Tree

FORMAT = "qinglang-facts-docker/1"
SENSITIVE = (
    "/",
    "/etc",
    "/root",
    "/boot",
    "/proc",
    "/sys",
    "/var/lib",
    "/home",
    "/var/run",
    "/run",
)
CAPABILITIES = ("ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "NET_ADMIN", "DAC_READ_SEARCH")
COMPOSE = ("*docker-compose*.yml", "*docker-compose*.yaml", "*/compose.yml", "*/compose.yaml")


def document(tree: Tree) -> dict[str, Any] | None:
    """The facts of a Docker host; None where there is no sign of one."""
    daemon = tree.find("docker/daemon.json", "daemon.json")
    units = [p for p in tree.texts if re.search(r"/docker\.service(\.d/.*\.conf)?$", p)]
    compose = tree.under(*COMPOSE)
    socket = next((tree.modes[p] for p in tree.modes if p.endswith("/docker.sock")), None)
    if not (daemon or units or socket or compose):
        return None
    gaps = tree.gaps("docker", "compose")
    said = _json(tree.texts.get(daemon, "") if daemon else "", daemon, gaps)
    said = _flags([tree.texts[one] for one in sorted(units)]) | said
    services = list(_services(tree, compose, gaps))
    found: dict[str, Any] = {
        "format": FORMAT,
        "platform": "docker",
        **_daemon(said),
        **_composed(services, bool(compose)),
        "gaps": gaps,
    }
    if not (daemon or units or socket):  # compose files alone say nothing of the daemon
        for name in _daemon({}):
            found.pop(name, None)
    if socket is not None:
        found["socket"] = {
            "mode": socket.mode,
            "group": socket.group,
            "open": bool(int(socket.mode, 8) & 0o007),
        }
    return found


def _json(text: str, path: str, gaps: list[dict[str, str]]) -> dict[str, Any]:
    try:
        said = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        gaps.append({"path": "", "why": "error", "detail": f"{path}: 不是 JSON / is no JSON"})
        return {}
    return said


def _flags(units: list[str]) -> dict[str, Any]:
    """What dockerd is started with, as keys of daemon.json. The last ExecStart counts."""
    found: dict[str, Any] = {}
    for text in units:
        for line in re.findall(r"(?m)^\s*ExecStart=(.+)$", re.sub(r"\\\r?\n", " ", text)):
            try:
                words = shlex.split(line)
            except ValueError:
                continue
            found = _spelled(words[1:])
    return found


def _spelled(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    while at < len(words):
        name, equals, value = words[at].lstrip("-").partition("=")
        if not equals and at + 1 < len(words) and not words[at + 1].startswith("-"):
            value, at = words[at + 1], at + 1
        name = {
            "H": "hosts",
            "host": "hosts",
            "insecure-registry": "insecure-registries",
            "log-opt": "log-opts",
        }.get(name, name)
        if name in ("hosts", "insecure-registries"):
            found.setdefault(name, []).append(value)
        elif name == "log-opts":
            key, _, held = value.partition("=")
            found.setdefault(name, {})[key] = held
        else:
            found[name] = {"true": True, "false": False, "": True}.get(value, value)
        at += 1
    return found


def _daemon(said: Mapping[str, Any]) -> dict[str, Any]:
    hosts = said.get("hosts")
    listed = [str(one) for one in hosts] if isinstance(hosts, list) else []
    tcp = [one for one in listed if one.startswith("tcp://")]
    registries = said.get("insecure-registries")
    options = said.get("log-opts")
    options = options if isinstance(options, dict) else {}
    driver = str(said.get("log-driver") or "json-file")
    return {
        "tcp": tcp,
        "tcp_without_tls": [] if said.get("tlsverify") is True else tcp,
        "user_namespaces": bool(said.get("userns-remap")) or said.get("rootless") is True,
        "containers_talk": said.get("icc") is not False,
        "no_new_privileges": said.get("no-new-privileges") is True,
        "live_restore": said.get("live-restore") is True,
        "userland_proxy": said.get("userland-proxy") is not False,
        "insecure_registries": [str(one) for one in registries][:20]
        if isinstance(registries, list)
        else [],
        "log_driver": driver,
        "log_remote": driver in ("syslog", "journald", "fluentd", "gelf", "splunk"),
        "log_limited": "max-size" in options or driver not in ("json-file", "local"),
        "content_trust": bool((said.get("content-trust") or {}).get("mode"))
        if isinstance(said.get("content-trust"), dict)
        else False,
        "authorization": bool(said.get("authorization-plugins")),
        "seccomp_off": said.get("seccomp-profile") == "unconfined",
        "experimental": said.get("experimental") is True,
        "debug": said.get("debug") is True or said.get("log-level") == "debug",
    }


def _services(
    tree: Tree, paths: list[str], gaps: list[dict[str, str]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in paths[:200]:
        try:
            said = yaml.safe_load(tree.texts[path])
            held = said.get("services", {}) if isinstance(said, dict) else None
        except (yaml.YAMLError, RecursionError, ValueError):
            held = None
        if not isinstance(held, dict):
            detail = f"{path}: 不是 compose 文件 / is no compose file"
            gaps.append({"path": "compose", "why": "error", "detail": detail})
            continue
        for name, one in held.items():
            if isinstance(one, dict):
                yield f"{path}#{name}"[:200], one


def _composed(services: list[tuple[str, dict[str, Any]]], any_file: bool) -> dict[str, Any]:
    if not any_file:
        return {}
    return {
        "compose": {
            "services": [name for name, _ in services],
            "privileged": [name for name, one in services if one.get("privileged") is True],
            "host_network": [
                name
                for name, one in services
                if "host" in (one.get("network_mode"), one.get("pid"), one.get("ipc"))
            ],
            "docker_socket": [
                n for n, one in services if any("docker.sock" in v for v in _volumes(one))
            ],
            "host_folders": [
                n for n, one in services if any(v in SENSITIVE for v in _volumes(one))
            ],
            "capabilities": [
                n for n, one in services if {*_list(one, "cap_add")} & {*CAPABILITIES}
            ],
            "root": [
                n
                for n, one in services
                if str(one.get("user", "root")).split(":")[0] in ("", "0", "root")
            ],
            "unpinned": [n for n, one in services if _unpinned(str(one.get("image", "x:1")))],
            "writable": [n for n, one in services if one.get("read_only") is not True],
            "unlimited": [n for n, one in services if not _limited(one)],
            "spelled_secrets": [n for n, one in services if _spelled_secret(one)],
            "exposed_databases": [n for n, one in services if _exposed(one)],
            "unchecked": [n for n, one in services if "healthcheck" not in one],
        }
    }


def _list(one: Mapping[str, Any], key: str) -> list[str]:
    held = one.get(key)
    return [str(each) for each in held] if isinstance(held, list) else []


def _volumes(one: Mapping[str, Any]) -> list[str]:
    held = one.get("volumes")
    found = []
    for each in held if isinstance(held, list) else ():
        source = each.get("source", "") if isinstance(each, dict) else str(each).split(":")[0]
        found.append(str(source).rstrip("/") or "/")
    return [each for each in found if each.startswith("/")]


def _unpinned(image: str) -> bool:
    tail = image.rpartition("/")[2]
    return "@sha256:" not in image and (":" not in tail or tail.endswith(":latest"))


def _limited(one: Mapping[str, Any]) -> bool:
    deploy = one.get("deploy")
    limits = deploy.get("resources", {}) if isinstance(deploy, dict) else {}
    return bool(one.get("mem_limit") or (isinstance(limits, dict) and limits.get("limits")))


def _spelled_secret(one: Mapping[str, Any]) -> bool:
    held = one.get("environment")
    pairs = (
        [(str(k), str(v)) for k, v in held.items() if v is not None]
        if isinstance(held, dict)
        else [tuple(str(e).partition("=")[::2]) for e in held]
        if isinstance(held, list)
        else []
    )
    return any(
        re.search(r"(?i)passw|secret|token", k) and not k.endswith("_FILE") and v and "${" not in v
        for k, v in pairs
    )


def _exposed(one: Mapping[str, Any]) -> bool:
    """A database's port on every address of the host."""
    return any(
        re.fullmatch(r"(?:0\.0\.0\.0:)?(?:\d+:)?(?:3306|5432|6379|27017|9200|1521|1433|5236)", port)
        for port in _list(one, "ports")
    )
