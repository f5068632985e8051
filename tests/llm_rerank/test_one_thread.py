from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

import faiss
import pytest
import torch

from llm_rerank.one_thread import OnOneThread
from retrieval.records import Candidate, UserHistory

ANNA = UserHistory(user_id="anna")


def threads() -> tuple[int, int]:
    return faiss.omp_get_max_threads(), torch.get_num_threads()


class Watching:
    """Proposes nothing; notes how many threads the libraries would use, and what is excluded."""

    name = "watching"
    seen: tuple[int, int] | None = None
    excluded: Collection[str] = ()

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        self.seen, self.excluded = threads(), exclude
        if top_n < 0:
            raise ValueError(top_n)
        return ()


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = threads()
    faiss.omp_set_num_threads(2)
    torch.set_num_threads(2)
    yield
    faiss.omp_set_num_threads(before[0])
    torch.set_num_threads(before[1])


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("top_n", [5, -1], ids=["answers", "fails"])
def test_the_libraries_use_one_thread_until_it_has_answered(top_n: int) -> None:
    watching = Watching()
    try:
        OnOneThread(watching).retrieve(ANNA, top_n)
    except ValueError:
        assert top_n < 0
    assert (watching.seen, threads()) == ((1, 1), (2, 2))


def test_another_thread_keeps_its_own_meanwhile() -> None:
    with ThreadPoolExecutor(max_workers=1) as other:
        other.submit(faiss.omp_set_num_threads, 2).result()
        meanwhile = []

        class Beside(Watching):
            def retrieve(
                self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
            ) -> tuple[Candidate, ...]:
                meanwhile.append(other.submit(faiss.omp_get_max_threads).result())
                return super().retrieve(history, top_n, exclude=exclude)

        beside = Beside()
        OnOneThread(beside).retrieve(ANNA, 5)
    assert (beside.seen, meanwhile) == ((1, 1), [2])


def test_it_is_the_retriever_otherwise() -> None:
    watching = Watching()
    on_one = OnOneThread(watching)
    assert on_one.retrieve(ANNA, 5, exclude={"tea"}) == ()
    assert (on_one.name, watching.excluded) == ("watching", {"tea"})
