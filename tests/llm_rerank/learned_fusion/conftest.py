from collections.abc import Callable

import numpy as np
import pytest

from llm_rerank.learned_fusion.fitting import Lesson

NAMES = ("rank", "LLM__score")
Lessons = Callable[..., list[Lesson]]


@pytest.fixture(scope="session")
def lessons() -> Lessons:
    """Lists of ten of which retrieval knows the right one `known` standard deviations well, the LLM `heard`."""

    def make(count: int, *, known: float, heard: float, seed: int = 0) -> list[Lesson]:
        random, found = np.random.default_rng(seed), []
        for _ in range(count):
            taken = np.arange(10) == random.integers(10)
            retrieval, llm = random.normal(size=(2, 10)) + np.outer([known, heard], taken)
            order = np.argsort(-retrieval)
            matrix = np.column_stack([np.arange(1, 11), llm[order]]).astype(np.float32)
            found.append(Lesson(matrix=matrix, llm=llm[order], retrieval=retrieval[order], taken=taken[order]))
        return found

    return make
