"""No name, serial number or paper gets through, in whatever field; the same one has the same word."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import a_stick, facts
from usbguard_py.core import record
from usbguard_py.core.gates import judge as judged
from usbguard_py.core.redaction import KEPT, Redaction

HIDDEN = "Nguyễn Văn Mẫu SAMPLE-0700"
names = st.one_of(st.sampled_from(["holder", "record", "by", "reason"]), st.text("abcde_", min_size=1, max_size=6))
values = st.recursive(
    st.one_of(st.just(HIDDEN), st.integers(-9, 9), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(names.filter(lambda n: n not in KEPT), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.dictionaries(names.filter(lambda n: n not in KEPT), values, max_size=6))
def test_no_text_of_an_unknown_field_gets_through(body: dict[str, Any]) -> None:
    assert HIDDEN not in json.dumps(Redaction().body(body), ensure_ascii=False)


def test_the_same_person_is_the_same_word_in_every_field_and_file() -> None:
    bodies: list[dict[str, object]] = [
        {"kind": "list-add", "holder": "Mẫu A", "serial": "S1", "by": {"user": "root", "login": "Mẫu A", "uid": 0}},
        {"kind": "list-state", "holder": "Mẫu B", "serial": "S2", "printed_serial": "S1", "by": "Mẫu B"},
    ]
    first = [Redaction().body(bodies[0]), None]
    words = Redaction()
    found = [words.body(b) for b in bodies]
    assert found[0] == first[0]
    assert found[0]["holder"] == found[0]["by"]["login"] == "PERSON-0001"  # type: ignore[index] # a mapping
    assert (found[1]["serial"], found[1]["printed_serial"], found[1]["by"]) == (
        "SERIAL-0002",
        "SERIAL-0001",
        "PERSON-0003",
    )


def test_a_decision_keeps_what_happened() -> None:
    device = a_stick(serial=b"SAMPLE-0700")
    body = {**record.decision(device, judged(device, facts()), 3, "Mẫu"), "kind": "decision", "outcome": "blocked"}
    found = Redaction().body({**body, "sessions": [{"user": "Mẫu", "uid": 1000, "seat": "seat0", "active": True}]})
    assert (found["code"], found["outcome"], found["usb_id"]) == ("NOT_LISTED", "blocked", body["usb_id"])
    assert found["sessions"] == [{"user": "PERSON-0001", "uid": "ACCOUNT-0001", "seat": "seat0", "active": True}]
    text = json.dumps(found, ensure_ascii=False)
    assert "SAMPLE" not in text
    assert "Mẫu" not in text
    assert b"SAMPLE".hex() not in text
