"""A host's collection holds the evidence of the servers on it."""

import subprocess
from pathlib import Path

import pytest

from audit.probes.collect import AllowList, Kind, Section, allow_list, script
from audit.probes.collected import parse
from audit.probes.web.collected import FILES, MODES, all_evidence, tree
from tests.audit.seen import RECORDINGS

HEAD = "#qinglang-collect 1 abc\n"
NGINX = "\n#section web_nginx\n\n#file /etc/nginx/nginx.conf\n"
NGINX += "|user root;\n|http { server { listen 80; } }\n"
MORE = "\n#section web_modes\n|644 0 0 root root 9 1 regular file|/etc/nginx/ssl/a.key\n"
MORE += "|755 0 0 root root 9 1 directory|/etc/nginx/ssl\n"
END = "\n#section zz\n\n#done\n"


def taken(text: str) -> list[tuple[str, str]]:
    found = all_evidence("h", text.encode(), method="m", taken=1.0, live=True)
    return [(one.target, one.probe) for one in found]


def test_servers_stand_beside_their_host() -> None:
    assert taken(HEAD + NGINX + MORE + END) == [("h", "linux"), ("h/nginx", "nginx")]
    assert taken("no output of ours") == [("h", "linux")]
    held = tree(parse((HEAD + NGINX + MORE + END).encode()))
    assert {path: one.mode for path, one in held.modes.items()} == {"/etc/nginx/ssl/a.key": "0644"}


def test_what_was_denied_is_a_problem() -> None:
    text = HEAD + "\n#section web_nginx\n\n#denied /etc/nginx/nginx.conf\n" + END
    _, one = all_evidence("h", text.encode(), method="m", taken=1.0, live=True)
    assert (one.target, one.document) == ("h/nginx", None)


def test_older_recordings_hold_none() -> None:
    raw = (RECORDINGS / "debian12.txt").read_bytes()
    assert len(all_evidence("h", raw, method="m", taken=1.0, live=False)) == 1


def test_the_sections_are_there() -> None:
    assert {*FILES, *MODES} <= {one.id for one in allow_list().sections}


@pytest.mark.wire
def test_passwords_in_attributes_never_leave_the_host(tmp_path: Path) -> None:
    file = tmp_path / "server.xml"
    file.write_text(
        '<Connector keystorePass="hunter2" port="1" secret="hunter4"\n'
        "truststorePassword='hunter3'/>\n"
        'proxy_set_header Authorization "Basic hunter5";\nproxy_pass http://u:hunter6@h/;\n'
    )
    section = Section(id="x", kind=Kind.FILES, zh="x", en="x", paths=(str(file),), attributes=True)
    said = subprocess.run(
        ["/bin/sh"],
        input=script(AllowList(id="x", sections=(section,))),
        capture_output=True,
        text=True,
    ).stdout
    assert "hunter" not in said
    assert 'port="1"' in said
