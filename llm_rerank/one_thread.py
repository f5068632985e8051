"""Candidates without help from other threads: one request is too little work to share out."""

from collections.abc import Collection

from threadpoolctl import ThreadpoolController

from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever


class OnOneThread:
    """A retriever for which FAISS and torch work in the calling thread alone.

    Each of them brings its own OpenMP threads, which go on spinning for a while when their share is done and so keep
    the other's from the cores: what sharing saves is lost many times over in waiting. OpenMP keeps the limit for each
    thread of the caller's apart, so that the LLM still has every core, in other threads at once and in this one next.
    """

    def __init__(self, retriever: Retriever) -> None:
        """`retriever` is open already: only libraries that are loaded by now are held back."""
        self._retriever = retriever
        self._openmp = ThreadpoolController().select(user_api="openmp")

    @property
    def name(self) -> str:
        """The retriever's own."""
        return self._retriever.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """What the retriever proposes."""
        with self._openmp.limit(limits=1):
            return self._retriever.retrieve(history, top_n, exclude=exclude)
