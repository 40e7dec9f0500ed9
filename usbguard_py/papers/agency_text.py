"""The agency's file with other values in it: what somebody wrote beside them stays."""

import re

import msgspec

from usbguard_py.errors_paper import BadPaperFile
from usbguard_py.papers.agency import Agency, read_agency

HEADER = "# What the agency says of itself on every paper. Written by usbguard-py setup; may be edited.\n"


def with_values(text: str, wanted: Agency, origin: str) -> str:
    """``text`` changed so that it says ``wanted``; written anew where single lines do not do it.

    Raises:
        BadPaperFile: a value that the file cannot hold.
    """
    values = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    lines = [line for line in text.splitlines() if (key := _key(line)) not in Agency.__struct_fields__ or key in values]
    edited = [_line(key, values[key]) if (key := _key(line)) in values else line for line in lines]
    known = {_key(line) for line in lines}
    edited += [_line(name, value) for name, value in values.items() if name not in known]
    for made in ("\n".join(edited) + "\n", HEADER + "".join(_line(n, v) + "\n" for n, v in values.items())):
        if _says(made, wanted, origin):
            return made
    read_agency(made, origin)  # says what is wrong with it
    return made


def _says(text: str, wanted: Agency, origin: str) -> bool:
    try:
        return read_agency(text, origin) == wanted
    except BadPaperFile:
        return False


def _key(line: str) -> str:
    found = re.match(r"\s*([a-z_]+)\s*=", line)
    return found[1] if found else ""


def _line(name: str, value: str) -> str:
    """A JSON string is a basic string of TOML 1.0, too."""
    return f"{name} = {msgspec.json.encode(value).decode()}"
