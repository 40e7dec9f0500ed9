"""In the guest: ask the hands as the judge does, and say how long each step took.

hands.py cut NAME DEADLINE_MS        hold, deauthorise, release
hands.py abandon NAME DEADLINE_MS    hold, then die without a word
hands.py examine NAME
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

HOME = "/usr/lib/usbguard-py"
sys.path[:0] = [f"{HOME}/lib", "{}/native/cp{}{}".format(HOME, *sys.version_info[:2])]

import msgspec  # noqa: E402 - the path comes first

from usbguard_py.shell.hands import Hands  # noqa: E402

verb, name, *rest = sys.argv[1:]
device = Path("/sys/bus/usb/devices", name)
number = int((device / "devnum").read_text(encoding="ascii"))
hands = Hands()
if os.environ.get("AWAKE"):
    hands.stand_by(name)  # as the judge does while a drive is open
    Hands().release(name)  # answered, so the first connection is served, too
begun = time.monotonic()  # CLOCK_MONOTONIC, as the witness has it


def passed() -> int:
    return round((time.monotonic() - begun) * 1000)


answer: dict[str, object] = {"begun": begun}
if verb == "examine":
    read = hands.examine(int((device / "busnum").read_text(encoding="ascii")), number, 5000, name)
    answer |= {"read": msgspec.to_builtins(read), "same": read.descriptors == (device / "descriptors").read_bytes()}
else:
    held = hands.hold(name, number, int(rest[0]))
    answer |= {"held": msgspec.to_builtins(held), "held_ms": passed()}
    if verb == "abandon":
        print(json.dumps(answer), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    (device / "authorized").write_text("0", encoding="ascii")
    answer["cut_ms"] = passed()
    answer["released"] = msgspec.to_builtins(hands.release(name))
    answer["authorized"] = (device / "authorized").read_text(encoding="ascii").strip()
answer["ms"] = passed()
print(json.dumps(answer))
