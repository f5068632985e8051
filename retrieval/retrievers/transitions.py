"""What follows what: item-to-item weights in closed form, from each moment of a history to the items that come next."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.log import InteractionLog
from retrieval.records import Interaction
from retrieval.retrievers.collaborative import CollaborativeRetriever
from retrieval.retrievers.model_configs import TransitionsConfig
from retrieval.retrievers.popularity import item_rows
from retrieval.retrievers.scorers import SimilarItems, sparse_arrays, sparse_matrix
from retrieval.retrievers.taste import Taste

_LEAST = 0.01  # what weighs less than this is too far back to count
_FARTHEST = 100  # interactions back, however little they decay


def fit_transitions(config: TransitionsConfig, catalogue: Catalogue, log: InteractionLog) -> Arrays:
    """Array `items`, the catalogue row of each column, and the sparse matrix `weights`, (columns, columns).

    The weights B minimise |F - P B|² + regularization |B|² with a diagonal of zeros. Row t of P is a history up to one
    of its moments, row t of F what followed, both decayed.
    """
    users, rows = log.frame["user_id"].factorize()[0], item_rows(log, catalogue)
    items = _most_popular(rows, config.items)
    kept = np.isin(rows, items)
    users, columns = users[kept], np.searchsorted(items, rows[kept])
    if not len(columns) or not (users[1:] == users[:-1]).any():
        return {"items": np.empty(0, dtype=np.intp)} | sparse_arrays(
            "weights", csr_array(np.empty((0, 0), dtype=np.float32))
        )
    past, future = _moments(config, users, columns, len(items))
    weights = _solve(past, future, config.regularization)
    return {"items": items} | sparse_arrays("weights", _largest(weights, config.neighbours))


def open_transitions(config: TransitionsConfig, catalogue: Catalogue, arrays: Arrays) -> CollaborativeRetriever:
    """The retriever that `fit_transitions` gave these arrays for."""

    def read(interactions: Sequence[Interaction], catalogue: Catalogue) -> Taste:
        return recent(interactions, catalogue, config.decay)

    scorer = SimilarItems(similarity=sparse_matrix("weights", arrays))
    return CollaborativeRetriever(config.name, read, catalogue, arrays["items"], scorer)


def recent(interactions: Sequence[Interaction], catalogue: Catalogue, decay: float) -> Taste:
    """The last interactions with items of the catalogue: the newest weighs 1, each before it `decay` times less."""
    known = [catalogue.position(i.item_id) for i in interactions if i.item_id in catalogue][-reach(decay) :]
    weights = decay ** np.arange(len(known))[::-1]
    positions, place = np.unique(np.array(known, dtype=np.intp), return_inverse=True)
    summed = np.bincount(place, weights, minlength=len(positions))
    return Taste(positions=positions, weights=summed.astype(np.float32))


def reach(decay: float) -> int:
    """How many interactions back count."""
    return _FARTHEST if decay == 1 else min(_FARTHEST, 1 + int(np.log(_LEAST) / np.log(decay)))


def _most_popular(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    items, times = np.unique(rows, return_counts=True)
    return np.sort(items[np.argsort(-times, kind="stable")[:count]])


def _moments(
    config: TransitionsConfig, users: NDArray[np.intp], columns: NDArray[np.intp], items: int
) -> tuple[csr_array, csr_array]:
    """Row t: what a user had done up to interaction t, and what followed; empty where it was the user's last."""
    shape = (len(columns), items)
    past = csr_array(shape, dtype=np.float32)
    for back in range(reach(config.decay)):
        past = past + _shifted(users, columns, -back, config.decay**back, shape)
    future = csr_array(shape, dtype=np.float32)
    for ahead in range(1, config.horizon + 1):
        future = future + _shifted(users, columns, ahead, config.future_decay ** (ahead - 1), shape)
    has_future = np.append(users[1:] == users[:-1], False)
    return csr_array(past[has_future]), csr_array(future[has_future])


def _shifted(
    users: NDArray[np.intp], columns: NDArray[np.intp], steps: int, weight: float, shape: tuple[int, int]
) -> csr_array:
    """Row t holds `weight` in the column that the same user touched `steps` interactions later."""
    here = np.arange(max(0, -steps), len(columns) - max(0, steps))
    here = here[users[here] == users[here + steps]]
    values = np.full(len(here), weight, dtype=np.float32)
    return csr_array((values, (here, columns[here + steps])), shape=shape)


def _solve(past: csr_array, future: csr_array, regularization: float) -> NDArray[np.float32]:
    """Ridge regression with a zero diagonal by Lagrange multipliers, as in EASE (Steck, WWW 2019)."""
    gram = (past.T @ past).toarray()
    gram[np.diag_indices_from(gram)] += regularization
    inverse = cho_solve(
        cho_factor(gram, overwrite_a=True, check_finite=False),
        np.eye(len(gram), dtype=np.float32),
        overwrite_b=True,
        check_finite=False,
    )
    weights: NDArray[np.float32] = inverse @ (past.T @ future)
    weights -= inverse * (np.diag(weights) / np.diag(inverse))
    return weights


def _largest(weights: NDArray[np.float32], count: int) -> csr_array:
    """The `count` largest positive weights of each row."""
    if count < weights.shape[1]:
        least = np.partition(weights, -count, axis=1)[:, -count, None]
        weights[weights < least] = 0
    weights[weights < 0] = 0
    weights[np.diag_indices_from(weights)] = 0  # what is left there is rounding
    return csr_array(weights)
