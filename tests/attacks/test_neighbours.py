"""Others on the machine: a second daemon, another enforcer, and a storm of events that nobody could read in time."""

from tests.scenarios.rig import Rig, Sentences

BESIDE_OURS = Sentences("usbguard-py is already running on this machine.", "usbguard-py đang chạy trên máy này.")
BESIDE_USBGUARD = Sentences("USBGuard is already running on this machine.", "USBGuard đang chạy trên máy này.")
STATUS = Sentences(
    "Another enforcer is running: USBGuard. Stop it.",
    "Một chương trình kiểm soát khác đang chạy: USBGuard. Dừng chương trình đó.",
)
LOST = Sentences("the kernel dropped events", "nhân hệ điều hành đã bỏ mất sự kiện")


def judge_pid(rig: Rig) -> str:
    """The process id of the judge."""
    return rig.guest.run("systemctl show -p MainPID --value usbguard-py").stdout.strip()


def test_a_second_daemon_refuses_and_the_first_goes_on(rig: Rig) -> None:
    """Nothing of the first is touched: its socket answers, its devices are judged."""
    first, before = judge_pid(rig), rig.seq()
    rig.fails("daemon", 69, BESIDE_OURS)
    assert judge_pid(rig) == first
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.blocked(stick, before, "NOT_LISTED")
    assert [e["kind"] for e in rig.entries(before)] == ["decision"]
    assert rig.answer("status")["fail_safe"] == ""


def test_usbguard_started_beside_us_is_noticed_and_a_start_beside_it_is_refused(rig: Rig) -> None:
    """Within seconds: an alarm in the log, a sentence in `status`; gone again when it is."""
    before = rig.seq()
    rig.guest.run("systemctl unmask usbguard && systemctl start usbguard", timeout=60)
    alarm = rig.await_entry(before, timeout=12, kind="alarm")
    assert alarm["detail"] == "another enforcer was started: USBGuard"
    rig.status_says(STATUS)
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    rig.await_entry(before, name=stick.port, kind="decision", code="NOT_LISTED")
    rig.guest.run("systemctl stop usbguard-py")
    rig.fails("daemon", 69, BESIDE_USBGUARD)
    rig.guest.witness.assert_dead(stick.port)
    before = rig.seq()
    rig.guest.run("systemctl stop usbguard; systemctl start usbguard-py", timeout=90)
    rig.await_entry(before, kind="start")
    assert rig.answer("status")["other_enforcer"] == ""


def test_lost_events_are_recorded_and_everything_is_read_anew(rig: Rig) -> None:
    """The judge is stopped while more events come than its buffer holds; a stick is plugged in after it is full."""
    rig.guest.write("/run/systemd/system/usbguard-py.service.d/patience.conf", PATIENCE)
    rig.guest.run("systemctl daemon-reload && systemctl restart usbguard-py", timeout=90)
    judge, before = judge_pid(rig), rig.seq()
    pulled = rig.guest.plug_stick(serial="SAMPLE-9997")
    rig.await_entry(before, name=pulled.port, code="NOT_LISTED")
    rig.guest.run(f"kill -STOP {judge}")
    rig.guest.run(FLOOD.format(DROPPED.format(judge)), timeout=60)
    rig.facts["dropped"] = int(rig.guest.run(DROPPED.format(judge)).stdout)
    stranger = rig.guest.plug_stick(serial="SAMPLE-9999")
    pulled.unplug()
    rig.guest.witness.assert_dead(stranger.port)
    before = rig.seq()
    rig.guest.run(f"kill -CONT {judge}")
    rig.await_entry(before, kind="events-lost")
    rig.blocked(stranger, before, "NOT_LISTED")
    rig.await_entry(before, kind="removed", name=pulled.port)
    for lang in ("en", "vi"):
        assert getattr(LOST, lang) in rig.cli("log --kind events-lost", lang=lang).stdout
    assert judge_pid(rig) == judge


# The judge has a network of its own, with these sockets: NETLINK_KOBJECT_UEVENT is 15 (linux/netlink.h).
DROPPED = "awk '$2 == 15 {{sum += $9}} END {{print sum + 0}}' /proc/{}/net/netlink"
# Until the buffer is full and no further: the witness has to read all of it, too.
FLOOD = "until [ $({}) -gt 0 ]; do for n in $(seq 50); do echo change > /sys/class/mem/null/uevent; done; done"
# Under emulation the witness reads longer than the watchdog of a stopped judge waits.
PATIENCE = "[Service]\nWatchdogSec=300\n"
