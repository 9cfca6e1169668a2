"""The origin that all systems fetch from: nginx where it is installed, else a small one of ours.

    python -O bench/origin.py HTTP_PORT HTTPS_PORT PEM FOLDER      (the small one)

It serves `/page` (50 KiB of Chinese HTML) and `/small` (1 KiB), on the load generator's core.
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.systems import NAME, PRIVATE, Origin, answering, free_port, pinned, wait

PAGE = 50 * 1024
SMALL = 1024

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; default_type text/html; charset utf-8; keepalive_requests 10000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl;
    ssl_certificate {folder}/leaf.pem; ssl_certificate_key {folder}/leaf.pem;
    root {folder}/www;
  }}
}}
"""


def page(size: int) -> bytes:
    """A page of about this size whose words repeat as words do."""
    start = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>校园</title><body>\n'
    words = "图书馆里有许多关于植物、天文和历史的书，同学们在这里读书、讨论、写作。"
    text = start + "".join(f"<p>{number} {words}</p>\n" for number in range(size // 100))
    body = text.encode()[: size - 16]
    return body.decode("utf-8", "ignore").encode().ljust(size - 16) + b"\n</body></html>\n"


def certificates(folder: Path) -> tuple[Path, Path]:
    """(root, authority): the root's certificate and, for squid, a CA with its key.

    Writes `leaf.pem`, the origin's own certificate and key.
    """
    now = datetime.now(UTC)

    def issue(
        name: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey, ca: bool
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        own = ec.generate_private_key(ec.SECP256R1()) if issuer else key
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names: list[x509.GeneralName] = [x509.DNSName(n) for n in ("localhost", NAME, PRIVATE)]
        names.append(x509.IPAddress(ip_address("127.0.0.1")))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False
            )
        )
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(key, hashes.SHA256()), own

    def write(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
        return path

    key = ec.generate_private_key(ec.SECP256R1())
    root, _ = issue("bench root", None, key, True)
    leaf, leaf_key = issue("localhost", root.subject, key, False)
    write(folder / "leaf.pem", leaf, leaf_key)
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    other_key = ec.generate_private_key(ec.SECP256R1())
    other, _ = issue("bench squid CA", None, other_key, True)
    return folder / "root.pem", write(folder / "squid-ca.pem", other, other_key)


def start(folder: Path, core: int) -> tuple[Origin, subprocess.Popen[bytes], Path, str]:
    """The origin, its process, a CA for squid, and what kind of origin it is."""
    (folder / "www").mkdir()
    (folder / "www" / "page").write_bytes(page(PAGE))
    (folder / "www" / "small").write_bytes(page(SMALL))
    root, authority = certificates(folder)
    origin = Origin(http=free_port(), https=free_port(), root=root)
    log = folder / "log"
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if nginx is not None:
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, http=origin.http, https=origin.https))
        for path in (folder, *folder.rglob("*")):  # its workers give up root
            path.chmod(0o755 if path.is_dir() else 0o644)
        argv = [nginx, "-c", str(config), "-e", str(folder / "error.log")]
    else:
        ports = [str(origin.http), str(origin.https)]
        argv = [sys.executable, "-O", "-m", "bench.origin", *ports, str(folder)]
    place = Path(__file__).resolve().parent.parent
    process = pinned(argv, core, log, place)
    wait("the origin", process, log, lambda: answering(origin.http) and answering(origin.https))
    return origin, process, authority, "nginx" if nginx else "a Python origin (nginx is missing)"


class Small(asyncio.Protocol):
    """The small origin: answers whole heads, keeps connections."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self.answers = answers
        self.waiting = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while b"\r\n\r\n" in self.waiting and self.transport is not None:
            head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            self.transport.write(self.answers.get(path, self.answers[b"/small"]))


async def serve(http: int, https: int, folder: Path) -> None:
    answers = {}
    for name in ("page", "small"):
        body = (folder / "www" / name).read_bytes()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        answers[f"/{name}".encode()] = head.encode() + body
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Small(answers), "127.0.0.1", http)
    server = await loop.create_server(lambda: Small(answers), "127.0.0.1", https, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
