"""What people read: hostile strings on a terminal, live events, explanations, completion."""

import json
import re
import unicodedata

from tests.attacks.test_hostile import STRINGS
from tests.lab.control import Process
from tests.scenarios.rig import Rig

COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # ECMA-48 SGR: what the product itself sends to a terminal, and nothing else
HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # categories of characters that steer a terminal or hide
# A pseudo-terminal, as a person has it; its line ends are CR LF.
TERMINAL = "COLUMNS=100 TERM=xterm script -qec 'usbguard-py {}' /dev/null"


def unsafe(text: str) -> list[str]:
    """Characters in ``text`` that no reader may get."""
    return sorted({hex(ord(c)) for c in COLOUR.sub("", text) if c != "\n" and unicodedata.category(c) in HIDDEN})


def watching(rig: Rig, options: str = "") -> Process:
    """A ``watch`` that the daemon has taken: its connection was there when a later question was answered."""
    process = rig.guest.start(f"exec usbguard-py watch {options}", env={"LANG": "en_US.UTF-8", "COLUMNS": "100"})
    connected = "grep -c '03 *[0-9]* /run/usbguard-py/control.sock' /proc/net/unix"
    rig.guest.run(f"until [ $({connected}) -ge 1 ]; do :; done", timeout=30)
    rig.answer("status")
    return process


def test_no_string_of_a_device_steers_a_terminal(rig: Rig) -> None:
    """Escape sequences, line ends, bidirectional marks, the greatest length, no text at all: all six at once."""
    rig.guest.load_vhci()
    watch, lines = watching(rig), watching(rig, "--json")
    before = rig.seq()
    ports = []
    for text in STRINGS.values():
        plugged = rig.guest.hostile(strings={1: text, 2: text, 3: text}).plug()
        seq = rig.await_entry(before, name=plugged.port, kind="decision")["seq"]
        rig.guest.witness.assert_dead(plugged.port)
        ports.append(plugged.port)
        watch.wait_output(f"record {seq}")
        lines.wait_output(f'"seq":{seq}')
    shown = {"watch": watch.output, "watch --json": lines.output}
    for command in ("devices", "log", "devices --json", "log --json", f"explain {ports[0]}"):
        shown[f"{command} on a terminal"] = rig.guest.run(TERMINAL.format(command)).stdout.replace("\r\n", "\n")
    shown["devices in Vietnamese"] = rig.cli("devices", lang="vi").stdout
    rig.cli("log export /root/log.jsonl")
    shown["exported file"] = rig.guest.read("/root/log.jsonl")
    assert {what: found for what, text in shown.items() if (found := unsafe(text))} == {}
    assert "\\u{1b}[2J" in shown["devices on a terminal"]
    assert "SSSSSS" in shown["devices on a terminal"]
    events = [json.loads(line) for line in lines.output.splitlines()]
    assert {e["name"] for e in events if e["event"] == "decision"} == set(ports)


def test_explain_says_the_same_of_device_record_and_capture(rig: Rig) -> None:
    """Connected, recorded, and captured, judged again after the device was unplugged."""
    before = rig.seq()
    watch = watching(rig)
    stick = rig.guest.plug_stick(serial="SAMPLE-9999")
    entry = rig.blocked(stick, before, "NOT_LISTED")
    assert "[NOT_LISTED]" in watch.wait_output(f"record {entry['seq']}")
    rig.guest.run(f"usbguard-py explain {stick.port} --json > /root/device.json")
    connected = json.loads(rig.guest.read("/root/device.json"))
    stick.unplug()
    watch.wait_output("unplugged")
    recorded = rig.answer(f"explain --seq {entry['seq']}")
    captured = rig.answer("explain --capture /root/device.json")

    def said(answer: dict[str, object]) -> list[tuple[str, str, str]]:
        gates = answer["gates"]
        assert isinstance(gates, list)
        return [(g["gate"], g.get("code") or "", g.get("seen") or "") for g in gates]

    assert said(connected) == said(recorded) == said(captured)
    assert connected["code"] == recorded["code"] == captured["code"] == "NOT_LISTED"
    assert "trong danh sách" in rig.cli("explain --capture /root/device.json", lang="vi").stdout
    assert "on the approved list" in rig.cli(f"explain --seq {entry['seq']}").stdout
    assert captured["serial"] == "SAMPLE-9999"
    watch.kill()


def test_bash_completes_commands_and_options(rig: Rig) -> None:
    """As an interactive shell does: bash-completion loads the installed script by the command's name."""
    for words, expected in COMPLETIONS.items():
        line = f"usbguard-py {words}"
        script = f"""
            . /usr/share/bash-completion/bash_completion
            _completion_loader usbguard-py
            COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}
            COMP_WORDS=({line.rstrip()} {'""' if line.endswith(" ") else ""}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            function=$(complete -p usbguard-py | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            $function usbguard-py "${{COMP_WORDS[COMP_CWORD]}}"
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        found = rig.guest.run(["bash", "-c", script]).stdout.split()
        assert set(expected) <= set(found), f"{line}: {found}"


COMPLETIONS = {
    "whi": ("whitelist",),
    "whitelist ": ("add", "list", "revoke"),
    "log --out": ("--outcome",),
    "log list --outcome ": ("allowed", "blocked"),
}
