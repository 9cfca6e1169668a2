"""What `qinglang up` tells people: zh-CN first, English beside it. Text from values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from gateway.authority import Authority
from gateway.node import Address, Listener, ListenerKind, Node
from gateway.reload import Publication
from rules.model import MARKER_ZONE

KINDS = {
    ListenerKind.EXPLICIT: "HTTP(S) 代理 / proxy",
    ListenerKind.SOCKS5: "SOCKS5 代理 / proxy",
    ListenerKind.TRANSPARENT: "透明代理 / transparent",
    ListenerKind.PAGE_HTTP: "拦截页 / block page (http)",
    ListenerKind.PAGE_HTTPS: "拦截页 / block page (https)",
    ListenerKind.APPLICATIONS: "应用脱敏 / applications, masked",
}
BLOCKED = f"gambling.{MARKER_ZONE}"
ALLOWED = f"education.{MARKER_ZONE}"


def announcement(
    node: Node,
    *,
    authority: Authority,
    publication: Publication,
    moved: Iterable[tuple[Address, Address]],
    now: datetime,
    here: Path,
) -> str:
    """Everything a person needs after a start, as one text; paths as seen from `here`."""
    data = node.data.relative_to(here) if node.data.is_relative_to(here) else node.data
    folder = data / "ca"
    blocks = (
        _listening(node, moved),
        _in_force(publication),
        _trust(node, authority, folder, now),
        _try(node, folder),
        ("Ctrl-C 停止 / stops it cleanly", f"qinglang gateway status --data {data}"),
    )
    return "\n\n".join("\n".join(block) for block in blocks)


def local(address: Address) -> Address:
    """An address to type on this machine: a wildcard becomes loopback."""
    host = ip_address(address.host)
    if not host.is_unspecified:
        return address
    return Address(host="127.0.0.1" if host.version == 4 else "::1", port=address.port)


def first(node: Node, kind: ListenerKind) -> Listener | None:
    return next((one for one in node.listeners if one.kind is kind), None)


def _listening(node: Node, moved: Iterable[tuple[Address, Address]]) -> Iterator[str]:
    yield f"清朗 Qinglang 已启动 / is running: {node.name}, {node.workers} 个工作进程 / workers"
    for listener in node.listeners:
        yield f"  {KINDS[listener.kind]}: {listener.address}"
    if node.dns:
        upstreams = ", ".join(map(str, node.dns_upstreams))
        missing = "没有上游，只答被拦截的域名 / no upstream: only blocked names are answered"
        yield f"  DNS (UDP+TCP): {node.dns} → {upstreams or missing}"
    if node.metrics:
        at = local(node.metrics)
        yield f"  指标 / metrics: http://{at}/metrics   健康 / health: http://{at}/healthz"
        if first(node, ListenerKind.EXPLICIT):
            yield f"  自动配置 / PAC: http://{at}/proxy.pac"
    for asked, real in moved:
        yield f"  ! 默认端口 {asked.port} 已被占用，改用 {real} / was taken, {real} is used instead"
    if first(node, ListenerKind.TRANSPARENT):
        yield "  透明模式需要 deploy/nftables 的规则 / transparent mode needs the rules there"


def _in_force(publication: Publication) -> Iterator[str]:
    yield f"规则库 / rule base: {publication.rulebase[:16]}"
    yield f"策略快照 / snapshot: {publication.snapshot[:16]} ({publication.seconds:.1f} s)"
    for note in publication.notes:
        yield f"  {note}"
    if not publication.good:
        yield "! 数据有错，沿用上一份 / the data is wrong, the last good one stays in force:"
    most = 20
    for problem in publication.problems[:most]:
        yield f"  {problem}"
    if len(publication.problems) > most:
        yield f"  … {len(publication.problems) - most} 条 / more: qinglang gateway status"


def _trust(node: Node, authority: Authority, folder: Path, now: datetime) -> Iterator[str]:
    pem, crt = folder / "qinglang-ca.pem", folder / "qinglang-ca.crt"
    expires, left = authority.current.not_after, authority.current.days_left(now)
    yield f"CA 证书 / certificate: {pem}"
    yield f"  有效至 / valid until {expires:%Y-%m-%d} ({left} 天 / days)"
    yield f"  SHA-256 {authority.current.fingerprint}"
    if authority.next:
        yield f"  已准备的新 CA / next one, to be spread now: {folder / 'qinglang-ca-next.pem'}"
    yield "安装到设备 / trust it on devices:"
    yield f"  Debian  sudo cp {pem} /usr/local/share/ca-certificates/qinglang-ca.crt && \\"
    yield "          sudo update-ca-certificates"
    yield f"  Windows certutil -addstore -f Root {crt.name}    （管理员 / as administrator）"
    yield "  macOS   sudo security add-trusted-cert -d -r trustRoot \\"
    yield f"          -k /Library/Keychains/System.keychain {crt.name}"
    yield "  Firefox about:config → security.enterprise_roots.enabled = true"
    yield "  iOS     安装描述文件后还要在“证书信任设置”里打开 / also switch on full trust"
    yield "  Android 7+ 的多数应用不信任用户 CA，仅浏览器有效 / apps ignore it, browsers do not"
    if node.metrics:
        yield f"  下载 / download: http://{local(node.metrics)}/ca.pem  /ca.crt"


def _try(node: Node, folder: Path) -> Iterator[str]:
    yield "试一试 / try it:"
    proxy = first(node, ListenerKind.EXPLICIT)
    if proxy:
        way = f"-x http://{local(proxy.address)}"
        ca = f"--cacert {folder / 'qinglang-ca.pem'}"
        yield f"  curl {way} http://{BLOCKED}/      # 403 拦截页 / block page"
        yield f"  curl {way} http://{ALLOWED}/     # 200"
        yield f"  curl {ca} {way} https://{BLOCKED}/"
    socks = first(node, ListenerKind.SOCKS5)
    if socks:
        yield f"  curl --socks5-hostname {local(socks.address)} http://{BLOCKED}/"
    if node.dns:
        at = local(node.dns)
        yield f"  dig @{at.host} -p {at.port} {BLOCKED}"
