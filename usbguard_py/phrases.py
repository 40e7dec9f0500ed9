"""Details of errors and findings in the reader's language.

What is raised, sent and written into the log is English, the same on every machine; it is only put
into the reader's language when it is shown. A detail is recognised by its template below, and what
stands in the braces is taken over as it is. What no template fits is shown in English.
"""

import functools
import re
from collections.abc import Mapping

from usbguard_py.i18n import N_, translate
from usbguard_py.phrases_files import FILES
from usbguard_py.phrases_keeping import KEEPING
from usbguard_py.phrases_life import LIFE
from usbguard_py.phrases_papers import PAPERS

DETAILS: tuple[str, ...] = (
    *FILES,
    # policy
    N_("there is no key “{key}”"),
    N_("“{key}” is missing"),
    N_("“{key}” must be a text in quotation marks"),
    N_("“{key}” must be true or false"),
    N_("“{key}” must be a whole number"),
    N_("“{key}” must be from {lowest} to {highest}"),
    N_("“{key}” must have {lowest} to {highest} characters"),
    N_("“{key}” holds control or invisible characters"),
    N_("“name” may hold a-z, 0-9 and -, and begins with no -"),
    N_("the policy is empty"),
    N_("nested too deeply"),
    N_("more than {count} bytes"),
    # tomllib
    N_("Invalid value"),
    N_("Invalid statement"),
    N_("Cannot overwrite a value"),
    N_("Unterminated string"),
    N_("Expected {what} after a key in a key/value pair"),
    N_("Expected newline or end of document after a statement"),
    N_("Unclosed array"),
    N_("Illegal character {character}"),
    # files and messages
    N_("not JSON"),
    N_("not a JSON object"),
    N_("not UTF-8"),
    N_("no capture: {detail}"),
    N_("no passport: {detail}"),
    N_("longer than {count} bytes"),
    N_("an attribute is not hex: {detail}"),
    N_("neither a usbguard-py database nor a log exported from one"),
    N_("a format this version does not read: {version}"),
    N_("its first line does not agree with what follows"),
    N_("a line that is neither a record nor evidence"),
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Is a directory"),
    N_("No space left on device"),
    N_("Read-only file system"),
    N_("Input/output error"),
    N_("no such file"),
    # the daemon
    N_("holder and document"),
    N_("the device has no serial number"),
    N_("neither a device nor a passport"),
    N_("no answer before the deadline"),
    N_("this log has no record {number} with that hash"),
    N_("the connection ended"),
    N_("no policy is stored although the machine enforces"),
    N_("a change inside the transaction failed"),
    N_("the kernel's default could not be set"),
    N_("the kernel's default could not be closed: {name}"),
    N_("another enforcer was started: {name}"),
    N_("the list and log can be used again"),
    N_("the computer was started for maintenance: one keyboard may stand in for the enrolled one"),
    N_("a keyboard that is not enrolled works until the next start"),
    N_("not enrolled"),
    N_("enrolled on port {name}"),
    N_("the same refused device came {count} times within {seconds} s; it is counted from now on"),
    N_("the same device was opened {count} times within {seconds} s"),
    N_("the kernel dropped events"),
    N_("the kernel's log was overwritten"),
    N_("what is at this port failed to enumerate {count} times within {seconds} s; it is counted from now on"),
    N_("entries not kept"),
    N_("interface {name} was opened by somebody else"),
    N_("real descriptors differ from the kernel's copy"),
    N_("{seen} reads back"),
    # what a device shows
    N_("cannot be read"),
    N_("is empty"),
    N_("{seen} is no number from {lowest} to {highest}"),
    N_("{seen} in sysfs, {expected} in the descriptors"),
    N_("no UTF-8, which the kernel never writes"),
    N_("holds control or invisible characters"),
    N_("character {place} cannot be seen: {seen}"),
    N_("bus {number} does not fit the name"),
    N_("{seen} is no speed of USB"),
    N_("byte {offset}: {detail}"),
    N_("the device descriptor is cut off"),
    N_("no device descriptor"),
    N_("no configuration"),
    N_("{promised} configurations promised, {found} found"),
    N_("{promised} interfaces promised, {found} found"),
    N_("{promised} endpoints promised, {found} found"),
    N_("two configurations have the same number"),
    N_("more than {count} configurations"),
    N_("more than {count} alternate settings"),
    N_("the configuration descriptor is cut off"),
    N_("a configuration is expected, type {type} found"),
    N_("a configuration descriptor of {count} bytes"),
    N_("an interface descriptor of {count} bytes"),
    N_("an endpoint descriptor of {count} bytes"),
    N_("wTotalLength {total} is too small"),
    N_("wTotalLength {total}, but {count} bytes follow"),
    N_("a descriptor reaches beyond its configuration"),
    N_("a descriptor of type {type} inside"),
    N_("an endpoint outside an interface"),
    N_("endpoint address {address}"),
    N_("two endpoints with address {address}"),
    N_("interface number {number}"),
    N_("interface {number}, setting {setting} appears twice"),
    N_("interface {number} has no setting 0"),
    # the media of a drive
    N_("the kernel has no SCSI bus"),
    N_("no logical unit appeared"),
    N_("a logical unit cannot be read"),
    N_("a logical unit did not answer in time"),
    N_("a logical unit got no driver"),
    N_("the policy was not confirmed in time: the one before is in force again"),
    N_("a logical unit still takes writes"),
    N_("there is a second target"),
    N_("the device could not be closed after its examination"),
    N_("what it holds is read of drives alone, while enforcing"),
    N_("there is no disk with a medium in it"),
    N_("nothing on it says what it is: no file system, no LUKS header, no partition table"),
    # what a disk holds, or why nobody can say (usbguard_py.core.content)
    N_("nothing known"),
    N_("more than one file system"),
    N_("not readable"),
    N_("no answer in time"),
    N_("too many partitions"),
    N_("no medium"),
    # what was read back
    N_("configuration {number} is set"),
    N_("interface {name} is there"),
    N_("interface {name} is there, driver {driver}"),
    N_("interface {name} is not authorised"),
    N_("it would be kept through sleep unseen"),
    N_("interface {name} has no driver"),
    N_("interface {name} is open ({driver}) and not granted"),
    # what the gates ask and find
    N_("usable"),
    N_("readable"),
    N_("empty"),
    N_("none"),
    N_("once"),
    N_("{name} once"),
    N_("a hub"),
    N_("at least one"),
    N_("at most {count} hubs"),
    N_("at most {count}"),
    N_("some of {numbers}"),
    N_("one hub interface"),
    N_("no storage"),
    N_("fewer than {count} openings without effect"),
    N_("{count} openings without effect"),
    N_("a serial of its own"),
    N_("on the list"),
    N_("one asset with this passport"),
    N_("{count} bytes"),
    *LIFE,
    *PAPERS,
    *KEEPING,
    # the floor
    N_("{count} entries start closed"),
    N_("the entry {name} starts open"),
    N_("the entry {name} starts an initramfs in which {detail}"),
    N_("it has no entry"),
    N_("neither GRUB nor systemd-boot was found"),
    N_("{name} has its own command line and initramfs"),
    N_("it is built by neither initramfs-tools nor dracut"),
    N_("as on the disk"),
    N_("as installed"),
    N_("there is no image"),
    N_("{path} is missing or differs"),
    N_("{name} is missing"),
    N_("{name} differs"),
    N_("{name} is not on the disk"),
    N_("{name} is replaced in {folder}"),
    N_("{name} is not installed"),
    N_("it runs after udev"),
    N_("neither a cpio archive nor a known compression"),
    N_("the archive is cut off"),
    N_("usbcore.authorized_default is not there"),
    N_("usbcore is not loaded"),
    N_("it had no floor"),
    N_("it knew the enrolled devices"),
    N_("it knew other devices"),
    N_("bus {name} is open"),
    N_("{count} buses are closed"),
    N_("enabled"),
    N_("none is enrolled"),
    N_("others than root may have written it"),
    N_("{count} enrolled"),
    N_("this computer only observes"),
    N_("enforcing"),
    N_("the floor did not run at this start"),
    N_("the initramfs does not know the enrolled keyboards and mice as they are"),
)
# The kinds of devices of a workplace (usbguard_py.core.kinds).
PERIPHERALS = {
    "keyboard": N_("keyboard"),
    "mouse": N_("mouse"),
    "printer": N_("printer"),
    "token": N_("token or card reader"),
    "ups": N_("power supply (UPS)"),
    "scanner": N_("scanner"),
}
# The states of an approved device (usbguard_py.core.whitelist), and the facts that people state (core.given).
CUSTODY = {
    "pending": N_("awaiting approval"),
    "in-use": N_("in use"),
    "suspended": N_("suspended"),
    "expired": N_("expired"),
    "revoked": N_("revoked"),
    "lost": N_("lost"),
    "damaged": N_("damaged"),
    "destroyed": N_("destroyed"),
}
FACTS = {
    "holder": N_("holder"),
    "unit": N_("unit"),
    "label": N_("label"),
    "printed_serial": N_("printed serial no."),
    "document": N_("document of origin"),
    "expires_on": N_("last day of use"),
    "inspected_on": N_("day of the inspection"),
    "inspected_until": N_("inspection counts until"),
    "reason": N_("reason"),
}
# Facts that are words of ours, not names or bytes of somebody else's: shown in the language in use.
_OURS = frozenset({"what", "role", "action", "detail", "state"})
_NAMES = {
    **CUSTODY,
    "device": N_("device"),
    "asset": N_("approved device"),
    "peripheral": N_("enrolled device"),
    **PERIPHERALS,
    "administrator": N_("administrator"),
    "manager": N_("list manager"),
    "auditor": N_("auditor"),
    "revoke": N_("revoking the right to use a device"),
    "proposal": N_("proposal"),
    "refuse": N_("refusing a proposal"),
    "move": N_("changing the list of approved devices"),
}
_FACT = re.compile(r"\{(\w+)\}")
_FREE = {"detail"}  # what stands in these braces may itself be a detail


def said(text: str, templates: tuple[str, ...] = DETAILS) -> str:
    """``text`` in the language in use, when it is one of ``templates`` with its braces filled; else as it is."""
    for template in templates:
        found = _matched(template, text)
        if found is not None:
            facts = {k: said(v, templates) if k in _FREE else v for k, v in found.items()}
            return translate(template).format_map(facts)
    return text


def in_words(facts: Mapping[str, object]) -> dict[str, object]:
    """The facts of an error with our own words in the language in use."""
    return {key: _shown(key, value) if isinstance(value, str) else value for key, value in facts.items()}


def _shown(key: str, value: str) -> str:
    if key == "where":  # a place in a file, but for the facts of a device
        return translate(FACTS[value]) if value in FACTS else value
    return said(translate(_NAMES.get(value, value))) if key in _OURS else value


def _matched(template: str, text: str) -> dict[str, str] | None:
    """What stands in the braces of ``template`` if it fits, ``None`` if it does not."""
    if "{" not in template:
        return {} if text == template else None
    # Nearly all templates end here, before their pattern is ever compiled.
    if not (text.startswith(template.partition("{")[0]) and text.endswith(template.rpartition("}")[2])):
        return None
    found = _pattern(template).fullmatch(text)
    return None if found is None else found.groupdict()


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = _FACT.split(template)  # literal, name, literal, name, …
    shaped = (f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.compile("".join(shaped), re.DOTALL)
