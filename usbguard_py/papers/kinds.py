"""The kinds of papers: about devices in which states, and where a field comes from when nobody states it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from usbguard_py.core.custody import MOVES
from usbguard_py.core.whitelist import Custody
from usbguard_py.i18n import N_

Source = Literal[
    "holder", "unit", "keeper", "keeper_position", "keeper_unit", "body", "body_above", "body_code", "place"
]


class Kind(msgspec.Struct, frozen=True):
    """A kind of paper.

    ``states``: devices in any other are refused. ``sources``: for a field, what is taken when it is not stated: what
    the list says of all the devices (holder, unit), or the agency's file.
    """

    name: str
    states: frozenset[Custody]
    sources: Mapping[str, Source]
    file: str  # the name that is proposed for the file, without day and ending


_AGENCY: dict[str, Source] = {"body_above": "body_above", "body": "body", "body_code": "body_code", "place": "place"}


def _around(*verbs: str) -> frozenset[Custody]:
    """The states before and after these moves: a paper may be made before the list is changed, or after."""
    leads = [MOVES[verb].leads for verb in verbs]
    return frozenset(state for one in leads for pair in one.items() for state in pair)


def _from(**sources: Source) -> dict[str, Source]:
    return {**_AGENCY, **sources}


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "handover",
            _around("approve", "assign", "transfer"),
            _from(
                giver="keeper",
                giver_position="keeper_position",
                giver_unit="keeper_unit",
                receiver="holder",
                receiver_unit="unit",
            ),
            "bien-ban-ban-giao",
        ),
        Kind(
            "recovery",
            _around("return", "revoke"),
            _from(
                giver="holder",
                giver_unit="unit",
                receiver="keeper",
                receiver_position="keeper_position",
                receiver_unit="keeper_unit",
            ),
            "bien-ban-thu-hoi",
        ),
        Kind(
            "inspection",
            _around("inspect", "resume"),
            _from(present="keeper", present_position="keeper_position", present_unit="keeper_unit"),
            "bien-ban-kiem-tra",
        ),
        Kind("destruction", _around("destroy"), _from(secretary="keeper"), "bien-ban-tieu-huy"),
        Kind("register", frozenset(Custody), _from(keeper="keeper"), "so-theo-doi"),
    )
}
NAMES: Mapping[str, str] = {
    "handover": N_("hand-over minutes"),
    "recovery": N_("recovery minutes"),
    "inspection": N_("inspection minutes"),
    "destruction": N_("destruction minutes"),
    "register": N_("register of devices"),
}
FIELDS: Mapping[str, str] = {  # of the forms that are shipped: what is asked for, and what the option's help says
    "body_above": N_("Superior body (as at the head of letters)"),
    "body": N_("Agency (as at the head of letters)"),
    "body_code": N_("Abbreviation of the agency or unit in the number of the paper"),
    "place": N_("Place in the head of the paper (province, commune)"),
    "basis": N_("Document that is the basis (decision or plan: number, day)"),
    "venue": N_("Where it takes place"),
    "giver": N_("Who gives the devices (name)"),
    "giver_position": N_("Position of who gives"),
    "giver_unit": N_("Unit of who gives"),
    "receiver": N_("Who receives the devices (name)"),
    "receiver_position": N_("Position of who receives"),
    "receiver_unit": N_("Unit of who receives"),
    "cause": N_("Why the devices are recovered"),
    "inspector": N_("Who inspects (name)"),
    "inspector_position": N_("Position of who inspects"),
    "inspector_unit": N_("Unit of who inspects"),
    "present": N_("Who is present for the inspected unit (name)"),
    "present_position": N_("Position of who is present"),
    "present_unit": N_("Inspected unit"),
    "chair": N_("Chair of the council (name)"),
    "chair_position": N_("Position of the chair"),
    "secretary": N_("Secretary of the council (name)"),
    "witness": N_("Witness (name)"),
    "method": N_("How the devices are destroyed"),
    "keeper": N_("Who keeps the register (name)"),
}
