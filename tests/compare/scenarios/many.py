"""Many at once, one again and again, and a controller that appears later."""

from tests.attacks.test_identity import PID, VID, medium
from tests.attacks.test_storm import CONTACT, LOOP
from tests.compare.findings import Finding, Row
from tests.compare.looks import usable, witnessed
from tests.compare.registry import Findings, scenario
from tests.compare.sides import Side
from tests.lab.gadgets import ecm, hid, mass_storage
from tests.lab.witness import Event
from tests.scenarios.rig import APPROVED, Rig

TIMES = 100
AT_ONCE = 16


@scenario(
    Row("new controller", "a host controller is loaded at run time, with a network adapter on it", "it is dead", "dead")
)
def controller_at_run_time(side: Side) -> Findings:
    """The kernel makes its bus while the system runs."""
    side.guest.load_dummy_hcd(2)
    mark = side.mark()
    gadget = side.guest.gadget(VID, PID, [ecm()], serial="SAMPLE-0400").plug()
    side.judged(gadget, mark)
    return (witnessed(side.guest, gadget),)


@scenario(Row("sixteen", f"{AT_ONCE} network adapters at once", "all are dead", "dead"))
def sixteen_at_once(side: Side) -> Findings:
    """On as many buses."""
    guest = side.guest
    guest.load_dummy_hcd(AT_ONCE)
    gadgets = [guest.gadget(VID, PID, [ecm()], serial=f"SAMPLE-1{n:03d}") for n in range(AT_ONCE)]
    since, mark = guest.witness.mark, side.mark()
    for gadget in gadgets:
        gadget.plug(wait=False)
    for gadget in gadgets:
        gadget.await_kernel(since)
        side.judged(gadget, mark)
    found = [witnessed(guest, gadget) for gadget in gadgets]
    alive = [line for one in found if one.state == "alive" for line in one.evidence]
    return (Finding("alive" if alive else "dead", "", (), alive[:4] or [f"{len(found)} of {AT_ONCE} dead"]),)


@scenario(
    Row("storm, dead", f"a disk with a keyboard comes {TIMES} times in a loop", "it is dead each time", "dead"),
    Row("storm, served", "an approved stick is plugged in during that loop", "it works", "alive", "s", 0.2),
    Row(
        "storm, memory",
        f"a disk with a keyboard comes {TIMES} times in a loop",
        "the daemon's resident memory grows by",
        "yes",
        "KiB",
        1024.0,
    ),
)
def storm(side: Side) -> Findings:
    """Every event counts, not only the last arrival's."""
    guest = side.guest
    guest.load_dummy_hcd(1)
    mark = side.mark()
    gadget = guest.gadget(VID, PID, [mass_storage(medium(Rig(guest))), hid()], serial="SAMPLE-9999").plug()
    side.judged(gadget, mark)
    side.pull(gadget)
    begin = resident(side)
    words = {
        "times": TIMES - 1,
        "controller": f"dummy_udc.{gadget.controller}",
        "folder": gadget.folder,
        "device": f"/sys/bus/usb/devices/{gadget.port}",
    }
    loop = guest.start(LOOP.format(**words, contact=CONTACT))
    loop.wait_output("thirty", timeout=180)
    since = guest.witness.mark
    served = usable(guest, guest.plug_stick(serial=APPROVED), since)
    loop.wait_output("ended", timeout=300)
    guest.witness.fence(gadget.port)
    mine = [e for e in guest.witness.events if e.port == gadget.port and e.kind == "uevent"]
    alive = [str(e) for e in mine if _function(e)]
    times = sum(e.action == "add" and e.env.get("DEVTYPE") == "usb_device" for e in mine)
    grown = resident(side) - begin
    return (
        Finding("alive" if alive else "dead", "", (), alive[:4] or [f"{times} arrivals, no function"]),
        served,
        Finding("yes", "", (float(grown),), (f"{begin} KiB before",)),
    )


def resident(side: Side) -> int:
    """Resident memory of the daemon, KiB (proc_pid_status(5))."""
    status = side.guest.read(f"/proc/{side.contender.pid()}/status")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _function(event: Event) -> bool:
    return event.subsystem != "usb" or (event.action == "bind" and event.env.get("DRIVER") != "usb")
