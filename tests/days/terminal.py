"""A person at a terminal of the guest: tmux holds the screen, keys are pressed when what they answer is on it.

What the pane prints comes through a pipe, so that a prompt is an event; the screen is what tmux made of it.
"""

from collections.abc import Sequence

from tests.lab import Guest
from tests.lab.debs import debs

PACKAGES = ("tmux", "libevent-core-2.1-7", "libutempter0")
COLUMNS, LINES = 100, 40
PROMPT = "$ "
PATIENCE = 120.0  # seconds until something that was asked for is on the screen; emulation is slow
SHELL = f"read -r; PS1='{PROMPT}' exec bash --noprofile --norc --noediting"


def install_tmux(guest: Guest) -> None:
    """Put tmux into the guest, without the package manager's bookkeeping, which takes longer than all the rest."""
    for name, path in debs(*PACKAGES).items():
        guest.put(path, f"/root/tmux/{name}")
    guest.run("cd /root/tmux && for file in *.deb; do dpkg-deb --extract $file /; done")


class Terminal:
    """A shell of a person who is logged in, in a pane of a fixed size.

    Args:
        guest: with tmux in it.
        user: logged in under this name, which has no other rights than its groups give.
        locale: of the person's session.
    """

    def __init__(self, guest: Guest, user: str, locale: str) -> None:
        who = {"user": user, "login": user}
        env = {"LANG": locale, "HOME": f"/home/{user}", "SHELL": "/bin/bash", "TERM": "xterm-256color"}
        pipe = f"/run/{user}.pane"
        guest.run(f"mkfifo {pipe} && chown {user} {pipe}")
        self._stream = guest.start(["cat", pipe], **who)
        tmux = ["tmux", "-u", "-f", "/dev/null", "-C", "new-session", "-c", f"/home/{user}", SHELL]
        self._tmux = guest.start(tmux, env=env, cwd=f"/home/{user}", **who)
        self._printed, self._said = 0, 0
        self._answer()
        self._do("refresh-client -f no-output")
        self._do(f"refresh-client -C {COLUMNS}x{LINES}")
        self._do(f"pipe-pane -O 'exec cat > {pipe}'")
        self.type("")  # the shell begins by it: what it printed before that would not be in the pipe
        self.wait(f"\n{PROMPT}")

    def _do(self, command: str) -> list[str]:
        """Have tmux do something, and return what it answers (tmux(1), control mode)."""
        self._tmux.type(command + "\n")
        return self._answer()

    def _answer(self) -> list[str]:
        out = self._tmux.wait_output("\n%end ", PATIENCE, self._said)
        begin, end = out.index("%begin "), out.index("\n%end ")
        self._said += len(out[: end + 1].encode())
        return out[begin:end].split("\n")[1:]

    def wait(self, text: str) -> None:
        """Wait until this is printed after what was waited for before."""
        out = self._stream.wait_output(text, PATIENCE, self._printed)
        self._printed += len(out[: out.index(text) + len(text)].encode())

    def type(self, text: str) -> None:
        """Press the keys of a line, and Enter."""
        if text:
            self._do("send-keys -l '{}'".format(text.replace("'", "'\\''")))
        self._do("send-keys Enter")

    def screen(self) -> list[str]:
        """What stands on the screen down to the cursor, with what was scrolled off it."""
        lines = self._do("capture-pane -p -S -")
        while lines and not lines[-1].strip():
            lines.pop()
        return lines

    def run(self, command: str, answers: Sequence[tuple[str, str]] = ()) -> list[str]:
        """Type a command and the answers to its questions, each when it is asked; the lines that then stand there."""
        first = len(self.screen()) - 1
        self.type(command)
        for question, answer in answers:
            self.wait(question)
            self.wait(": ")
            self.type(answer)
        self.wait(f"\n{PROMPT}")
        return self.screen()[first:-1]
