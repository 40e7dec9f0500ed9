"""Errors about seals and checkpoints; what an error is stands in :mod:`usbguard_py.errors`."""

from usbguard_py.errors import GuardError
from usbguard_py.i18n import N_, translate


class SealUnreadable(GuardError):
    """A code was not copied as it was printed; ``group`` is where, 0 when characters are missing or too many."""

    exit_code = 65
    sentence = N_("The seal code was not copied right: group {group}, “{text}”.")
    remedy = N_(
        "Compare group {group} with the paper, character by character. The codes have no letters I, L, O and U: what "
        "looks like them is 1, 1, 0 or V. Nothing was verified yet."
    )
    COUNT = N_("The seal code has {count} characters in place of 40 (8 groups of 5).")
    COUNT_REMEDY = N_("Type the whole code as it stands on the paper. Nothing was verified yet.")
    NUMBER = N_("Code {number}: {sentence}")

    def __str__(self) -> str:
        text = super().__str__() if self.facts["group"] else translate(self.COUNT).format_map(self.facts)
        if not self.facts.get("several"):
            return text
        return translate(self.NUMBER).format(number=self.facts["number"], sentence=text)

    def advice(self) -> str:
        """Where to look on the paper."""
        return super().advice() if self.facts["group"] else translate(self.COUNT_REMEDY)


class SealBroken(GuardError):
    """The log is not the one that was sealed; ``tampering`` is the kind. Root of the next ones."""

    exit_code = 1
    sentence = N_("THE LOG IS NOT THE ONE THAT WAS SEALED.")
    remedy = N_(
        "Read the code on the paper once more. If it is right: keep the machine, the file and the paper as they are "
        "and report to the security officer."
    )


class SealRewritten(SealBroken):
    """The chain is whole, and the sealed entry is another one."""

    sentence = N_(
        "LOG CHANGED AFTER IT WAS SEALED: record {seq} is not the one that was sealed; the change lies between record "
        "{first} and record {seq}."
    )
    SLIP = N_(
        "Only group {group} of the code differs; for this log it would be {there}. Then the code was most likely "
        "written down wrong: compare that group with the paper. If the paper has what was typed, and nobody misread "
        "it, report to the security officer."
    )

    def advice(self) -> str:
        """What to do; where a single group differs, that it is most likely a slip of the pen."""
        return translate(self.SLIP).format_map(self.facts) if self.facts.get("group") else super().advice()


class SealOfAnotherLog(SealRewritten):
    """The code names another ledger."""

    sentence = N_(
        "SEAL OF ANOTHER LOG: this code was made on another computer, or the log of this computer was replaced by "
        "another one."
    )
    remedy = N_(
        "See on the paper which computer the code is from. If it is this one: keep the machine, the file and the paper "
        "as they are and report to the security officer."
    )


class SealBeyondEnd(SealBroken):
    """The sealed entry is not there any more."""

    sentence = N_(
        "RECORDS ARE MISSING: the seal is for record {seq}, and the log ends with record {last}. Its end was cut off, "
        "or an older copy was put in its place."
    )


class CannotSign(GuardError):
    """Neither ``openssl`` nor ``ssh-keygen`` is there, or it failed."""

    exit_code = 69
    sentence = N_("The log cannot be signed: {detail}.")
    remedy = N_(
        "Install the package openssl or openssh-client. The log itself goes on; seals on paper need no signature."
    )
