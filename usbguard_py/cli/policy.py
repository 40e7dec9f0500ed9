"""``usbguard-py policy show|check|use``: the policy in force, and others."""

import re
from pathlib import Path

import click

from usbguard_py import paths
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command, Group, option
from usbguard_py.cli.output import facts, json_out, say, show
from usbguard_py.cli.table import Column, Row
from usbguard_py.cli.words import moment
from usbguard_py.core.requests import PolicyUse
from usbguard_py.errors import BadPolicy, NotFound
from usbguard_py.i18n import N_, _
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import MAX_SIZE, read_policy
from usbguard_py.policy.table import rows
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader

command = Group("policy", help=N_("The policy: a few settings that say what is asked of a device."))
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")


@command.command(
    "show",
    cls=Command,
    help=N_("Show the policy in force, or the one in FILE (or with that NAME), setting by setting."),
    examples=["usbguard-py policy show", "usbguard-py policy show observe"],
)
@click.argument("file", metavar="[FILE|NAME]", required=False)
def show_(file: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print the settings."""
    if file is None:
        with Reader(paths.DATABASE) as reader:
            stored = reader.policy()
        if stored is None:
            raise NotFound(what=_("policy in use"), name="–")
        policy = read_policy(stored.text, origin=stored.name)
        origin: dict[str, str] = {"digest": stored.digest, "since": stored.since}
    else:
        policy, origin = read_policy(text_of(file), origin=file), {}
    if as_json:
        json_out({"policy": policy, **origin})
        return
    _print(policy, origin)


def _print(policy: Policy, origin: dict[str, str]) -> None:
    facts([(_("Policy"), policy.name, "head"), (_("For"), policy.description or "–")])
    if origin:
        facts([(_("In use since"), moment(origin["since"], zone=True)), (_("Digest"), origin["digest"])])
    say()
    heads = [Column(_("Setting")), Column(_("Value")), Column(_("Default")), Column(_("Meaning"), flexible=True)]
    settings = [r for r in rows(policy) if r.name not in {"name", "description"}]
    show(
        heads,
        [Row([r.name, r.value, r.default, _(r.meaning)], "" if r.value == r.default else "warn") for r in settings],
    )
    if not policy.enforce:
        say()
        say(_("This policy only observes: NOTHING IS BLOCKED."), "loud")


@command.command(
    "check",
    cls=Command,
    help=N_("Check the policy in FILE (or with that NAME) without using it; an error names file and line."),
    examples=["usbguard-py policy check my-policy.toml"],
)
@click.argument("file", metavar="FILE|NAME")
def check(file: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print that it is good, or raise what is wrong."""
    policy = read_policy(text_of(file), origin=file)
    if as_json:
        json_out({"valid": True, "policy": policy})
        return
    say(_("The policy “{name}” can be used.").format(name=policy.name), "good")


@command.command(
    "use",
    cls=Command,
    help=N_(
        "Use the policy in FILE (or with that NAME) from now on.\n\n"
        "Its text is stored with a record in the log; editing the file later changes nothing until it is used again. "
        "A policy that blocks is refused while a keyboard is connected and none is enrolled."
    ),
    examples=["usbguard-py policy use standalone", "usbguard-py policy use observe"],
)
@click.argument("file", metavar="FILE|NAME")
@option("--no-keyboard", is_flag=True, help=N_("Block even though no keyboard is enrolled: it stops working."))
def use(file: str, no_keyboard: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Check here first, so that an error names the file; then ask the daemon."""
    text = text_of(file)
    policy = read_policy(text, origin=file)
    answer = call(PolicyUse(text=text, origin=str(place(file).absolute()), no_keyboard=no_keyboard))
    if as_json:
        json_out(answer)
        return
    done = typed(answer, Done)
    say(_("The policy “{name}” is in use (record {seq}).").format(name=done.name or policy.name, seq=done.seq), "good")
    if not policy.enforce:
        say(_("This policy only observes: NOTHING IS BLOCKED."), "loud")


def place(file: str) -> Path:
    """The file that is meant: a name without a dot or slash is one of the policies that come with the program."""
    return paths.POLICIES / f"{file}.toml" if _NAME.match(file) else Path(file)


def text_of(file: str) -> str:
    """The text of a policy.

    Raises:
        NotFound: there is no such policy.
        BadPolicy: the file cannot be read, is too large, or is not UTF-8.
    """
    path = place(file)
    try:
        with path.open("rb") as opened:
            raw = opened.read(MAX_SIZE + 1)
        return raw.decode()
    except FileNotFoundError as error:
        raise NotFound(what=_("policy"), name=file) from error
    except OSError as error:
        raise BadPolicy(where=file, detail=error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise BadPolicy(where=f"{file}:1", detail="not UTF-8") from error
