"""Which formats there are, and which one a file is: by its first bytes, never by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import BinaryIO

from audit.importers import kube_bench, lynis, nmap, prowler, sbom, trivy, xccdf
from audit.importers.model import Imported, RefusedError

HEAD = 64 * 1024
READERS: Mapping[str, Callable[[BinaryIO], Imported]] = {
    "xccdf": xccdf.read,
    "lynis": lynis.read,
    "nmap": nmap.read,
    "kube-bench": kube_bench.read,
    "prowler": prowler.read,
    "trivy": trivy.read,
    "cyclonedx": sbom.read_cyclonedx,
    "spdx": sbom.read_spdx,
}
ALIASES = {"arf": "xccdf"}
_MARKS = (
    ("nmap", rb"<nmaprun\b"),
    ("xccdf", rb"<([\w.-]+:)?(Benchmark|TestResult|asset-report-collection)\b"),
    ("lynis", rb"^report_version_major="),
    ("cyclonedx", rb'"bomFormat"\s*:\s*"CycloneDX"'),
    ("spdx", rb'"spdxVersion"\s*:\s*"SPDX-2'),
    ("trivy", rb'"SchemaVersion"\s*:'),
    ("prowler", rb'"(finding_info|event_code|status_code)"\s*:'),
    ("kube-bench", rb'"(Controls|node_type|detected_version)"\s*:'),
)


def sniffed(head: bytes) -> str:
    """The format of a file that begins like this. Raises RefusedError."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    for name, mark in _MARKS:
        if re.search(mark, head, re.M):
            return name
    known = ", ".join(READERS)
    raise RefusedError(f"认不出格式，用 --format 指明 / unknown format; known: {known}")


def read(stream: BinaryIO, format_: str = "auto") -> Imported:
    """Read a stream that can be rewound. Raises RefusedError."""
    if format_ == "auto":
        head = stream.read(HEAD)
        stream.seek(0)
        format_ = sniffed(head)
    return READERS[ALIASES.get(format_, format_)](stream)
