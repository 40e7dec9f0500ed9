"""Run in the guest: try a command until it succeeds; when it first did, and how long it usually takes.

Prints a JSON object: ``first`` (end of the first success, CLOCK_MONOTONIC) and ``usual`` (seconds a call takes).
"""

import json
import subprocess
import sys
import time

REPEATS = 3


def succeeded() -> float | None:
    began = time.monotonic()
    run = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return None if run.returncode else time.monotonic() - began


while succeeded() is None:
    time.sleep(0.02)
first = time.monotonic()
usual = sorted(filter(None, (succeeded() for _ in range(REPEATS))))[REPEATS // 2]
print(json.dumps({"first": first, "usual": usual}))
