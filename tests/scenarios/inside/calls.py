"""In the guest: run many commands of the installed product, each as somebody with a login, each in its own process.

Reads a JSON list of {"user": NAME, "words": [...]} and writes, in their order, {"code": N, "out": TEXT, "err": TEXT}.
What every command imports is imported once and shared by fork; nothing else is.
"""

import grp
import json
import os
import pwd
import sys
import tempfile

HOME = "/usr/lib/usbguard-py"
sys.path[:0] = [f"{HOME}/lib", "{}/native/cp{}{}".format(HOME, *sys.version_info[:2])]

from usbguard_py.cli import main, whitelist_moves  # noqa: E402 - the path comes first

assert whitelist_moves  # every command needs it, so it is loaded once


def become(name: str) -> None:
    """As at a login: the login uid first, which only root may set, and only for itself."""
    account = pwd.getpwnam(name)
    with open("/proc/self/loginuid", "w", encoding="ascii") as file:  # noqa: PTH123 - the style of the lab's programs
        file.write(str(account.pw_uid))
    groups = [group.gr_gid for group in grp.getgrall() if name in group.gr_mem]
    os.setgroups([account.pw_gid, *groups])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)


def call(user: str, words: list[str]) -> dict[str, object]:
    """One command: its exit code and what it printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            code = 255
            try:
                become(user)
                for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out.fileno(), 1), (err.fileno(), 2)):
                    os.dup2(source, target)
                sys.argv = ["usbguard-py", *words]
                main()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return {"code": code, "out": texts[0], "err": texts[1]}


print(json.dumps([call(job["user"], job["words"]) for job in json.load(sys.stdin)]))
