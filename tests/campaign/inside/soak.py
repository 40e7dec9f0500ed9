"""In the guest: gadgets go in and out at many ports at once, until so many cycles are done.

What is asked comes as one line of JSON: ``gadgets`` (name: folder, controller, device, port, flag), ``cycles`` (of all
together), ``seed``, ``contact`` and ``gap`` (seconds, from and to). A device with ``flag`` stays until it was handed
over (its flag for udev is there), any other for the time drawn. Prints JSON lines: ``memory`` of the judge (KiB, VmRSS
in proc_pid_status(5)) at each tenth, at the end the ``cycles`` of each gadget and how often one was ``late``.
"""

import json
import os
import random
import sys
import time
from typing import Any

GROUP = "/sys/fs/cgroup/system.slice/usbguard-py.service/cgroup.procs"
FLAGS = "/run/usbguard-py/open"
PAUSE = 0.01  # seconds between two looks at all ports: sysfs has no event for one's own eyes
PATIENCE = 30.0  # seconds for a device to be announced, handed over, or gone
OUT, COMING, IN, GOING, DONE = range(5)


def memory() -> int:
    with open(GROUP) as file:
        pid = file.readline().strip()
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def devnum(device: str) -> str:
    try:
        with open(f"{device}/devnum") as file:
            return file.read().strip()
    except OSError:
        return ""


class Port:
    """One gadget at its port, going in and out."""

    def __init__(self, gadget: dict[str, Any], source: random.Random, soak: "Soak") -> None:
        self.gadget, self.source, self.soak = gadget, source, soak
        self.state, self.cycles, self.number, self.late = OUT, 0, "", 0
        self.until = time.monotonic() + source.uniform(*soak.gap)

    def enter(self, state: int, seconds: float) -> None:
        self.state, self.until = state, time.monotonic() + seconds

    def look(self, now: float) -> None:
        """Do what is due."""
        if self.state == OUT and now >= self.until:
            self.go_in()
        elif self.state == COMING:
            self.number = devnum(self.gadget["device"])
            if self.number:
                self.enter(IN, PATIENCE if self.gadget["flag"] else self.source.uniform(*self.soak.contact))
            else:
                self.patient(now)
        elif self.state == IN and (now >= self.until or self.given()):
            self.late += bool(self.gadget["flag"]) and now >= self.until
            write(f"{self.gadget['folder']}/UDC", "\n")
            self.enter(GOING, PATIENCE)
        elif self.state == GOING:
            if devnum(self.gadget["device"]):
                self.patient(now)
                return
            self.cycles += 1
            self.enter(OUT, self.source.uniform(*self.soak.gap))

    def go_in(self) -> None:
        if self.soak.begun >= self.soak.cycles:
            self.state = DONE
            return
        self.soak.begun += 1
        write(f"{self.gadget['folder']}/UDC", self.gadget["controller"])
        self.enter(COMING, PATIENCE)

    def given(self) -> bool:
        """Whether the device was handed over."""
        if not self.gadget["flag"]:
            return False
        return os.path.exists(f"{FLAGS}/{self.gadget['port']}:{self.number}")

    def patient(self, now: float) -> None:
        if now > self.until:
            raise TimeoutError(f"{self.gadget['port']} is in state {self.state} for {PATIENCE:g} s")


class Soak:
    """All ports, looked at in turn."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.cycles, self.contact, self.gap = asked["cycles"], asked["contact"], asked["gap"]
        self.begun = 0
        source = random.Random(asked["seed"])
        self.ports = {name: Port(one, random.Random(source.random()), self) for name, one in asked["gadgets"].items()}

    def run(self) -> None:
        start, told = time.monotonic(), -1
        while any(port.state != DONE for port in self.ports.values()):
            for port in self.ports.values():
                port.look(time.monotonic())
            done = sum(port.cycles for port in self.ports.values())
            if done * 10 // self.cycles > told:
                told = done * 10 // self.cycles
                seconds = round(time.monotonic() - start, 1)
                print(json.dumps({"done": done, "memory": memory(), "seconds": seconds}), flush=True)
            time.sleep(PAUSE)
        cycles = {name: port.cycles for name, port in self.ports.items()}
        late = sum(port.late for port in self.ports.values())
        print(json.dumps({"cycles": cycles, "late": late}), flush=True)


Soak(json.loads(sys.stdin.readline())).run()
