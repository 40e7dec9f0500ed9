"""Cells that a spreadsheet would calculate, or take for a number: marked when written, the mark taken off when read.

The mark is an apostrophe (OWASP, "CSV Injection"). It is set exactly where it is taken off again, so that any text
comes back as it was; an apostrophe before anything else is a person's own.
"""

import re

# What begins a formula, also in the full-width forms that some input methods write; then what a spreadsheet takes for a
# number, a day or a truth value, and would give back as another text: leading zeros, more digits than the 15 that a
# double holds (IEEE 754; 11 are shown as they are), digits with an E, which hexadecimal has, digits with signs.
_LOOSE = re.compile(
    r"'*(?:[=+\-@\t\r\n＝＋－＠].*|0[0-9]+|[0-9]{12,}|[0-9]+[eE][0-9]+|[0-9][0-9]*[ /.,:-][0-9 /.,:-]*|true|false)",
    re.DOTALL | re.IGNORECASE,
)
MARK = "'"


def marked(text: str) -> str:
    """``text`` as it may stand in a cell of a CSV file."""
    return MARK + text if _LOOSE.fullmatch(text) else text


def typed(text: str) -> str:
    """The text of a cell of a CSV file; a spreadsheet would calculate what begins so without a mark.

    Raises:
        ValueError: it is a formula.
    """
    if text.startswith(("=", "＝")):
        raise ValueError("a formula")
    return unmarked(text)


def unmarked(text: str) -> str:
    """The text that was written as ``text``."""
    return text[1:] if text.startswith(MARK) and _LOOSE.fullmatch(text) else text
