"""Our script and what it prints, taken apart."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from audit.probes.windows.exported import SECTIONS, NotExportedError, parse, script, version


def test_the_script_reads_only() -> None:
    text = script()
    assert version() in text
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for verb in ("Set-", "Invoke-", "Start-", "Stop-", "Enable-", "Disable-", "Add-", "reg add"):
        assert verb not in code, verb
    assert re.findall(r"Remove-Item .*", code) == [
        "Remove-Item -LiteralPath $folder -Recurse -Force"
    ]
    assert re.findall(r"New-Item .*", code) == ["New-Item -ItemType Directory -Path $folder"]
    assert set(re.findall(r"& (\S+\.exe) (\S+)", code)) == {
        ("secedit.exe", "/export"), ("auditpol.exe", "/backup"),
    }  # fmt: skip
    for pair in ("{}", "()", "[]"):
        assert code.count(pair[0]) == code.count(pair[1]), pair
    assert code.count("'") % 2 == 0


def test_every_section_is_in_the_script() -> None:
    assert tuple(re.findall(r"Show-Section '(\w+)'", script())) == SECTIONS


@pytest.mark.wire
@pytest.mark.skipif(shutil.which("pwsh") is None, reason="no PowerShell here")
def test_powershell_reads_the_script(tmp_path: Path) -> None:
    path = tmp_path / "collect.ps1"
    path.write_text(script(), encoding="utf-8-sig")
    asked = f"[scriptblock]::Create((Get-Content -Raw {path})) | Out-Null"
    subprocess.run(["pwsh", "-NoProfile", "-Command", asked], check=True, timeout=60)


def test_nothing_printed_poses_as_a_frame() -> None:
    found = parse(b"#qinglang-windows 1 0a\n#section shares\n|#section logs\n|#ok\n#ok\n#done\n")
    assert found.sections == {"shares": "#section logs\n#ok"}
    assert found.whole
    with pytest.raises(NotExportedError):
        parse(b"|#qinglang-windows 1 0a\n")
