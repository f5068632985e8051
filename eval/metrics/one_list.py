"""What of the relevant one list finds, from 0 to 1."""

from collections.abc import Collection, Sequence


def recall(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant items that stand among the first `k`; 0 where there are none."""
    return len(set(ranked[:k]).intersection(relevant)) / len(set(relevant)) if relevant else 0.0
