"""Details of files that hold a list of devices, in the reader's language; see :mod:`usbguard_py.phrases`."""

from usbguard_py.i18n import N_

# usbguard_py.core.sheet, core.importing, shell.sheets, daemon.imports
FILES: tuple[str, ...] = (
    N_("there is no such column"),
    N_("is there twice"),
    N_("is missing"),
    N_("not a text"),
    N_("neither {one} nor {other}"),
    N_("there is no state “{state}”"),
    N_("not a list of faces"),
    N_("not the serial number in “electronic_serial”"),
    N_("not the serial number of one of its faces"),
    N_("a quotation mark is not closed"),
    N_("more cells than the first row has"),
    N_("not CSV"),
    N_("no file"),
    N_("no list: {detail}"),
    N_("more than {count} rows"),
    N_("the same device as in line {line}"),
    N_("on the list as {id}, with something else in: {columns}"),
    N_("no move leads to that state; write in-use and the last day"),
    N_("nothing that was lost becomes that"),
    N_("it is not lost"),
    N_("not from {lowest} to {highest} faces"),
    N_("the names of the faces are empty, too long, not composed (NFC) or not different"),
    N_("not from {lowest} to {highest} rows"),
    N_("more rows than an import may have"),
    N_("rows are missing"),
    N_("that import is not under way"),
    N_("this list was never like that"),
)
