"""Accounts of the machine, and who of them has which role."""

import grp
import pwd

from usbguard_py.errors import NotFound
from usbguard_py.i18n import N_
from usbguard_py.shell.tools import run

ROLES = {"admin": "usbguard-admin", "manager": "usbguard-manager", "auditor": "usbguard-auditor"}


def members(group: str) -> tuple[str, ...]:
    """The accounts that a group names."""
    try:
        return tuple(sorted(grp.getgrnam(group).gr_mem))
    except KeyError:
        return ()


def see(name: str) -> None:
    """See that there is such an account.

    Raises:
        NotFound: there is none.
    """
    try:
        pwd.getpwnam(name)
    except KeyError as error:
        raise NotFound(what=N_("account"), name=name) from error


def put_into(name: str, group: str) -> None:
    """Give an account a role; it holds from that person's next login on.

    Raises:
        FloorTrouble: usermod failed.
    """
    run("usermod", "-aG", group, name)
