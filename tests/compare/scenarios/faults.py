"""Things break, and somebody with root interferes."""

from tests.compare.findings import Finding, Row
from tests.compare.looks import GONE, gone, usable, witnessed
from tests.compare.registry import Findings, scenario
from tests.compare.sides import Side
from tests.scenarios.rig import APPROVED

RECORDED = 20.0  # seconds for a record after there is room again
# More records than the rest of a page that is half full takes.
WHILE_FULL = [f"SAMPLE-98{number:02d}" for number in range(6)]
FULL = 8.0  # seconds for an approved stick while the log cannot be written


@scenario(
    Row("killed, stranger", "the daemon is killed and stays away; a stranger is plugged in", "it is dead", "dead")
)
def killed_and_a_stranger(side: Side) -> Findings:
    """Kept from starting again."""
    guest = side.guest
    guest.run(f"systemctl kill -s KILL {side.unit}; systemctl mask --runtime {side.unit}; systemctl stop {side.unit}")
    stranger = guest.plug_stick(serial="SAMPLE-9999")
    return (witnessed(guest, stranger),)


@scenario(
    Row(
        "killed, approved",
        "the daemon is killed, and in that moment an approved stick is plugged in",
        "it works in the end",
        "alive",
        "s",
        0.2,
    )
)
def killed_and_an_approved_stick(side: Side) -> Findings:
    """systemd starts the daemon again."""
    guest = side.guest
    guest.run(f"systemctl kill -s KILL {side.unit}")
    since = guest.witness.mark
    return (usable(guest, guest.plug_stick(serial=APPROVED), since, timeout=40.0),)


@scenario(
    Row("present, stranger", "both are there before the daemon starts", "the stranger is dead", "dead"),
    Row("present, approved", "both are there before the daemon starts", "the approved stick works", "alive"),
)
def present_before_the_daemon(side: Side) -> Findings:
    """Stopped, plugged, started."""
    guest, mark = side.guest, side.mark()
    guest.run(f"systemctl stop {side.unit}", timeout=60)
    since = guest.witness.mark
    stranger = guest.plug_stick(serial="SAMPLE-9999")
    approved = guest.plug_stick(serial=APPROVED)
    side.start()
    side.judged(stranger, mark)
    works = usable(guest, approved, since)
    return witnessed(guest, stranger), Finding(works.state, works.note, (), works.evidence)


@scenario(
    Row(
        "default opened",
        "root opens a bus's authorized_default, and at once a stranger is plugged in",
        "it never has a driver",
        "dead",
    ),
    Row(
        "default opened, end",
        "root opens a bus's authorized_default, and at once a stranger is plugged in",
        f"it has none {GONE:g} s later",
        "dead",
    ),
)
def default_opened(side: Side) -> Findings:
    """On both buses of the controller."""
    guest, mark = side.guest, side.mark()
    for bus in ("usb1", "usb2"):
        guest.write_attribute(f"/sys/bus/usb/devices/{bus}/authorized_default", "1")
    stranger = guest.plug_stick(serial="SAMPLE-9999")
    side.judged(stranger, mark)
    closed = gone(guest, f"/sys/bus/usb/devices/{stranger.port}/{stranger.port}:1.0/driver")
    return witnessed(guest, stranger), Finding("dead" if closed else "alive")


@scenario(
    Row("opened by hand, driver", "root authorises a blocked stick in sysfs", "no driver is bound", "dead"),
    Row(
        "opened by hand, closed",
        "root authorises a blocked stick in sysfs",
        f"it is closed again within {GONE:g} s",
        "yes",
    ),
)
def authorised_by_hand(side: Side) -> Findings:
    """As a script, or another tool, would."""
    guest, mark = side.guest, side.mark()
    stranger = guest.plug_stick(serial="SAMPLE-9999")
    side.judged(stranger, mark)
    guest.write_attribute(f"/sys/bus/usb/devices/{stranger.port}/authorized", "1")
    closed = gone(guest, f"/sys/bus/usb/devices/{stranger.port}/{stranger.port}:1.0")
    state = guest.read(f"/sys/bus/usb/devices/{stranger.port}/authorized").strip()
    return witnessed(guest, stranger), Finding("yes" if closed else "no", "", (), (f"authorized: {state}",))


@scenario(
    Row(
        "full disk, approved",
        "the disk with the log is full",
        "an approved stick works all the same",
        "alive",
        remark="by intent: with us nothing opens without its record.",
    ),
    Row(
        "full disk, that plug",
        "strangers came and went while the disk with the log (1 MiB) was full; now there is room",
        f"the log has all of them {RECORDED:g} s later",
        "yes",
    ),
    Row(
        "full disk, next plug",
        "a stranger is plugged in after there is room again on that disk of 1 MiB",
        f"the log has it within {RECORDED:g} s",
        "yes",
    ),
)
def full_disk(side: Side) -> Findings:
    """A small file system under the log; looked for in the log itself."""
    guest, folder = side.guest, side.log
    guest.run(
        f"systemctl stop {side.unit} && mkdir /tmp/keep && cp -a {folder}/. /tmp/keep/ && modes=$(stat -c %a {folder}) "
        f"&& owner=$(stat -c %u:%g {folder}) && mount -t tmpfs -o size=1M tmpfs {folder} && chmod $modes {folder} "
        f"&& chown $owner {folder} && cp -a /tmp/keep/. {folder}/",
        timeout=90,
    )
    side.start()
    guest.run(f"dd if=/dev/zero of={folder}/filler bs=4096; true")
    since, mark = guest.witness.mark, side.mark()
    works = usable(guest, guest.plug_stick(serial=APPROVED), since, FULL)
    for serial in WHILE_FULL:
        during = guest.plug_stick(serial=serial)
        side.judged(during, mark, timeout=2.0)
        during.unplug()
    guest.run(f"rm {folder}/filler")
    guest.plug_stick(serial="SAMPLE-9997")
    next_one = side.recorded("SAMPLE-9997", RECORDED)
    kept = [serial for serial in WHILE_FULL if side.recorded(serial, 2.0)]
    some = f"{len(kept)} of {len(WHILE_FULL)}"
    return (
        Finding(works.state, works.note, (), works.evidence),
        Finding("yes" if len(kept) == len(WHILE_FULL) else "no", some, (), kept),
        Finding("yes" if next_one else "no", "", (), (f"recorded within {RECORDED:g} s: {next_one}",)),
    )


@scenario(
    Row(
        "broken rules",
        "a rule file with a mistake is given to it, then the daemon is started anew",
        "an approved stick works",
        "alive",
    ),
    Row(
        "broken rules, stranger",
        "a rule file with a mistake is given to it, then the daemon is started anew",
        "a stranger is dead",
        "dead",
    ),
)
def broken_rules(side: Side) -> Findings:
    """By each side's own way of changing rules: our command, the peer's file."""
    guest = side.guest
    side.break_rules()
    guest.run(f"systemctl restart {side.unit}", check=False, timeout=90)
    since = guest.witness.mark
    works = usable(guest, guest.plug_stick(serial=APPROVED), since)
    stranger = guest.plug_stick(serial="SAMPLE-9999")
    return Finding(works.state, works.note, (), works.evidence), witnessed(guest, stranger)


@scenario(Row("log altered", "root takes a record out of the log's middle", "a command of the side says so", "yes"))
def altered_log(side: Side) -> Findings:
    """The log holds a few arrivals; what says so is the exit code."""
    guest = side.guest
    for number in range(3):
        mark = side.mark()
        stick = guest.plug_stick(serial=f"SAMPLE-999{number}")
        side.judged(stick, mark)
        side.pull(stick)
    command, why = side.tamper()
    if not command:
        return (Finding("no", why),)
    done = guest.run(command, check=False)
    return (Finding("yes" if done.returncode else "no", "", (), (f"{command}: {done.returncode}", done.stdout[-300:])),)
