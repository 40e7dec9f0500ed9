"""The attacks that are tried, as a table: what somebody does, what happens, the code, the scenario that shows it.

``python -m tests.attacks.table`` writes it into docs/security.md; a test compares the two, and sees that every
scenario named here is one that must run (tests/scenarios/names.txt). What held on Debian 13 is read from
docs/scenarios-13.md, which is written from the record of the room ``attacks-13``.
"""
# ruff: noqa: E501 - a table, one attack a line

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.scenarios.evidence import named, page_of, shown

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/security.md"
THIRTEEN = "debian13"
BEGIN, END = "<!-- attacks: begin -->\n", "<!-- attacks: end -->\n"
HEAD = """\
Each line was tried on a real kernel with the witness; one scenario may hold several cases. All were tried on Debian 12 ([scenarios.md](scenarios.md)); the
mark says that all its cases held on Debian 13, too ([scenarios-13.md](scenarios-13.md)), – that not all were tried there. Written by `python -m tests.attacks.table`.

| attack | what happens | code | Debian 13 | scenario |
| --- | --- | --- | --- | --- |
"""
# fmt: off
ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("a phone, network adapter, serial port, sound card, card reader, keyboard or mouse is plugged in", "no driver, no node, no byte", "`PHONE`, `NETWORK`, …", "test_everything_else_is_dead"),
    ("a gadget with RNDIS, ECM, a modem, a printer or a keyboard", "the same, by what its descriptors say", "`NETWORK`, `SERIAL_PORT`, …", "test_gadgets_of_other_classes_are_dead"),
    ("an unknown stick", "dead", "`NOT_LISTED`", "test_an_unknown_stick_is_dead"),
    ("a stick that tells no serial number", "dead", "`NO_SERIAL`", "test_a_stick_without_serial_is_dead"),
    ("a listed serial on another device, to pass or to have the genuine stick cut", "dead, alarm; the genuine one keeps working", "`MISMATCH`", "test_a_listed_serial_on_another_device_is_a_mismatch_and_cuts_nobody"),
    ("a perfect copy beside the genuine stick", "both are cut, cleanly", "`DUPLICATE`", "test_two_devices_that_match_one_passport_are_both_cut"),
    ("an approved stick comes back with a keyboard", "dead, the facet is named", "`MISMATCH`", "test_an_approved_stick_that_now_brings_a_keyboard_is_a_mismatch"),
    ("a stick approved together with its hidden keyboard", "only storage opens", "`ALLOWED`", "test_a_keyboard_that_is_expected_but_not_granted_stays_dead"),
    ("somebody with root opens that hidden keyboard", "the stick is cut within 2 s", "`drift`", "test_a_hidden_keyboard_that_somebody_opens_costs_the_stick"),
    ("a drive shows another unit, type, vendor, model or revision than approved", "cut before there is a node", "`MISMATCH`", "test_a_drive_with_another_unit_is_cut_before_there_is_a_node"),
    ("a drive of another size", "cut before it is given out", "`MISMATCH`", "test_a_drive_of_another_size_is_cut_before_it_is_given_out"),
    ("a drive of the same size with another file system, where that was enrolled", "cut before it is given out", "`MISMATCH`", "test_a_stick_of_the_same_size_with_another_file_system_is_cut"),
    ("the same with another LUKS header, or another file system in a partition", "cut before it is given out; the kernel never reads its partition table", "`MISMATCH`", "test_luks_and_partitions_are_told_by_their_uuids"),
    ("a third face of a stick that has two: before its login, after it", "the two that were learnt pass, it is cut", "`MISMATCH`", "test_a_stick_passes_in_every_face_that_was_learnt_and_in_no_other"),
    ("in use, the same stick goes on to its other face, then to a third", "the one that was learnt passes without an alarm, the third is cut", "`MISMATCH`", "test_a_stick_in_use_goes_on_to_a_face_that_was_learnt_and_to_no_other"),
    ("a unit that appears after the drive was handed over", "the drive is cut", "`MISMATCH`", "test_a_unit_that_appears_later_cuts_the_drive"),
    ("descriptors that lie: truncated, zero length, counted wrong, twice the same, two configurations", "dead; the bytes are kept as evidence", "`UNREADABLE`", "test_lying_descriptors_are_dead_and_named"),
    ("a drive that calls itself a hub, to be matched by vendor number", "no driver but the hub's, ever", "`TOPOLOGY`, `HUB`", "test_a_drive_that_calls_itself_a_hub_gets_no_driver_but_the_hubs"),
    ("strings with escape sequences, quotes, line ends, bidi marks, maximum length", "bytes in the log, harmless on every screen", "", "test_hostile_strings_stay_bytes"),
    ("the same on a terminal, in `watch`, JSON and the exported file", "no byte steers the terminal", "", "test_no_string_of_a_device_steers_a_terminal"),
    ("module bait: interfaces that would load drivers", "nothing is loaded", "", "test_a_blocked_device_loads_no_driver"),
    ("a storage driver that is disabled, as checks of hardened systems want it, is loaded for a stranger", "it is not; only for an approved drive, while it is there", "", "test_storage_drivers_are_there_only_for_an_approved_drive"),
    ("swapping approved sticks while drivers leave, the judge killed meanwhile", "each works, none is lost", "", "test_storage_drivers_come_back_for_a_stick_that_is_swapped_fast"),
    ("a probe that succeeds and binds nothing", "what shows no unit cannot be put on the list", "", "test_a_drive_that_no_driver_takes_cannot_be_put_on_the_list"),
    ("endpoint 0 of a blocked device, after a rule of another package gave its node to the seat user", "`EACCES`", "", "test_a_rule_of_another_package_hands_no_blocked_device_out"),
    ("raw SET_CONFIGURATION by root through the node", "answered, and no driver binds", "", "test_root_can_talk_to_a_blocked_device_and_gets_no_function_by_it"),
    ("the session at the seat reaches for a phone that is blocked", "no right on its node", "`PHONE`", "test_who_sits_at_the_machine_gets_no_blocked_device"),
    ("an account without a session at the seat mounts an approved drive", "refused; the active session may", "", "test_an_approved_drive_goes_to_the_active_session_only"),
    ("SG_IO through sg and bsg nodes that a rule gave out", "the nodes stay with root", "", "test_raw_scsi_nodes_of_an_approved_stick_stay_with_root"),
    ("writes to a read-only drive: dd, mount, SG_IO, on disk and partition", "refused by the kernel", "", "test_a_read_only_drive_takes_no_write"),
    ("a program on an approved stick is started from where udisks mounts it", "nosuid, nodev, noexec", "", "test_udisks_mounts_it_so_that_nothing_on_it_runs"),
    ("a program on the disc of an approved stick is started, its raw node opened, without the list's word for it", "noexec, no right; udisks refuses `exec`", "", "test_without_the_word_no_program_runs_and_no_raw_node_is_given"),
    ("the login program that the list allows: from another seat, with the data unit's nodes, after a revocation in use", "only at the seat, only its disc; nothing is left", "`REVOKED`", "test_a_login_tool_works_at_the_seat_and_is_gone_with_the_right"),
    ("writes through the raw node of a login program whose drive may only be read", "refused by the kernel; the media are as before", "", "test_a_login_tool_of_a_read_only_drive_writes_nothing"),
    ("a second host controller, loaded at run time", "closed before its first device", "", "test_a_controller_that_appears_later_is_closed_before_its_first_device"),
    ("one of the kernel's defaults is opened", "closed again within 2 s", "`drift`", "test_a_default_that_somebody_opens_is_closed_again"),
    ("the flag of the udev rules is removed", "back within 2 s, nodes stated anew", "`drift`", "test_the_udev_rules_flag_that_somebody_removes_comes_back"),
    ("root authorises a blocked device", "closed again, alarm", "", "test_what_somebody_else_authorises_is_closed_again_with_an_alarm"),
    ("the same again and again", "closed every time", "", "test_a_device_that_is_let_in_by_hand_again_is_closed_again"),
    ("an open stick is re-configured, unbound or closed under its mount", "noticed within 2 s, cut", "`drift`", "test_an_open_stick_that_is_changed_under_its_mount_is_cut"),
    ("a program takes an open stick over through its usbfs node: driver thrown out, alternate setting", "noticed within 2 s, cut", "`drift`", "test_an_open_stick_that_a_program_resets_goes_on_and_one_that_it_takes_over_is_cut"),
    ("an open stick is reset", "the same stick goes on, nothing else is bound", "", "test_an_open_stick_that_a_program_resets_goes_on_and_one_that_it_takes_over_is_cut"),
    ("a device shows other descriptors after a reset, with a listed serial", "a new arrival, dead", "`MISMATCH`", "test_a_device_that_shows_other_descriptors_after_a_reset_is_judged_anew"),
    ("a modem that is a drive first and switches its mode", "dead as what it becomes, alarm", "`MISMATCH`", "test_a_modem_that_switches_its_mode_is_dead_in_both"),
    ("the same stick at another speed, with other descriptors", "dead until approved as that, too", "`MISMATCH`", "test_a_stick_at_another_speed_is_another_face_and_a_hub_that_is_configured_anew_is_cut"),
    ("a medium of another size is put into an approved reader", "the reader is cut", "`MISMATCH`", "test_a_medium_of_another_size_in_a_reader_cuts_it"),
    ("a card of the same size with another file system, where that was enrolled", "the reader is cut", "`MISMATCH`", "test_a_card_of_the_same_size_in_a_reader_cuts_it"),
    ("a root hub is taken to 0 and back, or configured anew", "nothing opens by it; the bus gets its driver back, each device is judged anew", "`drift`", "test_a_root_hub_that_somebody_toggles_lets_nothing_in_and_its_bus_lives_on"),
    ("a hub with devices behind it is configured anew", "cut with all that hangs on it", "`drift`", "test_a_stick_at_another_speed_is_another_face_and_a_hub_that_is_configured_anew_is_cut"),
    ("a drive is exchanged for a copy while the machine sleeps", "a new arrival, cut before there is a node; the sleep is an entry", "`MISMATCH`", "test_a_drive_that_is_exchanged_while_the_machine_sleeps_is_dead"),
    ("a stranger comes while the machine sleeps", "dead", "`NOT_LISTED`", "test_a_drive_that_is_exchanged_while_the_machine_sleeps_is_dead"),
    ("a stranger at the port of the approved stick, swapped fast", "judged by itself", "`NOT_LISTED`", "test_another_stick_at_the_same_port_inherits_nothing"),
    ("a stranger beside the approved stick behind one hub", "each judged by itself", "", "test_behind_a_hub_each_stick_is_judged_by_itself"),
    ("plugged in before the daemon starts", "judged like any other", "", "test_present_before_the_daemon_starts_is_judged_like_any_other"),
    ("the daemon is killed, then a stick", "dead; judged by the next start; the gap is in the log", "", "test_a_killed_daemon_opens_nothing_and_the_gap_is_in_the_log"),
    ("the daemon is killed between opening and media gate", "units stay without drivers", "", "test_a_killed_judge_leaves_units_held_and_the_next_finishes"),
    ("the power is cut between entry and opening", "the entry is there, no function was", "", "test_a_power_cut_between_record_and_opening_leaves_the_entry_and_no_function"),
    ("the disk is filled", "nothing opens, nothing is lost", "`FAIL_SAFE`", "test_a_full_disk_lets_nothing_in_and_loses_nothing"),
    ("the database is removed, damaged, replaced, made read-only", "nothing opens; one sentence says why", "`FAIL_SAFE`", "test_a_database_that_cannot_be_used_closes_and_is_said"),
    ("the kernel's events are made to overflow", "recorded, everything is read anew", "", "test_lost_events_are_recorded_and_everything_is_read_anew"),
    ("`udevadm trigger` as if a device had come", "no second entry", "", "test_a_reminder_is_no_arrival"),
    ("sixteen devices at once", "all judged, each recorded once", "", "test_sixteen_at_once_are_each_judged_and_recorded_once"),
    ("a device that comes again and again", "dead each time; counted; memory flat", "", "test_a_device_that_comes_again_and_again_is_dead_and_counted"),
    ("more than a hundred devices behind hubs, over two controllers", "all judged, each recorded once; memory bounded", "", "test_more_than_a_hundred_devices_behind_hubs_are_each_judged_and_recorded_once"),
    ("one more than the controller has slots for", "in the log, from the kernel's log", "`unenumerated`", "test_more_than_a_hundred_devices_behind_hubs_are_each_judged_and_recorded_once"),
    ("a device that never enumerates", "in the log, from the kernel's log; counted", "`unenumerated`", "test_more_than_a_hundred_devices_behind_hubs_are_each_judged_and_recorded_once"),
    ("a hub that fails again and again", "held", "`HELD`", "test_a_hub_that_fails_again_and_again_is_held"),
    ("a revoked stick, plugged in again", "dead", "`REVOKED`", "test_a_revoked_stick_stays_dead_when_plugged_in_again"),
    ("a writer, a working directory and a mount namespace outlive a revocation", "cut by the deadline; the holders are named", "`REVOKED`", "test_a_busy_mount_is_cut_by_the_deadline_and_says_who_held_it"),
    ("a slow drive with more unwritten data than fits the deadline", "cut all the same, and said", "", "test_what_cannot_be_written_in_time_is_said_and_cut_all_the_same"),
    ("a device-mapper on top outlives a revocation", "it leads nowhere", "`REVOKED`", "test_a_device_mapper_on_top_does_not_outlive_the_cut"),
    ("a keyboard that is not enrolled, or enrolled on another port", "types nothing", "`INPUT_NOT_ENROLLED`", "test_an_enrolled_keyboard_types_on_its_port_only"),
    ("a second keyboard beside the enrolled one, and its enrolment", "dead; refused, or in the place of the first", "`INPUT_NOT_ENROLLED`", "test_a_second_keyboard_is_dead_and_cannot_be_enrolled_beside_the_first"),
    ("more enrolled keyboards than the policy permits", "one works, the other is cut", "`LIMIT`", "test_more_keyboards_than_the_policy_permits_are_dead"),
    ("a mouse that types: one more interface, or a copy with keys inside", "dead; the copy is cut as soon as the kernel shows its keys", "`INPUT_NOT_ENROLLED`, `MISMATCH`", "test_a_mouse_that_types_is_cut"),
    ("an enrolled printer brings storage or a network", "dead, alarm, the facet is named", "`MISMATCH`", "test_a_printer_that_brings_storage_or_a_network_is_dead"),
    ("a wireless receiver with one more interface, or one less", "dead; complete it works", "`INPUT_NOT_ENROLLED`", "test_a_wireless_receiver_with_one_more_interface_is_dead"),
    ("a token that the policy does not permit, one that it does, one that was taken off", "no program can take its interface; permitted, those whom a rule names can", "`SMART_CARD`, `PERIPHERAL_ENROLLED`", "test_a_token_opens_only_when_the_policy_says_so"),
    ("a start for maintenance, with other devices than one plain keyboard on the port of the enrolled one", "one works for that start, recorded; everything else is dead", "`MAINTENANCE`", "test_a_maintenance_start_lets_in_one_plain_keyboard_on_the_port_of_the_enrolled_one"),
    ("the enrolled keyboard while nothing of ours runs, or the list is broken", "types: nobody is locked out", "`INPUT_ENROLLED`", "test_an_enrolled_keyboard_works_while_nobody_judges"),
    ("a second daemon", "refuses to start", "", "test_a_second_daemon_refuses_and_the_first_goes_on"),
    ("another enforcer started beside us", "noticed, recorded; no start beside it", "", "test_usbguard_started_beside_us_is_noticed_and_a_start_beside_it_is_refused"),
    ("an account without the role, with a forged SUDO_USER", "refused, recorded with the login uid", "", "test_each_command_is_allowed_or_refused_as_the_role_says"),
    ("a broken policy", "file and line are named, nothing changes", "", "test_a_broken_policy_is_named_by_file_and_line_and_changes_nothing"),
)
# fmt: on


def recorded(image: str = THIRTEEN) -> Iterator[tuple[str, str, str]]:
    """Scenario, result and kernel of each line of the page that was written from this image's record."""
    for line in page_of(image).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] not in ("scenario", "---"):
            yield cells[0], cells[1], cells[2]


def mark(results: Iterable[str | None]) -> str:
    """The mark for the results of all cases of a scenario, ``None`` for a case that was not tried."""
    found = set(results)
    return "held" if found == {"passed"} else "FAILED" if found - {"passed", None} else "–"


def section() -> str:
    """The table as it stands in the page."""
    results = {name: result for name, result, _ in recorded()}
    cases: dict[str, list[str | None]] = {}
    for case in sorted(named()):
        cases.setdefault(case.partition("[")[0], []).append(results.get(shown(case)))
    lines = (
        f"| {attack} | {happens} | {code} | {mark(cases[name])} | `{name}` |\n" for attack, happens, code, name in ROWS
    )
    return BEGIN + HEAD + "".join(lines) + END


def scenarios() -> set[str]:
    """The scenarios that must run, without their cases."""
    return {name.partition("[")[0] for name in named()}


def main() -> None:
    """Write the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(before + section() + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
