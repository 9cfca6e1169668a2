"""The listening sockets of a node, opened once by the supervisor for all workers.

One inherited socket per listener: with SO_REUSEPORT a stopped or killed worker
takes the connections queued on its own socket with it (measured), with a shared
one none is lost. A taken port is an error in one sentence; only a port that
nobody asked for may move. A door: sockets and nothing else.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from gateway.node import Address, Node
from gateway.settings import Plan
from rules.load import WorldError

BACKLOG = 4096
TRIES = 20  # a free TCP port whose UDP twin is taken is tried again this often


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """All sockets of a node, and the node with the addresses they really have."""

    node: Node
    listeners: tuple[socket.socket, ...]
    dns_udp: socket.socket | None
    dns_tcp: socket.socket | None
    metrics: socket.socket | None
    radius: socket.socket | None = None
    identity_api: socket.socket | None = None
    moved: tuple[tuple[Address, Address], ...] = ()

    def close(self) -> None:
        single = (self.dns_udp, self.dns_tcp, self.metrics, self.radius, self.identity_api)
        for each in (*self.listeners, *single):
            if each is not None:
                each.close()


def open_all(plan: Plan) -> Opened:
    """Open everything the plan names, or nothing. Raises WorldError naming the port."""
    node = plan.node
    with ExitStack() as half_done:
        listeners: list[socket.socket] = []
        for listener in node.listeners:
            listeners.append(_tcp(listener.address, listener.address in plan.movable))
            half_done.callback(listeners[-1].close)
        udp, tcp = _dns(node.dns, node.dns in plan.movable) if node.dns else (None, None)
        for each in (udp, tcp):
            if each is not None:
                half_done.callback(each.close)
        metrics = _tcp(node.metrics, node.metrics in plan.movable) if node.metrics else None
        if metrics is not None:
            half_done.callback(metrics.close)
        radius = _udp(node.radius) if node.radius else None
        if radius is not None:
            half_done.callback(radius.close)
        api = _tcp(node.identity_api, False) if node.identity_api else None
        half_done.pop_all()
    real = tuple(
        replace(listener, address=bound(opened))
        for listener, opened in zip(node.listeners, listeners, strict=True)
    )
    dns, status = bound(tcp) if tcp else None, bound(metrics) if metrics else None
    return Opened(
        node=replace(
            node,
            listeners=real,
            dns=dns,
            metrics=status,
            radius=bound(radius) if radius else None,
            identity_api=bound(api) if api else None,
        ),
        listeners=tuple(listeners),
        dns_udp=udp,
        dns_tcp=tcp,
        metrics=metrics,
        radius=radius,
        identity_api=api,
        moved=_moved(node, (*(r.address for r in real), dns, status)),
    )


def bound(opened: socket.socket) -> Address:
    """The address a socket really has."""
    host, port = opened.getsockname()[:2]
    return Address(host=str(host), port=int(port))


def free(address: Address) -> str:
    """Why a TCP listener cannot be opened at `address`; empty where it can."""
    try:
        _bind(address, socket.SOCK_STREAM).close()
    except OSError as error:
        return str(error.strerror)
    return ""


def _moved(node: Node, real: Iterable[Address | None]) -> tuple[tuple[Address, Address], ...]:
    asked = (*(listener.address for listener in node.listeners), node.dns, node.metrics)
    pairs = zip(asked, real, strict=True)
    return tuple((a, r) for a, r in pairs if a and r and a.port not in (0, r.port))


def _tcp(address: Address, movable: bool) -> socket.socket:
    try:
        opened = _bind(address, socket.SOCK_STREAM)
    except OSError as error:
        if not movable or error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise _taken(address, error) from error
        opened = _bind(replace(address, port=0), socket.SOCK_STREAM)
    opened.listen(BACKLOG)
    return opened


def _udp(address: Address) -> socket.socket:
    try:
        return _bind(address, socket.SOCK_DGRAM)
    except OSError as error:
        raise _taken(address, error) from error


def _dns(address: Address, movable: bool) -> tuple[socket.socket, socket.socket]:
    """UDP and TCP on the same port. `[::]` serves IPv4 as well: a node has one DNS address."""
    try:
        return _pair(address)
    except OSError as error:
        if not movable and address.port != 0:
            raise _taken(address, error) from error
    for _ in range(TRIES):
        try:
            return _pair(replace(address, port=0))
        except OSError:
            continue
    raise WorldError(f"{address}: 找不到空闲端口 / no free port for DNS was found")


def _pair(address: Address) -> tuple[socket.socket, socket.socket]:
    tcp = _bind(address, socket.SOCK_STREAM, both=True)
    try:
        udp = _bind(bound(tcp), socket.SOCK_DGRAM, both=True)
    except OSError:
        tcp.close()
        raise
    tcp.listen(BACKLOG)
    return udp, tcp


def _bind(address: Address, kind: socket.SocketKind, *, both: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    opened = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:  # on UDP it would let two gateways share one port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        opened.setblocking(False)
        opened.bind((address.host, address.port))
    except OSError:
        opened.close()
        raise
    return opened


def _taken(address: Address, error: OSError) -> WorldError:
    said = {
        errno.EADDRINUSE: "端口已被占用，请换一个或停掉占用它的程序 / the port is taken: "
        "choose another or stop the program that has it",
        errno.EACCES: "没有权限使用 1024 以下的端口 / no permission for a port below 1024: "
        "give the service CAP_NET_BIND_SERVICE (see deploy/systemd)",
        errno.EADDRNOTAVAIL: "本机没有这个地址 / this machine does not have that address",
    }
    return WorldError(f"{address}: {said.get(error.errno or 0, error.strerror)}")
