"""In the guest: plug gadgets in and out by a plan, and kill processes of the product at a moment of it.

The plan comes as one line of JSON: ``gadgets`` (name: folder in configfs and controller), ``steps`` (a list of
[seconds, gadget, whether in]), ``kill`` (seconds and units, or null), ``seconds`` (the length). With ``cut`` (seconds)
the line ``lab-cut`` on the serial console says when the power is to go. Prints what it did as JSON lines with the time
on CLOCK_MONOTONIC.
"""

import json
import os
import signal
import sys
import threading
import time
from typing import Any

GROUPS = "/sys/fs/cgroup/system.slice/{}.service/cgroup.procs"
CONSOLE = "/dev/ttyS0"
PAUSE = 0.001  # seconds between two looks for a process to kill


def say(**values: Any) -> None:
    print(json.dumps({"t": time.monotonic(), **values}), flush=True)


def write(path: str, text: str) -> str:
    """One write to an attribute; what went wrong, or nothing."""
    try:
        fd = os.open(path, os.O_WRONLY)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def processes(unit: str) -> list[int]:
    try:
        with open(GROUPS.format(unit)) as file:
            return [int(line) for line in file]
    except OSError:
        return []


def sleep_until(moment: float) -> None:
    """Let the plan's time come: the plan is made of moments, there is no event to wait for."""
    time.sleep(max(0.0, moment - time.monotonic()))


def kill(begun: float, at: float, units: list[str], end: float) -> None:
    """Kill all processes of the units with SIGKILL, as soon after ``at`` as each of them has one."""
    sleep_until(begun + at)
    while time.monotonic() < begun + end:
        found = {unit: processes(unit) for unit in units}
        if all(found.values()):
            for pid in (pid for pids in found.values() for pid in pids):
                os.kill(pid, signal.SIGKILL)
            say(killed=found, after=round(time.monotonic() - begun, 4))
            return
        time.sleep(PAUSE)
    say(killed={}, after=None)


def main(plan: dict[str, Any]) -> None:
    begun = time.monotonic()
    say(begun=True)
    threads = []
    if plan.get("kill"):
        at, units = plan["kill"]
        threads.append(threading.Thread(target=kill, args=(begun, at, units, plan["seconds"] + 10)))
    if plan.get("cut"):
        threads.append(threading.Thread(target=cut, args=(begun + plan["cut"],)))
    for thread in threads:
        thread.start()
    for at, name, inside in plan["steps"]:
        sleep_until(begun + at)
        gadget = plan["gadgets"][name]
        trouble = write(f"{gadget['folder']}/UDC", gadget["controller"] if inside else "\n")
        say(who=name, inside=inside, **({"trouble": trouble} if trouble else {}))
    sleep_until(begun + plan["seconds"])
    for thread in threads:
        thread.join()
    say(ended=True)


def cut(moment: float) -> None:
    sleep_until(moment)
    write(CONSOLE, "lab-cut\n")


main(json.loads(sys.stdin.readline()))
