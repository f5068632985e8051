"""What retrieval's order says before the model is asked: how often what came next had which rank."""

from collections.abc import Iterable
from math import log

from finetune.examples import Example, ExampleFolder


class RankPrior:
    """Logarithms of the shares of ranks, among what came next and retrieval had proposed.

    Beside them a model learns what retrieval does not know, as each tree of a boosted model learns what those before it
    do not (Friedman 2001); in service the fusion joins both again.
    """

    def __init__(self, ranks: Iterable[int]) -> None:
        """`ranks` from 1 on, of every target to train on; 0, of one that was not proposed, is left out."""
        proposed = [rank for rank in ranks if rank]
        longest = max(proposed, default=1)
        counts = [1] * (longest + 1)  # what was never seen is rare, not impossible
        for rank in proposed:
            counts[rank] += 1
        self._logs = [log(count / sum(counts)) for count in counts]

    @classmethod
    def of_folder(cls, examples: ExampleFolder) -> "RankPrior":
        """That of the examples to train on."""
        return cls(examples.ranks("train"))

    def of(self, example: Example, places: Iterable[int]) -> tuple[float, ...]:
        """Of the target, then of the negatives at these places among the example's; what is no hit has no rank."""
        ranks = (example.rank, *(_rank(example, place) for place in places))
        return tuple(self._logs[min(rank, len(self._logs) - 1)] for rank in ranks)


def _rank(example: Example, place: int) -> int:
    """Hits lie best first, without the target."""
    if place >= len(example.hits):
        return 0
    return place + 1 + (0 < example.rank <= place + 1)
