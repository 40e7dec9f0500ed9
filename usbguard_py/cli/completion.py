"""``usbguard-py completion SHELL``: the completion script."""

import click

from usbguard_py.cli.commands import Command
from usbguard_py.i18n import N_

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_USBGUARD_PY_COMPLETE"


def script(shell: str) -> str:
    """The script that makes ``shell`` ask this program for completions."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - costs more than the rest

    from usbguard_py.cli.root import cli  # noqa: PLC0415 - the table of commands imports this module

    kind = get_completion_class(shell)
    if kind is None:
        raise click.BadParameter(shell)
    # bash's own class runs bash to learn its version; the text is the same for all that are supported.
    return kind(cli, {}, "usbguard-py", VARIABLE).source_template % {
        "complete_func": "_usbguard_py_completion",
        "complete_var": VARIABLE,
        "prog_name": "usbguard-py",
    }


def completion(shell: str) -> None:
    """Print the script."""
    click.echo(script(shell))


command = Command(
    "completion",
    callback=completion,
    json=False,
    params=[click.Argument(["shell"], type=click.Choice(SHELLS))],
    help=N_("Print the completion script of SHELL. The package installs the one for bash."),
    examples=["usbguard-py completion bash > /usr/share/bash-completion/completions/usbguard-py"],
)
