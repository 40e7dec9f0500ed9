"""What the columns of an exported list are called for people; below the stable names, in the language in use."""

from usbguard_py.i18n import N_, _

TITLES = {
    "id": N_("No."),
    "state": N_("State"),
    "label": N_("Label"),
    "printed_serial": N_("Printed serial no."),
    "serial": N_("Electronic serial no."),
    "holder": N_("Holder"),
    "unit": N_("Unit"),
    "document": N_("Document of origin"),
    "access": N_("Access (rw: read and write, ro: read only)"),
    "login_tool": N_("Login program on its disc may run"),
    "expires_on": N_("Last day of use (year-month-day)"),
    "inspected_on": N_("Day of the inspection"),
    "inspected_until": N_("Inspection counts until"),
    "inspect_first": N_("To be inspected before use"),
    "back_to": N_("State once it is found"),
    "reason": N_("Reason"),
    "reason_document": N_("Basis"),
    "added_at": N_("Put on the list"),
    "added_by": N_("By"),
    "changed_at": N_("Changed"),
    "electronic_serial": N_("Electronic serial no. (hex)"),
    "fingerprints": N_("Characteristics (leave as they are)"),
}


def titles() -> dict[str, str]:
    """The titles in the language in use."""
    return {name: _(title) for name, title in TITLES.items()}


def place(column: str) -> str:
    """A column as it is named in a report: its stable name, and what it is for people."""
    return f"{column} ({_(TITLES[column])})" if column in TITLES else column or "–"
