"""In the guest: a person at a terminal. Types each answer when its question has appeared, never before.

Reads {"words": [...], "environment": {...}, "answers": [[QUESTION, ANSWER], ...], "seconds": N} and writes
{"code": N, "screen": TEXT}; code -1 when a question did not come in time.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

COLUMNS = 100
INTERRUPT = b"\x03"  # what Ctrl-C types, termios(3)
given = json.load(sys.stdin)
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    os.execvpe(given["words"][0], given["words"], {**os.environ, **given["environment"]})  # noqa: S606 - the test's words
screen, place, late, interrupting = "", 0, False, False
raw = b""
answers = list(given["answers"])
deadline = time.monotonic() + given["seconds"]
while not late:
    late = time.monotonic() > deadline
    if not select.select([terminal], [], [], 1.0)[0]:
        # Python sees a signal that comes between its prompt and its read(2) only after the next one, as a person does.
        if interrupting:
            os.write(terminal, INTERRUPT)
        continue
    try:
        part = os.read(terminal, 4096)
    except OSError:  # EIO: the other end was closed, pty(7)
        break
    if not part:
        break
    raw += part
    screen = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    while answers and (at := screen.find(answers[0][0], place)) >= 0:
        place = at + len(answers[0][0])
        answer = answers.pop(0)[1].encode()
        interrupting = answer == INTERRUPT
        os.write(terminal, answer)
if late:
    os.kill(child, 9)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
json.dump({"code": -1 if late or answers else code, "screen": screen, "left": answers}, sys.stdout)
