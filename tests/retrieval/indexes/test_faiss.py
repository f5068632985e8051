import numpy as np

from retrieval.indexes.base import FaissConfig
from retrieval.indexes.faiss import FaissIndex


def test_a_growing_index_turns_to_inverted_lists_and_forgets_nothing() -> None:
    rows = np.random.default_rng(1).normal(size=(200, 8)).astype(np.float32)
    index = FaissIndex(FaissConfig(ivf_from=150, nprobe=1000), 8)
    index.add([str(n) for n in range(140)], rows[:140])
    before = index.search(rows[:5], 3)
    index.add([str(n) for n in range(140, 200)], rows[140:] * 1e-3)  # too short to come near
    assert index.search(rows[:5], 3) == before
    assert len(index.search(rows[:1], 200)[0]) == 200


def test_a_search_that_its_lists_cannot_fill_looks_into_all_of_them() -> None:
    rows = np.random.default_rng(2).normal(size=(400, 4)).astype(np.float32)
    index = FaissIndex(FaissConfig(ivf_from=100, nprobe=1), 4)
    index.add([str(n) for n in range(400)], rows)
    assert len({item_id for item_id, _ in index.search(rows[:1], 400)[0]}) == 400
