"""The states of a connection and the only moves between them, in one table."""

from enum import StrEnum


class State(StrEnum):
    """seen → configured (interfaces closed) → opened (nodes for root only) → handed over → closed."""

    SEEN = "seen"
    CONFIGURED = "configured"
    OPENED = "opened"
    HANDED_OVER = "handed-over"
    CLOSED = "closed"
    GONE = "gone"


MOVES: dict[State, frozenset[State]] = {
    State.SEEN: frozenset({State.CONFIGURED, State.CLOSED, State.GONE}),
    State.CONFIGURED: frozenset({State.OPENED, State.CLOSED, State.GONE}),
    State.OPENED: frozenset({State.HANDED_OVER, State.CLOSED, State.GONE}),
    State.HANDED_OVER: frozenset({State.CLOSED, State.GONE}),
    State.CLOSED: frozenset({State.SEEN, State.GONE}),
    State.GONE: frozenset(),
}


def moved(state: State, to: State) -> State:
    """``to``, when the table allows the move.

    Raises:
        ValueError: the move is not in the table; a fault in our code, never a device's doing.
    """
    if to not in MOVES[state]:
        raise ValueError(f"no move from {state} to {to}")
    return to
