"""The groups of the roles, and who is in them."""

import grp
import pwd


def members(name: str) -> int | None:
    """How many accounts are in a group, also those whose first group it is; ``None``: there is no such group."""
    try:
        group = grp.getgrnam(name)
    except KeyError:
        return None
    return len({*group.gr_mem, *(one.pw_name for one in pwd.getpwall() if one.pw_gid == group.gr_gid)})
