"""Commands and files in the guest, through the agent."""

import base64
import itertools
import shlex
import signal
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .channel import Channel, Record
from .image import LabError

CHUNK = 1 << 19  # bytes moved at once


class CommandFailed(LabError):
    """A command that had to succeed did not; the sentence holds what it printed."""


@dataclass(frozen=True)
class Result:
    """How a command in the guest ended."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float


class Control:
    """Runs commands in the guest and moves files; every wait has a deadline."""

    def __init__(self, agent: Path) -> None:
        self._replies: dict[str, Record] = {}
        self._reply_news = threading.Condition()
        self._numbers = itertools.count()
        self._nonce = uuid.uuid4().hex
        self._agent = Channel(agent, self._take)

    def _take(self, record: Record) -> None:
        with self._reply_news:
            # An answer from before a restore has another nonce: it must not be taken for a new one.
            if str(record.get("id", "")).startswith(self._nonce):
                self._replies[record["id"]] = record
                self._reply_news.notify_all()

    def ask(self, op: str, patience: float = 30.0, /, **arguments: Any) -> Record:
        """Send one request to the agent and return its answer."""
        number = f"{self._nonce}-{next(self._numbers)}"
        self._agent.send({"id": number, "op": op, **arguments})
        with self._reply_news:
            if not self._reply_news.wait_for(lambda: number in self._replies, patience):
                raise LabError(f"the guest gave no answer to {op} within {patience:g} s")
            reply = self._replies.pop(number)
        if "error" in reply:
            raise LabError(f"{op} in the guest: {reply['error']}")
        return reply

    def tell(self, op: str, /, **arguments: Any) -> None:
        """Send one request whose answer nobody waits for: the guest may be asleep before it is given."""
        self._agent.send({"id": f"told-{next(self._numbers)}", "op": op, **arguments})

    def run(
        self,
        command: str | list[str],
        *,
        check: bool = True,
        timeout: float = 60.0,
        input: str | bytes | None = None,  # noqa: A002 - subprocess's own name for it
        env: dict[str, str] | None = None,
        user: str | None = None,
        login: str | None = None,
    ) -> Result:
        """Run a shell line or an argument list as root or as `user`; `login` sets the login uid, as a login does.

        Raises CommandFailed when `check` and the code is not 0, or when it did not end within `timeout` seconds.
        """
        argv = ["sh", "-c", command] if isinstance(command, str) else command
        reply = self.ask(
            "exec", timeout + 15, argv=argv, input=_pack(input), timeout=timeout, env=env, user=user, login=login
        )
        result = Result(reply["code"], _text(reply["out"]), _text(reply["err"]), reply["seconds"])
        if reply["late"] or (check and result.returncode):
            ending = f"did not end within {timeout:g} s" if reply["late"] else f"ended with code {result.returncode}"
            shown = command if isinstance(command, str) else shlex.join(command)
            raise CommandFailed(f"`{shown}` {ending}\n{result.stdout}{result.stderr}".rstrip())
        return result

    def start(
        self,
        command: str | list[str],
        *,
        env: dict[str, str] | None = None,
        user: str | None = None,
        login: str | None = None,
        cwd: str = "/",
    ) -> "Process":
        """Start a command in the background; standard error goes into its output."""
        argv = ["sh", "-c", command] if isinstance(command, str) else command
        return Process(self, self.ask("start", argv=argv, env=env, user=user, login=login, cwd=cwd)["pid"])

    def put(self, local: Path, remote: str, mode: int | None = None) -> None:
        """Copy a file into the guest."""
        permissions = Path(local).stat().st_mode & 0o777 if mode is None else mode
        self.write(remote, Path(local).read_bytes(), permissions)

    def write(self, path: str, data: str | bytes, mode: int | None = None) -> None:
        """Write a file in the guest, folders made."""
        content = data.encode() if isinstance(data, str) else data
        for offset in range(0, max(len(content), 1), CHUNK):
            part = _pack(content[offset : offset + CHUNK])
            self.ask("write", path=path, data=part, append=offset > 0, mode=mode)

    def write_attribute(self, path: str, text: str) -> None:
        """Write a sysfs or procfs attribute: one write, nothing created."""
        self.ask("write", path=path, data=_pack(text), sysfs=True)

    def get(self, remote: str, local: Path) -> None:
        """Copy a file out of the guest."""
        Path(local).write_bytes(self.read_bytes(remote))

    def read(self, path: str) -> str:
        """Return the text of a file in the guest."""
        return self.read_bytes(path).decode(errors="replace")

    def read_bytes(self, path: str) -> bytes:
        """Return the bytes of a file in the guest."""
        parts: list[bytes] = []
        while True:
            part = base64.b64decode(self.ask("read", path=path, offset=sum(map(len, parts)), size=CHUNK)["data"])
            parts.append(part)
            if len(part) < CHUNK:
                return b"".join(parts)

    def wait_path(self, path: str, *, present: bool = True, timeout: float = 10.0) -> None:
        """Wait until `path` is there, or gone. Raises LabError after `timeout` seconds."""
        if not self.ask("wait_path", timeout + 15, path=path, present=present, timeout=timeout)["done"]:
            raise LabError(f"{path} was not {'there' if present else 'gone'} within {timeout:g} s")

    def wait_text(self, path: str, text: str, timeout: float = 10.0) -> None:
        """Wait until the file at `path` reads `text`. Raises LabError after `timeout` seconds."""
        reply = self.ask("wait_path", timeout + 15, path=path, text=text, timeout=timeout)
        if not reply["done"]:
            raise LabError(f"{path} reads {reply['text']!r}, not {text!r}, after {timeout:g} s")

    def records(
        self, database: str, query: str, parameters: list[Any], fields: dict[str, str], timeout: float = 0.0
    ) -> list[Record]:
        """Read an SQLite file in the guest: rows of one JSON object each, those that have these fields, as text.

        With `timeout` it waits so many seconds for the first one. Raises CommandFailed when it cannot be read.
        """
        asked = {"database": database, "query": query, "parameters": parameters, "fields": fields}
        reply = self.ask("records", timeout + 60, **asked, timeout=timeout)
        if "failed" in reply:
            raise CommandFailed(f"{database}: {reply['failed']}")
        found: list[Record] = reply["found"]
        return found

    def set_clock(self) -> None:
        """Set the guest's clock to the host's; a restored snapshot brings its old time along."""
        self.ask("clock", realtime=time.time())


class Process:
    """A command running in the guest."""

    def __init__(self, control: Control, pid: int) -> None:
        self._control, self.pid = control, pid

    def _look(self, until: str | None, timeout: float, offset: int = 0) -> Record:
        return self._control.ask("output", timeout + 15, pid=self.pid, until=until, timeout=timeout, offset=offset)

    @property
    def output(self) -> str:
        """All it has printed so far."""
        return _text(self._look(None, 0)["out"])

    @property
    def returncode(self) -> int | None:
        """Its code, None while it runs."""
        code = self._look(None, 0)["code"]
        return None if code is None else int(code)

    def wait_output(self, text: str, timeout: float = 30.0, offset: int = 0) -> str:
        """Wait until it printed `text` and return all output from `offset` on."""
        reply = self._look(text, timeout, offset)
        out = _text(reply["out"])
        if text not in out:
            raise LabError(f"{text!r} was not printed within {timeout:g} s; printed was:\n{out}")
        return out

    def wait(self, timeout: float = 60.0) -> int:
        """Wait for its end and return its code."""
        reply = self._look(None, timeout)
        if reply["code"] is None:
            raise LabError(f"process {self.pid} did not end within {timeout:g} s")
        return int(reply["code"])

    def type(self, text: str, *, close: bool = False) -> None:
        """Write to its standard input."""
        self._control.ask("input", pid=self.pid, data=_pack(text), close=close)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal its whole process group."""
        self._control.ask("kill", pid=self.pid, number=int(number))


def _pack(data: str | bytes | None) -> str | None:
    if data is None:
        return None
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def _text(packed: str) -> str:
    return base64.b64decode(packed).decode(errors="replace")
