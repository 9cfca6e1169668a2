"""The documentation: held to the code, its links whole, and nothing in it that must not be."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway.identity.directory import Directory
from gateway.identity.oidc import Provider
from gateway.settings import Settings
from policies.applications import Application
from rules.app_files import App
from rules.load import loads
from scripts import apps_page, evasions
from scripts.reference import PAGE, page

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


def tracked() -> list[Path]:
    """Every file of the project, as git knows them (or the tree, in an unpacked archive)."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = [name for name in done.stdout.split("\0") if name]
    return [path for name in names if (path := ROOT / name).is_file()]


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def test_the_reference_is_made_from_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python scripts/reference.py"


def test_the_table_of_tricks_is_made_from_the_data() -> None:
    made = evasions.page()
    assert evasions.PAGE.read_text(encoding="utf-8") == made, "run: python scripts/evasions.py"


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    broken = [
        target
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_no_index_address_in_any_committed_file() -> None:
    """Packages come from wherever the reader's own tools are told to take them."""
    words = ["index-url", "extra-index", "find-links", "py" + "pi.org", "pythonhosted"]
    found = [
        (path.relative_to(ROOT).as_posix(), word)
        for path in tracked()
        if path.suffix in {".lock", ".toml", ".sh", ".md", ".yaml", ".cfg", ""}
        for word in words
        if word in path.read_text(encoding="utf-8", errors="replace")
        and path.name not in {"Makefile", "hosts.txt"}
    ]
    assert found == []


def test_the_lock_holds_hashes_for_every_package() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 30
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_both_readmes_show_the_two_commands_first() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        head = (ROOT / name).read_text(encoding="utf-8")[:600]
        assert "make run" in head, name
        assert "make test" in head, name


def test_the_settings_in_the_identity_guide_load() -> None:
    """Each YAML block there is a whole file, and its cases hold."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/identity.md").read_text("utf-8"), re.S)
    kinds = [Directory if "servers:" in block else Provider for block in blocks]
    assert kinds == [Directory, Provider]
    for kind, block in zip(kinds, blocks, strict=True):
        assert loads(kind, block, "docs/identity.md").cases


def test_the_files_in_the_guide_to_dynamic_masking_load() -> None:
    text = (ROOT / "docs/data-dynamic.md").read_text("utf-8")
    policy, node = re.findall(r"```yaml\n(.*?)```", text, re.S)
    application = loads(Application, policy, "docs/data-dynamic.md")
    settings = loads(Settings, node, "docs/data-dynamic.md")
    assert [one.application for one in settings.applications] == [application.id]


def test_the_table_of_apps_is_made_from_the_data() -> None:
    text = apps_page.PAGE.read_text(encoding="utf-8")
    assert text == apps_page.page(text), "run: python scripts/apps_page.py"
    with pytest.raises(ValueError, match="marks"):
        apps_page.page("no table")


def test_the_app_file_in_its_guide_loads() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/apps.md").read_text("utf-8"), re.S)
    app = loads(App, block, "docs/apps.md")
    assert app.examples.hit
    assert app.client
