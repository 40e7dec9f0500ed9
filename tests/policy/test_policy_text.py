"""Policy text: what it means, and where it is wrong."""
# ruff: noqa: E501 - tables of cases, one case a line

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.text import hidden
from usbguard_py.errors import BadPolicy
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import MAX_SIZE, read_policy
from usbguard_py.policy.table import BY_NAME, KNOBS, rows
from usbguard_py.policy.write import write_policy


def test_the_table_is_the_policy() -> None:
    """Every knob once, in the order of the type, with the default of the type; beside the name not more than fifteen."""
    assert [knob.name for knob in KNOBS] == list(Policy.__struct_fields__)
    assert len(KNOBS) == len(BY_NAME)
    assert len([knob for knob in KNOBS if not knob.required]) <= 15
    strict = Policy(name="x")
    assert [knob.default for knob in KNOBS if not knob.required] == [
        getattr(strict, k.name) for k in KNOBS if not k.required
    ]
    assert all(type(getattr(strict, knob.name)) is knob.type for knob in KNOBS)
    assert all(knob.meaning.endswith(".") for knob in KNOBS)


def test_what_is_not_said_is_strict() -> None:
    assert read_policy('name = "x"') == Policy(name="x")


def test_everything_said() -> None:
    text = 'name = "x-1"\ndescription = "Thử"\nenforce = false\nrequire_serial = false\nrequire_inspection = true\nstorage = false\nhubs = false\nmax_depth = 0\nkeyboards = 10\nmice = 0\nprinters = 1\nups = 2\nscanners = 3\ntokens = 4\ncut_deadline_ms = 100\nfour_eyes = 7\n'
    assert read_policy(text) == Policy("x-1", "Thử", False, False, True, False, False, 0, 10, 0, 1, 2, 3, 4, 100, 7)


def test_a_file_with_a_byte_order_mark() -> None:
    assert read_policy('\ufeffname = "x"').name == "x"


# what, text, line, a word of the detail
BAD: list[tuple[str, str, int, str]] = [
    ("nothing", "", 1, "empty"),
    ("comments only", "# x\n\n", 1, "empty"),
    ("no name", "enforce = true\n", 1, "“name” is missing"),
    ("unknown key", 'name = "x"\n\nenforced = true\n', 3, "no key “enforced”"),
    ("unknown key with blanks", 'name = "x"\n  "en force" = true\n', 2, "no key “en force”"),
    ("unknown table", 'name = "x"\n[rules]\nallow = true\n', 2, "no key “rules”"),
    ("unknown list of tables", 'name = "x"\n[[rules]]\nallow = true\n', 2, "no key “rules”"),
    ("dotted key", 'name = "x"\nenforce.now = true\n', 2, "true or false"),
    ("hostile key", 'name = "x"\n"\\u001b[2J" = 1\n', 1, "\\u{1b}"),
    ("key given twice", 'name = "x"\nname = "y"\n', 2, "overwrite"),
    ("no TOML", "name = x\n", 1, "Invalid value"),
    ("end in the middle", 'name = "x"\nkeyboards = [', 2, "Invalid value"),
    ("unclosed text", 'name = "x', 1, "nterminated"),
    ("nested for ever", "name = " + "[" * 30_000, 1, "nested"),
    ("number without end", 'name = "x"\nmice = ' + "9" * 5000, 1, "limit"),
    ("too large", 'name = "x"\n' + "#" * MAX_SIZE, 1, "more than"),
    ("too large in bytes", 'name = "x"\n# ' + "đ" * (MAX_SIZE // 2), 1, "more than"),
    ("half a character", 'name = "\ud800"\n', 1, "“name”"),
    ("yes for true", 'name = "x"\nenforce = yes\n', 2, "Invalid value"),
    ("text for true", 'name = "x"\nenforce = "true"\n', 2, "“enforce” must be true or false"),
    ("number for true", 'name = "x"\nenforce = 1\n', 2, "“enforce” must be true or false"),
    ("true for a number", 'name = "x"\nkeyboards = true\n', 2, "“keyboards” must be a whole number"),
    ("fraction", 'name = "x"\nkeyboards = 1.5\n', 2, "“keyboards” must be a whole number"),
    ("date", 'name = "x"\nkeyboards = 2026-01-01\n', 2, "“keyboards” must be a whole number"),
    ("number for a text", "name = 1\n", 1, "“name” must be a text"),
    ("too deep", 'name = "x"\nmax_depth = 6\n', 2, "from 0 to 5"),
    ("negative", 'name = "x"\nmice = -1\n', 2, "from 0 to 10"),
    ("deadline too short", 'name = "x"\ncut_deadline_ms = 99\n', 2, "from 100 to 60000"),
    ("two years for a second person", 'name = "x"\nfour_eyes = 730\n', 2, "from 0 to 365"),
    ("empty name", 'name = ""\n', 1, "1 to 64 characters"),
    ("name with capitals", 'name = "X y"\n', 1, "a-z"),
    ("name with a path", 'name = "../x"\n', 1, "a-z"),
    ("name with a line end", 'name = "x\\n"\n', 1, "invisible"),
    ("description that turns around", 'name = "x"\ndescription = "a\\u202eb"\n', 2, "invisible"),
    ("description too long", 'name = "x"\ndescription = "' + "a" * 1001 + '"\n', 2, "1000 characters"),
    ("key named in a text over several lines", 'name = "x"\ndescription = """\nfoo = 1\n"""\nfoo = 2\n', 2, "invisible"),
    ("key after a text over several lines", "name = '''x'''\nkeybords = '''\nkeybords = 1\n'''\n", 2, "no key “keybords”"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "word"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad(text: str, line: int, word: str) -> None:
    """Each mistake is one sentence with its line."""
    with pytest.raises(BadPolicy) as caught:
        read_policy(text, "sample.toml")
    facts: dict[str, Any] = caught.value.facts
    assert facts["where"] == f"sample.toml:{line}"
    assert word in facts["detail"]
    assert facts["detail"].isprintable()
    assert len(facts["detail"]) < 300


texts = st.text(st.characters(exclude_categories=("Cs",)).filter(lambda c: not hidden(c)), max_size=40)
policies = st.builds(
    Policy,
    name=st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True),
    description=texts,
    enforce=st.booleans(),
    require_serial=st.booleans(),
    storage=st.booleans(),
    hubs=st.booleans(),
    max_depth=st.integers(0, 5),
    keyboards=st.integers(0, 10),
    mice=st.integers(0, 10),
    cut_deadline_ms=st.integers(100, 60_000),
    four_eyes=st.integers(0, 365),
)


@given(policies)
def test_written_and_read(policy: Policy) -> None:
    """Nothing is lost on the way through text."""
    assert read_policy(write_policy(policy)) == policy
    assert {row.name: tomllib.loads(f"v = {row.value}")["v"] for row in rows(policy)} == {
        name: getattr(policy, name) for name in Policy.__struct_fields__
    }


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Any text is a policy or a BadPolicy."""
    for candidate in (text, f'name = "x"\n{text}', f'name = "{text}"'):
        try:
            policy = read_policy(candidate)
        except BadPolicy:
            continue
        assert read_policy(write_policy(policy)) == policy
