"""Run in the guest: wall time of commands that take turns. Arguments: how often, then one shell line each.

Prints a JSON list of lists of seconds. The first round is not counted.
"""

import json
import subprocess
import sys
import time

rounds, lines = int(sys.argv[1]), sys.argv[2:]
taken: list[list[float]] = [[] for _ in lines]
for turn in range(rounds + 1):
    for line, times in zip(lines, taken, strict=True):
        began = time.perf_counter()
        subprocess.run(line.split(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        if turn:
            times.append(time.perf_counter() - began)
print(json.dumps(taken))
