"""The lab's hands in the guest: runs commands and moves files for the host.

Standard library only, handed in as one zip file by firmware configuration. JSON lines on the virtio-serial port
`lab.agent`: a request has `id` and `op`, its answer the same `id`. Every request has a thread of its own, so a
command that hangs holds up nothing else.
"""

import base64
import contextlib
import ctypes
import json
import os
import pwd
import signal
import subprocess
import sys
import threading
import time

from ports import contents, port

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}
PAUSE = 0.01  # seconds between looks where the kernel has no event to wait for (sysfs)


class Agent:
    def __init__(self, port: int) -> None:
        self.port = port
        self.lock = threading.Lock()
        self.processes: dict[int, dict] = {}

    def serve(self) -> None:
        rest = bytearray()
        while True:
            data = os.read(self.port, 1 << 16)  # the port gives a page at a time: do not search the rest again
            if not data:  # the host is not connected yet
                time.sleep(PAUSE)
                continue
            *lines, tail = data.split(b"\n")
            for line in lines:
                whole = bytes(rest + line)
                rest.clear()
                if whole:
                    threading.Thread(target=self.answer, args=(whole,), daemon=True).start()
            rest += tail

    def answer(self, line: bytes) -> None:
        request = json.loads(line)
        try:
            reply = getattr(self, "op_" + request.pop("op"))(**request)
        except BaseException as error:  # noqa: BLE001 - the host must learn of every failure
            reply = {"error": f"{type(error).__name__}: {error}"}
        # The leading line end finishes a line that a restored snapshot may have cut in two.
        data = b"\n" + json.dumps({"id": request["id"], **reply}).encode() + b"\n"
        with self.lock:
            while data:
                data = data[os.write(self.port, data) :]

    def op_ping(self, id: str) -> dict:
        return {"pid": os.getpid(), "monotonic": time.monotonic()}

    def op_exec(self, id, argv, input=None, timeout=60, **context) -> dict:
        child = spawn(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **context)
        begun = time.monotonic()
        try:
            out, err = child.communicate(unpack(input), timeout)
            late = False
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            out, err = child.communicate()
            late = True
        seconds = time.monotonic() - begun
        return {"code": child.returncode, "out": pack(out), "err": pack(err), "late": late, "seconds": seconds}

    def op_start(self, id, argv, **context) -> dict:
        child = spawn(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **context)
        entry = {"child": child, "output": b"", "grown": threading.Condition(), "ended": False}
        self.processes[child.pid] = entry
        threading.Thread(target=collect, args=(entry,), daemon=True).start()
        return {"pid": child.pid}

    def op_output(self, id, pid, offset=0, until=None, timeout=0) -> dict:
        """Output from `offset` on; waits for the text `until`, or when that is None for the end."""
        entry = self.processes[pid]
        wanted = until.encode() if until is not None else None
        with entry["grown"]:
            found = entry["grown"].wait_for(
                lambda: entry["ended"] or (wanted is not None and wanted in entry["output"][offset:]), timeout
            )
            ended = entry["ended"]
            out = entry["output"][offset:]
        return {"out": pack(out), "found": found, "code": entry["child"].returncode if ended else None}

    def op_input(self, id, pid, data, *, close=False) -> dict:
        stdin = self.processes[pid]["child"].stdin
        stdin.write(unpack(data))
        stdin.flush()
        if close:
            stdin.close()
        return {}

    def op_kill(self, id, pid, number) -> dict:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
        return {}

    def op_read(self, id, path, offset=0, size=1 << 19) -> dict:
        with open(path, "rb") as file:
            if offset:
                file.seek(offset)
            return {"data": pack(file.read(size))}

    def op_write(self, id, path, data, *, append=False, mode=None, sysfs=False) -> dict:
        if sysfs:  # one write, nothing truncated or created
            return {"written": attribute(path, data)}
        if not append:
            os.makedirs(os.path.dirname(path) or "/", exist_ok=True)
        with open(path, "ab" if append else "wb") as file:
            file.write(unpack(data))
        if mode is not None:
            os.chmod(path, mode)
        return {}

    def op_wait_path(self, id, path, *, present=True, text=None, timeout=10) -> dict:
        """Wait until `path` is there (and reads `text`), or is gone; sysfs tells nobody, so this looks again."""
        deadline = time.monotonic() + timeout
        while True:
            if text is None:
                if os.path.lexists(path) == present:
                    return {"done": True}
            elif contents(path) == text:
                return {"done": True}
            if time.monotonic() > deadline:
                return {"done": False, "text": contents(path)}
            time.sleep(PAUSE)

    def op_records(self, id, *, database, query, parameters, fields, timeout=0) -> dict:
        """What a query finds, of which each row is one JSON object: those with these fields, waited for when asked.

        SQLite has no event for another's commit; a look at its counter of changes costs next to nothing.
        """
        import sqlite3  # noqa: PLC0415 - a guest may have no more than Python's smallest part

        deadline = time.monotonic() + timeout
        try:
            with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
                version = None
                while True:
                    newer = connection.execute("PRAGMA data_version").fetchone()
                    if newer != version:
                        version = newer
                        rows = [json.loads(row) for (row,) in connection.execute(query, parameters)]
                        found = [r for r in rows if all(str(r.get(k, "")) == v for k, v in fields.items())]
                    if found or time.monotonic() >= deadline:
                        return {"found": found}
                    time.sleep(PAUSE)
        except sqlite3.Error as error:
            return {"failed": f"{type(error).__name__}: {error}"}

    def op_steps(self, id, steps) -> dict:
        """Do a list of small things to a file system in one request; `mkdir` of what is there is no error."""
        for verb, path, *rest in steps:
            try:
                STEPS[verb](path, *rest)
            except OSError as error:
                raise RuntimeError(f"{verb} {path}: {error}") from error
        return {}

    def op_clock(self, id, realtime) -> dict:
        time.clock_settime(time.CLOCK_REALTIME, realtime)
        return {}


def attribute(path, data) -> int:
    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    try:
        return os.write(fd, unpack(data))
    finally:
        os.close(fd)


def prune(path) -> None:
    """Remove a gadget from configfs: links first, then folders from the inside; default groups go by themselves."""
    for folder, folders, _files in os.walk(path, topdown=False):
        for name in folders:
            if os.path.islink(f"{folder}/{name}"):
                os.unlink(f"{folder}/{name}")
    for folder, _folders, _files in os.walk(path, topdown=False):
        with contextlib.suppress(PermissionError):  # a default group
            os.rmdir(folder)


STEPS = {
    "mkdir": lambda path: os.makedirs(path, exist_ok=True),
    "write": attribute,
    "link": os.symlink,
    "prune": prune,
}


def spawn(argv, env=None, cwd="/", user=None, login=None, **pipes):
    """Start `argv` in a process group of its own, as root or as `user`, with the login uid of `login`."""
    variables = {**ENVIRONMENT, **(env or {})}
    extra = {}
    if user is not None:
        entry = pwd.getpwnam(user)
        variables.update({"HOME": entry.pw_dir, "USER": user, "LOGNAME": user, **(env or {})})
        groups = os.getgrouplist(user, entry.pw_gid)
        extra = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}
    if login is not None:
        uid = str(pwd.getpwnam(login).pw_uid)
        # The login uid can only be set by a process for itself, before it gives up root.
        script = 'echo "$1" > /proc/self/loginuid; shift; exec "$@"'
        argv = ["sh", "-c", script, "sh", uid, *(["setpriv", *drop(user), "--"] if user else []), *argv]
        extra = {}
    return subprocess.Popen(argv, env=variables, cwd=cwd, start_new_session=True, **extra, **pipes)


def drop(user):
    entry = pwd.getpwnam(user)
    return [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups"]


def collect(entry) -> None:
    child = entry["child"]
    while data := os.read(child.stdout.fileno(), 65536):
        with entry["grown"]:
            entry["output"] += data
            entry["grown"].notify_all()
    child.wait()
    with entry["grown"]:
        entry["ended"] = True
        entry["grown"].notify_all()


def pack(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unpack(text):
    return None if text is None else base64.b64decode(text)


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(15, b"lab-agent", 0, 0, 0)  # PR_SET_NAME, prctl(2)
    sys.stdin.close()
    Agent(port("lab.agent")).serve()
