"""``usbguard-py paper``: minutes and the register of devices as DOCX or HTML; which forms there are."""

from typing import Any

from usbguard_py.cli.commands import Command, Group, Place
from usbguard_py.cli.output import json_out, say, show
from usbguard_py.cli.paper_words import WORDS
from usbguard_py.cli.table import Column, Row
from usbguard_py.errors_paper import BadPaperFile
from usbguard_py.i18n import LANGUAGES, N_, _
from usbguard_py.papers.kinds import KINDS, NAMES
from usbguard_py.shell import papers

_LANGUAGES = {"vi": N_("Vietnamese"), "en": N_("English (translation)")}

command = Group(
    "paper",
    places={kind: Place("usbguard_py.cli.paper_make", words.line, attribute=kind) for kind, words in WORDS.items()},
    help=N_(
        "Minutes and the register of devices, ready to sign.\n\n"
        "IDs are numbers of the list, in the order of the paper; or options say which devices, as those of whitelist "
        "list do. The layout is that of Decree 30/2020; number, day and signatures stay blank. What is neither given "
        "nor in the agency's file /etc/usbguard-py/agency.toml is asked for on a terminal; --blank leaves it for "
        "handwriting where the form allows it. An agency's own forms lie in /etc/usbguard-py/papers. The list is not "
        "changed; who made a paper becomes a record of the log."
    ),
)


@command.command(
    "list",
    cls=Command,
    help=N_("List the forms: language, version, and where each comes from. The exit code is 78 when one is broken."),
    examples=["usbguard-py paper list"],
)
def list_(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the table.

    Raises:
        BadPaperFile: after printing, the first form that cannot be used.
    """
    rows = [_about(kind, language) for kind in KINDS for language in LANGUAGES]
    faults = [fault for _row, fault in rows if fault is not None]
    if as_json:
        json_out({"forms": [row for row, _fault in rows]})
    else:
        heads = [Column(_("Paper")), Column(_("Kind")), Column(_("Language")), Column(_("Version"), right=True)]
        lines = [Row(_cells(row), "bad" if fault else "") for row, fault in rows]
        show([*heads, Column(_("Comes from"), flexible=True)], lines)
        for fault in faults[1:]:
            say(str(fault), "bad")
    papers.agency()
    papers.citations()
    if faults:
        raise faults[0]


def _cells(row: dict[str, Any]) -> list[str]:
    kind, language = row["kind"], row["language"]
    version = str(row["version"] or "–")
    return [kind, _(NAMES[kind]), _(_LANGUAGES[language]), version, row["path"] if row["own"] else _("the package")]


def _about(kind: str, language: str) -> tuple[dict[str, Any], BadPaperFile | None]:
    path, own = papers.place(kind, language)
    row: dict[str, Any] = {"kind": kind, "language": language, "version": None, "path": str(path), "own": own}
    try:
        row["version"] = papers.form(kind, language).template.version
    except BadPaperFile as fault:
        row["problem"] = str(fault)
        return row, fault
    return row, None
