"""How often who only looks on asks AWS: every few seconds, and less where AWS wants that."""

PAUSE_S = 5.0
_LONGEST_S = 60.0


def next_pause_s(pause_s: float, *, throttled: bool) -> float:
    """Return how long to wait after a look: twice as long each time that AWS throttled it."""
    return min(_LONGEST_S, pause_s * 2) if throttled else PAUSE_S
