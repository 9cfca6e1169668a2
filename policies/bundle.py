"""A policy bundle: the files of a revision, named by hash, signed by people, as canonical bytes.

A bundle is an uncompressed tar (POSIX ustar) that `tar tf` lists. It holds `manifest.json`
(revision, district, path and SHA-256 of every file), `signatures.json` (Ed25519 over the
manifest) and the files under their hashes. There is exactly one sequence of bytes for one
content, so whatever is not canonical was tampered with and is refused unread. Pure: bytes
and keys come in, values and bytes go out; nothing of it is believed before `verify`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies import document
from policies.rollout import Thresholds
from rules.load import DataError
from rules.model import Text

FORMAT = "qinglang-bundle/1"
CONTEXT = b"qinglang policy bundle v1\0"
ROOMS = ("policies", "rules")
MAX_BYTES = 512 * 1024 * 1024
MAX_FILES = 20_000
MAX_HEAD = 16 * 1024 * 1024  # of the manifest
MAX_SIGNATURES = 64

_MANIFEST, _SIGNATURES, _FILES = "manifest.json", "signatures.json", "files/"
_BLOCK = 512
_NAME = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|.~][^\x00-\x1f\x7f/\\:*?\"<>|]{0,126}").fullmatch
_HASH = re.compile(r"[0-9a-f]{64}").fullmatch


class BundleError(ValueError):
    """Why a bundle is refused, as one sentence in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file: where it belongs and what it must be."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is signed. `probation` are the thresholds at which a node takes it back by itself."""

    format: str
    district: str
    revision: int
    created: str
    entries: tuple[Entry, ...]
    note: str = ""
    probation: Thresholds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`key` is the fingerprint of the public key, `value` the signature in Base64."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle as read: whole and canonical, but believed by nobody yet."""

    manifest: Manifest
    head: bytes  # the manifest's bytes: what is signed
    signatures: tuple[Signature, ...]
    contents: Mapping[str, bytes]  # by SHA-256

    @property
    def digest(self) -> str:
        """The bundle's name: SHA-256 of what is signed."""
        return sha256(self.head).hexdigest()

    def files(self) -> dict[str, bytes]:
        """The files by path."""
        return {entry.path: self.contents[entry.sha256] for entry in self.manifest.entries}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A person who may sign. `key` is the raw public key in Base64."""

    id: str
    key: str
    title: Text | None = None

    def __post_init__(self) -> None:
        public(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Whose signatures count on a node, and how many of them are needed at least."""

    district: str
    keys: tuple[Signer, ...]
    needed: int = 1

    def __post_init__(self) -> None:
        if len({signer.key for signer in self.keys}) < len(self.keys):
            raise ValueError("a key stands twice: four eyes want two keys")
        if len({signer.id for signer in self.keys}) < len(self.keys):
            raise ValueError("a signer stands twice")
        if not 1 <= self.needed <= len(self.keys):
            raise ValueError(f"`needed` must be from 1 to {len(self.keys)}, the number of keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a node remembers: the highest revision it ever took, and what it gave back."""

    revision: int = 0
    digest: str = ""
    withdrawn: tuple[str, ...] = ()


def create(
    files: Mapping[str, bytes],
    *,
    district: str,
    revision: int,
    created: str,
    note: str = "",
    probation: Thresholds | None = None,
) -> bytes:
    """The unsigned bundle of these files (path → bytes). Raises BundleError."""
    manifest = Manifest(
        format=FORMAT,
        district=district,
        revision=revision,
        created=created,
        note=note,
        probation=probation,
        entries=tuple(
            Entry(path=path, sha256=sha256(files[path]).hexdigest(), size=len(files[path]))
            for path in sorted(files)
        ),
    )
    _check(manifest)
    head = document.canonical(document.encode(manifest)).encode()
    contents = {entry.sha256: files[entry.path] for entry in manifest.entries}
    return pack(Bundle(manifest=manifest, head=head, signatures=(), contents=contents))


def pack(bundle: Bundle) -> bytes:
    """The one sequence of bytes of a bundle."""
    signatures = sorted(bundle.signatures, key=lambda one: one.key)
    parts = {
        _MANIFEST: bundle.head,
        _SIGNATURES: document.canonical(document.encode(signatures)).encode(),
        **{f"{_FILES}{name}": bundle.contents[name] for name in sorted(bundle.contents)},
    }
    packed = b"".join(
        _header(name, len(data)) + data + bytes(-len(data) % _BLOCK) for name, data in parts.items()
    )
    return packed + bytes(2 * _BLOCK)


def read(data: bytes) -> Bundle:
    """The bundle in these bytes: whole, canonical, every file what its hash says.

    Raises BundleError for anything else. Signatures are not looked at here.
    """
    if len(data) > MAX_BYTES:
        raise BundleError(f"策略包超过 {MAX_BYTES} 字节 / the bundle is too large")
    parts = _parts(data)
    head = parts.pop(_MANIFEST, b"")
    signed = parts.pop(_SIGNATURES, b"")
    if not head or len(head) > MAX_HEAD:
        raise BundleError("策略包没有清单 / the bundle has no manifest")
    manifest = _decoded(Manifest, head)
    if manifest.format != FORMAT:
        raise BundleError(f"不认识的格式 / unknown format `{manifest.format[:40]}`")
    _check(manifest)
    bundle = Bundle(
        manifest=manifest,
        head=head,
        signatures=_decoded(_Signed, b'{"all":' + signed + b"}").all,
        contents={name.removeprefix(_FILES): content for name, content in parts.items()},
    )
    _check_contents(bundle)
    if document.canonical(document.encode(manifest)).encode() != head or pack(bundle) != data:
        raise BundleError("策略包不是规范形式，可能被改动 / the bundle is not canonical")
    return bundle


def sign(bundle: Bundle, key: Ed25519PrivateKey) -> bytes:
    """The bundle's bytes with this signature added (or renewed)."""
    name = fingerprint(key.public_key().public_bytes_raw())
    value = base64.b64encode(key.sign(CONTEXT + bundle.head)).decode()
    kept = tuple(one for one in bundle.signatures if one.key != name)
    return pack(
        Bundle(
            manifest=bundle.manifest,
            head=bundle.head,
            signatures=(*kept, Signature(key=name, value=value)),
            contents=bundle.contents,
        )
    )


def verify(bundle: Bundle, signers: Signers, needed: int = 1) -> tuple[str, ...]:
    """Who signed, of those who may. Raises BundleError where they are too few.

    `needed` is what the policy in force asks for; the signers' file may ask for more.
    """
    if bundle.manifest.district != signers.district:
        raise BundleError(
            f"策略包属于 `{bundle.manifest.district}`，不属于 `{signers.district}` / "
            "the bundle is another district's"
        )
    given = {one.key: one.value for one in bundle.signatures}
    found = [signer.id for signer in signers.keys if _signed_by(bundle.head, signer, given)]
    wanted = max(needed, signers.needed)
    if len(found) < wanted:
        by = ", ".join(found) or "无人 nobody"
        raise BundleError(
            f"需要 {wanted} 人签名，有效的只有 {len(found)}（{by}） / "
            f"{wanted} signatures are needed, {len(found)} are valid"
        )
    return tuple(found)


def admit(bundle: Bundle, accepted: Accepted) -> None:
    """Raise BundleError for a revision that is older than, or other than, what was taken."""
    revision, last = bundle.manifest.revision, accepted.revision
    if bundle.digest in accepted.withdrawn:
        raise BundleError(
            f"第 {revision} 版已被撤回，需要更新的版本 / revision {revision} was rolled back"
        )
    if revision < last:
        raise BundleError(
            f"第 {revision} 版早于已接受的第 {last} 版 / revision {revision} is older than {last}"
        )
    if revision == last and bundle.digest != accepted.digest:
        raise BundleError(
            f"另一份内容也称第 {revision} 版 / revision {revision} was taken with other content"
        )


def public(text: str) -> Ed25519PublicKey:
    """The public key written as Base64. Raises ValueError."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise ValueError(f"`{text[:60]}` is not an Ed25519 public key in Base64") from error


def fingerprint(raw: bytes) -> str:
    """The name of a public key."""
    return sha256(raw).hexdigest()[:32]


# -- reading ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    all: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if len(self.all) > MAX_SIGNATURES or len({one.key for one in self.all}) < len(self.all):
            raise ValueError("a signature stands twice")


def _decoded[T](kind: type[T], data: bytes) -> T:
    try:
        return document.decode(kind, data.decode("utf-8"), "bundle")
    except (DataError, UnicodeDecodeError) as error:
        raise BundleError(f"策略包的清单无法读取 / the bundle's manifest: {error}") from error


def _signed_by(head: bytes, signer: Signer, given: Mapping[str, str]) -> bool:
    key = public(signer.key)
    value = given.get(fingerprint(key.public_bytes_raw()))
    try:
        key.verify(base64.b64decode(value or "", validate=True), CONTEXT + head)
    except (InvalidSignature, ValueError):
        return False
    return True


def _check(manifest: Manifest) -> None:
    """The manifest makes sense: a revision, and paths that stay where they belong."""
    if not 0 < manifest.revision < 2**53:
        raise BundleError(f"版本号 {manifest.revision} 不可用 / not a revision")
    if not manifest.entries or len(manifest.entries) > MAX_FILES:
        raise BundleError(f"文件数须在 1–{MAX_FILES} / 1 to {MAX_FILES} files")
    seen: set[str] = set()
    for entry in manifest.entries:
        _check_path(entry.path)
        if entry.path.casefold() in seen:
            raise BundleError(f"`{entry.path}` 出现两次 / stands twice")
        seen.add(entry.path.casefold())
        if not _HASH(entry.sha256) or entry.size < 0:
            raise BundleError(f"`{entry.path}` 的哈希或大小有误 / its hash or size is wrong")
    if list(manifest.entries) != sorted(manifest.entries, key=lambda entry: entry.path):
        raise BundleError("清单未排序 / the manifest is not sorted")
    folders = {path.rpartition("/")[0] for path in seen}
    if seen & folders:
        raise BundleError("文件与目录同名 / a file has the name of a folder")


def _check_path(path: str) -> None:
    segments = path.split("/")
    good = segments[0] in ROOMS and 2 <= len(segments) <= 8 and all(map(_NAME, segments))
    if not good or any(segment.endswith((" ", ".")) for segment in segments):
        raise BundleError(f"`{path[:80]!r}` 不是策略包中可用的路径 / not a path of a bundle")


def _check_contents(bundle: Bundle) -> None:
    wanted = {entry.sha256: entry for entry in bundle.manifest.entries}
    if wanted.keys() != bundle.contents.keys():
        raise BundleError("文件与清单不符 / the files are not those of the manifest")
    for name, content in bundle.contents.items():
        entry = wanted[name]
        if sha256(content).hexdigest() != name:
            raise BundleError(f"`{entry.path}` 已损坏 / the file is damaged")
    for entry in bundle.manifest.entries:
        if len(bundle.contents[entry.sha256]) != entry.size:
            raise BundleError(f"`{entry.path}` 的大小有误 / its size is wrong")


# -- tar, the one way we write it ---------------------------------------------------


def _header(name: str, size: int) -> bytes:
    """A ustar header: nobody's file of the year 1970, mode 0644."""
    head = bytearray(_BLOCK)
    for offset, text in (
        (0, name),
        (100, "0000644\0"),
        (108, "0000000\0"),
        (116, "0000000\0"),
        (124, f"{size:011o}\0"),
        (136, f"{0:011o}\0"),
        (148, " " * 8),
        (156, "0"),
        (257, "ustar\x0000"),
    ):
        head[offset : offset + len(text)] = text.encode("ascii")
    head[148:156] = f"{sum(head):06o}\0 ".encode("ascii")
    return bytes(head)


def _parts(data: bytes) -> dict[str, bytes]:
    """The members of the tar; `read` compares the whole with `pack` afterwards."""
    parts: dict[str, bytes] = {}
    at = 0
    while data[at : at + 1] not in (b"", b"\0"):
        header = data[at : at + _BLOCK]
        name = header[:100].rstrip(b"\0").decode("latin-1")
        digits = header[124:135]
        if len(header) < _BLOCK or not digits.isdigit() or name in parts:
            raise BundleError("不是策略包，或不完整 / not a bundle, or cut short")
        size = _octal(digits)
        if at + _BLOCK + size > len(data) or len(parts) > MAX_FILES + 2:
            raise BundleError("策略包不完整 / the bundle is cut short")
        parts[name] = data[at + _BLOCK : at + _BLOCK + size]
        at += _BLOCK + size + -size % _BLOCK
    if at >= len(data):
        raise BundleError("策略包不完整 / the bundle is cut short")
    return parts


def _octal(digits: bytes) -> int:
    try:
        return int(digits, 8)
    except ValueError:
        raise BundleError("不是策略包 / not a bundle") from None
