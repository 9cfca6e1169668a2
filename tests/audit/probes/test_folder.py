"""A folder or an archive of configuration; nothing is unpacked, links are not followed."""

import io
import tarfile
from pathlib import Path

import pytest

from audit.probes.folder import found, read
from rules.load import DataError, WorldError

CONF = b"user root; http { server { listen 80; } }"


def packed(path: Path, **more: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        one = tarfile.TarInfo("./etc/nginx/nginx.conf")
        one.size, one.mode = len(CONF), 0o666
        archive.addfile(one, io.BytesIO(CONF))
        link = tarfile.TarInfo("etc/nginx/link.conf")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        out = tarfile.TarInfo("../../evil.conf")
        archive.addfile(out, io.BytesIO(b""))
    return path


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "nginx").mkdir()
    (tmp_path / "nginx" / "nginx.conf").write_bytes(CONF)
    (tmp_path / "nginx" / "link.conf").symlink_to("/etc/passwd")
    assert list(read(tmp_path).texts) == ["/nginx/nginx.conf"]
    (one,) = found(tmp_path, "h", now=1.0)
    assert (one.target, one.document["user_root"]) == ("h/nginx", True)


def test_an_archive_brings_modes(tmp_path: Path) -> None:
    tree = read(packed(tmp_path / "a.tgz"))
    assert list(tree.texts) == ["/etc/nginx/nginx.conf"]
    (one,) = found(tmp_path / "a.tgz", "h", now=1.0)
    assert one.document["modes"]["wide"] == ["/etc/nginx/nginx.conf"]


def test_neither(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x1f\x8bgarbage")
    with pytest.raises(DataError, match="tar"):
        read(tmp_path / "x")
    with pytest.raises(WorldError):
        read(tmp_path / "none")
