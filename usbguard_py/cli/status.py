"""``usbguard-py status``: how things stand, also when the daemon does not run."""

import sys

from usbguard_py import paths
from usbguard_py.cli import list_words
from usbguard_py.cli.answers import Floor, Maintenance, typed
from usbguard_py.cli.answers import Status as Standing
from usbguard_py.cli.output import facts, json_out, say
from usbguard_py.cli.trial_words import lines as trial_lines
from usbguard_py.cli.words import moment, number, phrase
from usbguard_py.errors import DaemonUnavailable
from usbguard_py.i18n import N_, _, ngettext
from usbguard_py.shell.client import ask

ENFORCES = N_("PROTECTED: what is not allowed is blocked.")
OBSERVES = N_("OBSERVING ONLY – NOTHING IS BLOCKED. What would be blocked is only written down.")
MAINTENANCE = N_("STARTED FOR MAINTENANCE: one keyboard may stand in for the enrolled one, until the next start.")
ACCEPTED = N_("The keyboard {usb_id} on port {name} is NOT enrolled. It works until the next start.")
FAIL_SAFE = N_("FAIL-SAFE: the list or log cannot be used; all external devices are blocked.")
NO_DAEMON_ENFORCES = N_("The daemon is not running. New devices stay blocked; nothing is written down.")
NO_DAEMON_OBSERVES = N_("The daemon is not running and nothing is set up to block: NOTHING IS BLOCKED.")


def show_status(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the daemon's answer, or what can be read without it.

    Raises:
        DaemonUnavailable: after printing, when the daemon does not run.
    """
    try:
        answer = ask("Status")
    except DaemonUnavailable:
        _without_daemon(as_json)
        raise
    if as_json:
        json_out({"running": True, **answer})
        return
    standing = typed(answer, Standing)
    _headline(standing)
    facts(_pairs(standing))
    for reminder in (*list_words.reminders(standing.reminders), *reminders(standing.reminders)):
        say("· " + reminder, "warn")
    for problem in _problems(standing):
        say("! " + problem, "alarm")


def _headline(standing: Standing) -> None:
    if standing.fail_safe:
        say(_(FAIL_SAFE), "alarm")
        say(phrase(standing.fail_safe), indent=2)
        if standing.remedy:
            say("→ " + phrase(standing.remedy), indent=2)
    if standing.mode == "enforce":
        say(_(ENFORCES), "" if standing.fail_safe else "good")
    else:
        say("!!! " + _(OBSERVES), "loud")
    for line, style in trial_lines(standing.trial) if standing.trial else ():
        say(line, style)
    _maintenance(standing.maintenance)
    say()


def _maintenance(now: Maintenance) -> None:
    if now.started:
        say("!!! " + _(MAINTENANCE), "loud")
    if now.accepted:
        port, usb_id = now.accepted.split()[:2]
        say("!!! " + _(ACCEPTED).format(name=port, usb_id=usb_id), "loud")


def _pairs(standing: Standing) -> list[tuple[str, str] | tuple[str, str, str]]:
    policy = f"{standing.policy.name} ({standing.policy.digest[:12]})" if standing.policy.digest else "–"
    return [
        (_("Policy"), policy),
        (
            _("Approved list"),
            ngettext("{count} device, version {version}", "{count} devices, version {version}", standing.assets).format(
                count=number(standing.assets), version=standing.list_version
            ),
        ),
        *_list(standing),
        (
            _("Log"),
            _("{count} records, last hash {head}").format(
                count=number(standing.ledger.seq), head=standing.ledger.head[:16] or "–"
            ),
        ),
        (
            _("Connected"),
            ngettext(
                "{count} device, {open} of them open", "{count} devices, {open} of them open", standing.connected
            ).format(count=standing.connected, open=standing.open),
        ),
        (
            _("Blocked today") if standing.mode == "enforce" else _("Would be blocked"),
            number(standing.blocked_today),
            "warn" if standing.blocked_today else "",
        ),
        (_("Alarms"), number(standing.alarms), "alarm" if standing.alarms else ""),
        *_closed(standing),
        *_floor(standing.floor),
        (_("Daemon"), _("version {version}, since {since}").format(version=standing.version, since=_since(standing))),
    ]


def _list(standing: Standing) -> list[tuple[str, str]]:
    """Which list is in force: number, date, where it is kept."""
    if standing.list is None:
        return []
    return [("", line) for line in (list_words.named(standing.list), *list_words.more(standing.list))]


def _closed(standing: Standing) -> list[tuple[str, str] | tuple[str, str, str]]:
    if standing.mode != "enforce":
        return []
    if not standing.closed_since:
        return [(_("Closed since"), _("NOT CLOSED: see the alarms in the log"), "alarm")]
    return [(_("Closed since"), moment(standing.closed_since, zone=True))]


def _since(standing: Standing) -> str:
    return moment(standing.since, zone=True)


def _floor(below: Floor) -> list[tuple[str, str]]:
    known: list[tuple[str, bool | None]] = [
        (_("kernel parameter"), below.kernel_parameter),
        (_("USB buses closed"), below.buses_closed),
        (_("second wall (udev)"), below.enforcing_flag),
    ]
    said = {True: _("yes"), False: _("no")}
    words = [f"{name}: {said[value]}" for name, value in known if value is not None]
    return [(_("Without the daemon"), "; ".join(words))] if words else []


def reminders(due: dict[str, int]) -> list[str]:
    """What somebody has to see to, one line each, most pressing first."""
    counts = {
        name: due.get(name, 0)
        for name in ("waiting", "expired", "expiring", "inspection_due", "never_inspected", "not_returned")
    }
    lines = {
        "waiting": ngettext(
            "{count} proposal waits for a second person: usbguard-py whitelist proposals",
            "{count} proposals wait for a second person: usbguard-py whitelist proposals",
            counts["waiting"],
        ),
        "expired": ngettext(
            "The last day of use of {count} device has passed.",
            "The last day of use of {count} devices has passed.",
            counts["expired"],
        ),
        "expiring": ngettext(
            "{count} device expires within 30 days.", "{count} devices expire within 30 days.", counts["expiring"]
        ),
        "inspection_due": ngettext(
            "The inspection of {count} device is overdue or due within 30 days.",
            "The inspections of {count} devices are overdue or due within 30 days.",
            counts["inspection_due"],
        ),
        "never_inspected": ngettext(
            "No inspection of {count} device in use is recorded.",
            "No inspection of {count} devices in use is recorded.",
            counts["never_inspected"],
        ),
        "not_returned": ngettext(
            "{count} device that is revoked or damaged was not handed back.",
            "{count} devices that are revoked or damaged were not handed back.",
            counts["not_returned"],
        ),
    }
    return [lines[name].format(count=number(count)) for name, count in counts.items() if count]


def _problems(standing: Standing) -> list[str]:
    found = [phrase(p) for p in standing.problems]
    if standing.policy.edited:
        found.append(
            _("The policy file was edited after it was taken into use. To use it: usbguard-py policy use FILE")
        )
    for name, count in standing.held_ports.items():
        text = _("Port {name} is held: the same refused device came {count} times.")
        found.append(text.format(name=name, count=number(count)))
    if standing.kept_entries:
        found.append(_("{count} records wait until the log can be written.").format(count=standing.kept_entries))
    if standing.other_enforcer:
        found.append(_("Another enforcer is running: {name}. Stop it.").format(name=standing.other_enforcer))
    if standing.mode == "enforce" and standing.floor.kernel_parameter is False:
        found.append(
            _("The kernel was started without usbcore.authorized_default=0: devices work for a moment while it starts.")
        )
    return found


def _without_daemon(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    # What the floor did, not what its file asks for: that file is root's, and may never have been acted on.
    enforces = paths.ENFORCING.exists()
    from usbguard_py.shell import floor, maintenance  # noqa: PLC0415 - only where nobody answers

    upkeep = {"started": maintenance.started(), "accepted": maintenance.taken()}
    below = {
        "kernel_parameter": floor.kernel_parameter(),
        "module_parameter": _module_parameter(),
        "enforcing_flag": enforces,
    }
    known = {
        "running": False,
        "mode": "enforce" if enforces else "observe",
        "maintenance": upkeep,
        "floor": below,
    }
    if as_json:
        json_out(known)
        return
    say(_(NO_DAEMON_ENFORCES if enforces else NO_DAEMON_OBSERVES), "warn" if enforces else "loud")
    _maintenance(typed(upkeep, Maintenance))
    facts(_floor(typed(below, Floor)))
    sys.stdout.flush()


def _module_parameter() -> int | None:
    try:
        return int(paths.USBCORE_DEFAULT.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
