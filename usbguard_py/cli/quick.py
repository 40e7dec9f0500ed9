"""The quick door: the questions that are asked most, answered without the command line's libraries.

Only words that stand here exactly are understood; with any other, and for help, errors of usage and completion, the
commands go through click, which alone says what there is (:mod:`usbguard_py.cli.root`). A test holds both doors to the
same: docs/adr/0190-the-quick-door.md.
"""

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from usbguard_py import i18n
from usbguard_py.cli import edge
from usbguard_py.plain import Value

_HERE = "usbguard_py.cli."
COMPLETION = "_USBGUARD_PY_COMPLETE"  # click's variable, by which a shell asks


class Quick(Value):
    """One question: where it is answered, and what the answer is given where nothing else is said.

    ``numbers`` are options that take a whole number, by the name of the argument.
    """

    module: str
    function: str
    given: Mapping[str, object] = {}
    numbers: Mapping[str, str] = {}


_LOG = Quick(_HERE + "log_list", "show_newest", {"limit": 100}, {"--limit": "limit"})
QUICK: Mapping[tuple[str, ...], Quick] = {
    ("status",): Quick(_HERE + "status", "show_status"),
    ("devices",): Quick(_HERE + "devices", "show_devices"),
    ("log",): _LOG,
    ("log", "list"): _LOG,
}


class Asked(Value):
    """What was understood: the question, its arguments, the language if one was named."""

    quick: Quick
    arguments: Mapping[str, object]
    language: str = ""


def asked(words: Sequence[str]) -> Asked | None:
    """What ``words``, the arguments of the program, ask for; ``None`` for anything that is not exactly known."""
    names = tuple(words[: next((i for i, word in enumerate(words) if word.startswith("-")), len(words))])
    quick = QUICK.get(names)
    if quick is None:
        return None
    arguments, language = {"as_json": False, **quick.given}, ""
    rest = iter(words[len(names) :])
    for word in rest:
        option, equals, value = word.partition("=")
        if word == "--json":
            arguments["as_json"] = True
        elif option == "--lang" or option in quick.numbers:
            value = value if equals else next(rest, "")
            if option == "--lang" and value in i18n.LANGUAGES:
                language = value
            elif option != "--lang" and value.isascii() and value.isdecimal():
                arguments[quick.numbers[option]] = int(value)
            else:
                return None
        else:
            return None
    return Asked(quick, arguments, language)


def answered(words: Sequence[str]) -> bool:
    """Answer ``words`` and end the process, if they are known here; ``False`` when they are not."""
    found = None if COMPLETION in os.environ else asked(words)
    if found is None:
        return False
    i18n.choose(found.language)
    edge.begin()
    edge.json_wanted(found.arguments["as_json"] is True)
    function: Callable[..., None] = getattr(importlib.import_module(found.quick.module), found.quick.function)
    with edge.handler():
        function(**found.arguments)
        sys.stdout.flush()
    sys.exit(0)
