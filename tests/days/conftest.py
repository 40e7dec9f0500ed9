"""The played days start from the scenarios' base: the package, the strict policy, one stick on the list.

A day is a person at a terminal, from beginning to end; the room ``days`` has six minutes for all of them.
"""

from tests.attacks.conftest import *  # noqa: F403 - the same fixtures, which pytest finds by their names here
