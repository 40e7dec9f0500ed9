"""The kernel's audit log: one record for one message, by NETLINK_AUDIT (audit(8), kernel/audit.c).

Wanted is CAP_AUDIT_WRITE in the first user namespace; the network namespace is of no account. A kernel in which audit
is off (``audit_enabled`` 0, as Debian starts without auditd) takes the record and forgets it.
"""

import os
import socket
import struct

NETLINK_AUDIT = 9  # include/uapi/linux/netlink.h
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
REQUEST, ACK, ERROR = 1, 4, 2  # NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR
MAX_ANSWER = 16384  # bytes; an error comes back with what it is about


class AuditLog:
    """An open socket to the kernel's audit system.

    A call of :meth:`send` may take a minute: with its backlog full the kernel lets the sender wait
    (``audit_backlog_wait_time``, kernel/audit.c, audit_receive). It belongs into a thread of its own.
    """

    def __init__(self) -> None:
        self._sequence = 0
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_AUDIT)
        self._socket.settimeout(1.0)  # the kernel answers before sendto(2) returns

    def send(self, kind: int, text: bytes) -> None:
        """Write a record of type ``kind``, and see that the kernel took it.

        Raises:
            OSError: it did not; EPERM without the capability, ECONNREFUSED in a container.
        """
        self._sequence += 1
        data = text + b"\0"
        padded = data + bytes(-len(data) % 4)
        self._socket.send(HEADER.pack(HEADER.size + len(data), kind, REQUEST | ACK, self._sequence, 0) + padded)
        while True:
            answer = self._socket.recv(MAX_ANSWER)
            _, what, _, sequence, _ = HEADER.unpack_from(answer)
            if what == ERROR and sequence == self._sequence:
                code = struct.unpack_from("=i", answer, HEADER.size)[0]
                if code:
                    raise OSError(-code, os.strerror(-code))
                return

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
