"""Where a panel goes that failed, in the words that stand behind every such reason."""


def to_rework(code: str, channel: int | None = None) -> str:
    """Return the rework code of a kind of fault, with the channel where one is meant."""
    where = code if channel is None else f"{code}-{channel}"
    return f"panel to rework, code {where}"


def to_quarantine(code: str) -> str:
    """Return the code under which a panel waits for an engineer: nothing tells what to mend."""
    return f"panel to quarantine, code {code}"
