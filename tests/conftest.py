"""Fixtures of the end-to-end tests: origins, certificates, and running gateways.

Only tests under tests/wire ask for them; every other test starts nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rules import load
from tests import certificates
from tests.origins import Origins, Place
from tests.running import Gateway, start

settings.register_profile("qinglang", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("qinglang")  # how busy the machine is, is not what a test is about

HOME = "127.0.0.2"  # the address of every named origin
NAMES = (
    "www.allowed.example",
    "plain.allowed.example",
    "http.allowed.example",
    "h1.allowed.example",
    "h2.allowed.example",
    "www.blocked.example",
    "www.warned.example",
    "other.warned.example",
    "www.bank.example",
    "www.mixed.example",
    "www.unknown.example",
    "expired.allowed.example",
    "self.allowed.example",
    "wrong.allowed.example",
    "partial.allowed.example",
    "mutual.allowed.example",
    "xn--0zwm56d.allowed.example",
    "www.xn--blkd-x4d6cva.example",
)
RESOLVED = {
    "upstream.allowed.example": "203.0.113.7",
    "cloaked.unknown.example": "www.blocked.example.",
    "alias.unknown.example": "www.allowed.example.",
}
LIST = """\
allowed.example education
blocked.example gambling
warned.example fandom
bank.example banking
mixed.example education
mixed.example/bad gambling
127.0.0.3 education
127.0.0.4 gambling
127.0.0.5 banking
203.0.113.66 gambling
"""
SOURCE = """\
id: wire
title: {zh: "端到端测试", en: "End-to-end tests"}
format: starter
files: [hosts.txt]
licence: own
source: "made by the tests"
"""
SCHOOL = """\
id: wire
title: {zh: "测试学校", en: "Test school"}
scope: school
prefixes:
  - {prefix: 127.0.1.0/24, stage: senior, tier: 16-18}
  - {prefix: 127.0.2.0/24, role: teacher}
  - {prefix: 127.0.3.0/24, role: visitor}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything around the gateway: origins by purpose, and the root that signed them."""

    origins: Origins
    root: Path
    http: Place  # plain HTTP
    h1: Place  # HTTPS, HTTP/1.1
    h2: Place  # HTTPS, HTTP/2 and HTTP/1.1
    strange: Place  # neither HTTP nor TLS: greets and echoes
    bad: dict[str, Place]  # HTTPS origins whose certificates cannot be verified, by fault
    resolver: Place

    @property
    def places(self) -> tuple[Place, ...]:
        return (self.http, self.h1, self.h2, self.strange, *self.bad.values())


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """The same text of the same file is converted once a run: `loads` is pure.

    Hundreds of tests compile the shipped categories and policies; errors are not kept.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "loads", lru_cache(maxsize=2048)(load.loads))
        yield


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("origins")
    root = certificates.authority("Test origins root")
    middle = certificates.authority("Test origins intermediate", root)
    (folder / "root.pem").write_bytes(root.pem)
    addresses = [f"127.0.0.{last}" for last in range(2, 10)]

    def pem(name: str, issued: certificates.Issuer, *chain: certificates.Issuer) -> Path:
        return certificates.write(issued, folder / f"{name}.pem", *chain)

    good = pem("good", certificates.leaf([*NAMES, *addresses], middle), middle)
    faults = {
        "expired": certificates.leaf(["expired.allowed.example"], root, begin=-20, end=-1),
        "self": certificates.leaf(["self.allowed.example"], None),
        "wrong": certificates.leaf(["somebody-else.example"], root),
        "partial": certificates.leaf(["partial.allowed.example"], middle),
    }
    with Origins() as origins:
        bad = {
            name: origins.web(HOME, certificates.server(pem(name, issued), "http/1.1"))
            for name, issued in faults.items()
        }
        mutual = certificates.leaf(["mutual.allowed.example"], root)
        # TLS 1.2 refuses inside the handshake, 1.3 only after it
        for name, version in (("1.2", ssl.TLSVersion.TLSv1_2), ("1.3", ssl.TLSVersion.TLSv1_3)):
            context = certificates.server(pem("mutual", mutual), "http/1.1", clients=root)
            context.maximum_version = version
            bad[f"mutual {name}"] = origins.demanding(HOME, context)
        yield World(
            origins=origins,
            root=folder / "root.pem",
            http=origins.web(HOME),
            h1=origins.web(HOME, certificates.server(good, "http/1.1")),
            h2=origins.web(HOME, certificates.server(good, "h2", "http/1.1")),
            strange=origins.raw(HOME, b"220 greetings\r\n"),
            bad=bad,
            resolver=origins.resolver(HOME, RESOLVED),
        )


def write_rules(folder: Path) -> Path:
    """A folder with one list, for `--rules`."""
    (folder / "wire").mkdir(parents=True)
    (folder / "wire" / "hosts.txt").write_text(LIST)
    (folder / "wire" / "source.yaml").write_text(SOURCE)
    return folder


def write_policy(folder: Path) -> Path:
    """A folder with one school, for `--policy`."""
    (folder / "schools").mkdir(parents=True)
    (folder / "schools" / "wire.yaml").write_text(SCHOOL)
    return folder


def options(world: World, folder: Path, workers: int) -> list[str]:
    """The command line of a test gateway: every listener, on free ports."""
    free = "127.0.0.1:0"
    config = folder / "node.yaml"
    config.write_text(
        f"resolve: [{', '.join(f'{name}={HOME}' for name in NAMES)}]\n"
        "listeners:\n"
        f"  - {{kind: explicit, address: '{free}'}}\n"
        f"  - {{kind: explicit, address: '{free}', proxy_protocol: true}}\n"
    )
    return [
        *("--config", str(config), "--name", "test", "--workers", str(workers)),
        *("--socks", free, "--transparent", free, "--page-http", free, "--page-https", free),
        *("--dns", free, "--dns-upstream", str(world.resolver), "--metrics", free),
        *("--rules", str(write_rules(folder / "lists"))),
        *("--policy", str(write_policy(folder / "policies"))),
        *("--open", *map(str, world.places)),
    ]


def run(world: World, folder: Path, workers: int = 1) -> Gateway:
    """Start a gateway in `folder`; the caller stops it."""
    return start(folder, world.root, options(world, folder, workers))


@pytest.fixture(scope="session")
def gateway(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway with one worker, shared by the tests that only look."""
    running = run(world, tmp_path_factory.mktemp("gateway"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def own_gateway(world: World, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with two workers of the test's own, to be reloaded, killed and counted."""
    running = run(world, tmp_path, workers=2)
    try:
        yield running
    finally:
        running.stop()
