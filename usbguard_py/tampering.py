"""Kinds of tampering with a log: a stable word for each, and what to do about it."""

from enum import StrEnum

from usbguard_py.i18n import N_


class Kind(StrEnum):
    """What was done to a log. ASCII, stable, never translated."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    EVIDENCE = "evidence"
    LIST = "list"  # a row of the list is not what its entry says
    OTHER_MACHINE = "other-machine"
    REWRITTEN = "rewritten"  # the chain is whole and another one: only a seal or checkpoint shows it
    ROLLED_BACK = "rolled-back"
    OTHER_LEDGER = "other-ledger"


_KEEP = N_("Keep the machine and the file as they are and report to the security officer.")
REMEDIES: dict[str, str] = {
    Kind.TRUNCATED: N_(
        "Keep the machine and the file as they are and report to the security officer. If the file was copied or "
        "exported, do that again first: the copy may be incomplete."
    ),
    Kind.EVIDENCE: N_(
        "The record itself is as it was; what is stored with it is not. Keep the machine and the file as they are and "
        "report to the security officer."
    ),
    Kind.OTHER_MACHINE: N_(
        "If the system of this computer was installed anew and its log was kept, that is the reason, and a paper "
        "should say so. Otherwise keep the machine and the file as they are and report to the security officer."
    ),
}


def remedy(kind: object) -> str:
    """What to do about this kind of tampering, in English."""
    return REMEDIES.get(str(kind), _KEEP)
