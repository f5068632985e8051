import pytest

from finetune.training.share import Share
from llm_rerank.engines.base import ScoringRequest

LISTS = [ScoringRequest(prefix=(number, 0), continuations=((7,),), labels=(1,)) for number in range(5)]  # three tokens


@pytest.mark.parametrize(("rank", "lists"), [(0, [1, 1]), (1, [1, 1, 1])])
def test_processes_divide_the_lists(rank: int, lists: list[int]) -> None:
    passes = Share(rank=rank, world=2).passes(LISTS, 3)
    assert [len(group) for group in passes if group] == lists


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_every_process_has_as_many_passes_and_together_they_have_every_list(world: int) -> None:
    passes = [Share(rank=rank, world=world).passes(LISTS, 3) for rank in range(world)]
    assert len({len(each) for each in passes}) == 1
    assert [one for each in passes for group in each for one in group] == LISTS


def test_nothing_is_divided_into_nothing() -> None:
    assert Share(rank=0, world=2).passes([], 3) == ()
