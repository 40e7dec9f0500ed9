"""Who is at the other end of a control connection: what the kernel says, never what the client says.

SO_PEERCRED and SO_PEERGROUPS (unix(7), socket(7)); the login uid stays with a person through sudo and su
(proc(5), /proc/PID/loginuid).
"""

import grp
import pwd
import socket
import struct
from pathlib import Path

import msgspec

SO_PEERGROUPS = 59  # asm-generic/socket.h; Python has no name for it
MAX_GROUPS = 1024  # bytes: 256 groups, the most that Python takes; who is in more has no role by a group
MAX_ANCESTORS = 16  # a shell in a shell in sudo in a terminal is six
NO_LOGIN = 4294967295  # (uid_t) -1: no login session, audit(8)

ROLES = ("auditor", "manager", "administrator")  # each includes those before it
_ROLE_OF = {"usbguard-auditor": "auditor", "usbguard-manager": "manager", "usbguard-admin": "administrator"}


class Peer(msgspec.Struct, frozen=True):
    """A caller: ``user`` is the account, ``login`` the person who logged in; empty when nobody did.

    ``behind`` is who became root, by sudo or otherwise: the account of the nearest ancestor that is not root's.
    ``login_uid`` is that person's number, by which two persons are told apart: names can be given twice to one number.
    """

    uid: int
    pid: int
    user: str
    login: str
    role: str
    login_uid: int | None = None
    gid: int = 0
    behind: str = ""

    def may(self, role: str) -> bool:
        """Whether the caller's role includes ``role``."""
        return self.role != "" and ROLES.index(self.role) >= ROLES.index(role)


def peer(connection: socket.socket) -> Peer:
    """The caller on ``connection``."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("3i", raw)
    login = _login(pid)
    return Peer(
        uid=uid,
        pid=pid,
        user=_name(uid),
        login="" if login is None else _name(login),
        role=_role(uid, {gid, *_groups(connection)}),
        login_uid=login,
        gid=gid,
        behind=behind_of(pid) if uid == 0 else "",
    )


def behind_of(pid: int) -> str:
    """The account of the nearest ancestor that is not root's; empty when there is none.

    SUDO_USER is what the caller says of itself, and its environment is not readable without CAP_SYS_PTRACE anyway.
    """
    for _generation in range(MAX_ANCESTORS):
        try:
            text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        known = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        uid, parent = int(known.get("Uid", "0").split()[0]), int(known.get("PPid", "0"))
        if uid:
            return _name(uid)
        if parent <= 1:
            return ""
        pid = parent
    return ""


def _groups(connection: socket.socket) -> tuple[int, ...]:
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, MAX_GROUPS)
    except OSError:  # ERANGE: more groups than fit
        return ()
    return struct.unpack(f"{len(raw) // 4}I", raw)


def _role(uid: int, gids: set[int]) -> str:
    if uid == 0:
        return "administrator"
    found = ""
    for group, role in _ROLE_OF.items():
        try:
            gid = grp.getgrnam(group).gr_gid
        except KeyError:
            continue
        if gid in gids:
            found = role
    return found


def _login(pid: int) -> int | None:
    try:
        uid = int(Path(f"/proc/{pid}/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == NO_LOGIN else uid


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
