"""System, kernel, boot chain, mounts, disks: by family and by what is missing."""

import pytest

from audit.probes.linux.system import boot, families, kernel, mounts, os, sysctl_configured
from tests.audit.seen import facts, seen


@pytest.mark.parametrize(
    ("ident", "like", "dpkg", "wanted"),
    [
        ("kylin", "", True, ["kylin", "debian", "linux"]),
        ("kylin", "", False, ["kylin", "openeuler", "rhel", "linux"]),
        ("uos", "", True, ["uos", "debian", "linux"]),
        ("uos", "", False, ["uos", "rhel", "linux"]),
        ("newos", "rhel fedora", False, ["newos", "rhel", "linux"]),
        ("debian", "", True, ["debian", "linux"]),
        (None, "", False, ["linux"]),
    ],
)
def test_families(ident: str | None, like: str, dpkg: bool, wanted: list[str]) -> None:
    assert families(ident, like, dpkg) == wanted


def test_kylin_is_known_by_its_name() -> None:
    found = os(seen(os_release={"/etc/os-release": 'NAME="Kylin"\nID=linux'}))
    assert found["id"] == "kylin"
    assert os(seen())["id"] is None


def test_parameters() -> None:
    assert facts("openeuler2203")["sysctl"]["net/ipv4/ip_forward"] == 0
    assert facts("centos7")["sysctl"]["kernel/sysrq"] == 176
    text = "; c\nnet.ipv4.ip_forward = 1\n-net.x=a b"
    assert sysctl_configured(seen(sysctl_conf={"/etc/sysctl.conf": text})) == {
        "net/ipv4/ip_forward": 1, "net/x": "a b"
    }  # fmt: skip


def test_boot_chain() -> None:
    found = facts("openeuler2203")["boot"]
    assert found["password"]
    assert found["uefi"]
    assert (found["tpm"], found["tpm_version"], found["ima_measurements"]) == (True, 2, 3012)
    assert found["rescue_asks_password"]
    assert not facts("centos7")["boot"]["password"]


def test_mounts_and_disks() -> None:
    points = facts("openeuler2203")["mounts"]["points"]
    assert points["tmp"]["noexec"]
    assert points["var/log"]["separate"]
    assert not facts("centos7")["mounts"]["points"]["tmp"]["separate"]
    assert facts("centos7")["disks"]["fullest_percent"] == 94
    assert facts("openeuler2203")["disks"]["any_encrypted"]
    assert mounts(seen())["mounted"] == []


def test_blocked_modules_and_usb() -> None:
    assert facts("openeuler2203")["usb"]["storage_blocked"]
    assert facts("centos7")["network"]["promiscuous"] == ["eth0"]
    found = kernel(
        seen(modprobe={"/etc/modprobe.d/x.conf": "blacklist usb_storage\ninstall udf /bin/false"})
    )
    assert found["modules_blocked"]["usb-storage"]
    assert found["modules_blocked"]["udf"]
    assert not found["modules_blocked"]["dccp"]


def test_a_newer_kernel_waits() -> None:
    listed = "1700000000.0 vmlinuz-5.1\n1790000000.0 vmlinuz-5.2"
    assert kernel(seen(boot_kernels=listed, uname="Linux h 5.1 x86_64"))["newer_waits"]


def test_only_a_parameter_of_ima_is_one() -> None:
    def said(line: str) -> object:
        return boot(seen(proc_misc={"/proc/cmdline": line}))["ima_parameter"]

    assert said("ro quiet ima_policy=tcb") is True
    assert said("root=/dev/mapper/primary image=x") is False
