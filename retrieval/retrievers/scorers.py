"""Fitted models as plain arrays: what is needed to score a history, and nothing of the library that fitted them.

LensKit's own scorers build item lists and vocabularies for every request and need torch; these read the learned
arrays and give the same scores (tests/retrieval/retrievers/test_lenskit.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from retrieval.files import Arrays

Columns = NDArray[np.intp]
Weights = NDArray[np.float32]
Scores = NDArray[np.floating]

_LEAST_SIMILARITY = 1e-6  # LensKit's


@dataclass(frozen=True, kw_only=True, slots=True)
class SimilarItems:
    """Item kNN: an item's score is the weighted sum of its similarities to the history's items."""

    similarity: csr_array
    """(columns, columns): row i holds the neighbours that item i keeps."""

    def __call__(self, user_id: str, columns: Columns, weights: Weights) -> Scores:
        """A score for every column; -inf for what is no neighbour of anything in the history."""
        scores = weights @ self.similarity[columns]
        return np.where(scores <= 0, -np.inf, scores)  # NaN stays NaN, here and below: it is an error, not unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class LinearItems:
    """EASE: an item's score is a weighted sum over the history, with learned item-to-item weights."""

    weights: NDArray[np.float32]
    """(columns, columns): entry (i, j) is what having i says of j."""

    def __call__(self, user_id: str, columns: Columns, weights: Weights) -> Scores:
        """A score for every column."""
        scores: NDArray[np.float32] = weights @ self.weights[columns]
        return scores


@dataclass(frozen=True, kw_only=True, slots=True)
class FoldedInUser:
    """ALS: the user's vector is solved for from the history at hand, the item vectors staying as learned."""

    vectors: NDArray[np.float32]
    """(columns, dimension)."""

    gram: NDArray[np.float32]
    """(dimension, dimension): the product of the vectors with themselves, regularised."""

    confidence: float

    def __call__(self, user_id: str, columns: Columns, weights: Weights) -> Scores:
        """A score for every column."""
        touched = self.vectors[columns]
        extra = self.confidence * weights
        user = np.linalg.solve(self.gram + (touched.T * extra) @ touched, touched.T @ (extra + 1))
        scores: NDArray[np.float32] = self.vectors @ user.astype(np.float32)
        return scores


@dataclass(frozen=True, kw_only=True, slots=True)
class SimilarUsers:
    """User kNN: what the most similar users touched (cosine), or how they rated it (Pearson).

    The `neighbours` most similar users answer for every item; LensKit picks them anew for each item, which is the same
    where `neighbours` is not below the number of users, and too slow for one request otherwise.
    """

    directions: csr_array
    """(users, columns): each user's vector, for Pearson centred, of length 1."""

    opinions: csr_array
    """(users, columns): 1 for touched; for Pearson, the rating above the user's mean."""

    neighbours: int
    centred: bool
    """Pearson: an item's score is the mean opinion of the neighbours who have one; cosine: the sum."""

    rows: Mapping[str, int]
    """The row of each user who was there when the model was fitted."""

    def __call__(self, user_id: str, columns: Columns, weights: Weights) -> Scores:
        """A score for every column; -inf where no neighbour has an opinion."""
        mean = float(weights.mean()) if self.centred else 0.0
        nearest, similarity = self._nearest(user_id, columns, weights - mean)
        opinions = self.opinions[nearest]
        support = similarity @ pattern(opinions)
        total = similarity @ opinions
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = mean + total / support if self.centred else total
        return np.where(support <= 0, -np.inf, scores)

    def _nearest(self, user_id: str, columns: Columns, query: Weights) -> tuple[NDArray[np.intp], Scores]:
        """Rows of the most similar users and their similarity. Nobody is their own neighbour."""
        whole = np.zeros(self.directions.shape[1], dtype=np.float32)
        whole[columns] = query
        similarity = self.directions @ whole
        if user_id in self.rows:
            similarity[self.rows[user_id]] = 0
        nearest = np.argsort(-similarity, kind="stable")[: self.neighbours]
        nearest = nearest[~(similarity[nearest] <= _LEAST_SIMILARITY)]
        return nearest, similarity[nearest]


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnedUsers:
    """LightGCN: the vector learned for the user; for a user who came later, the weighted sum of the history's items."""

    vectors: NDArray[np.float32]
    """(columns, dimension)."""

    users: NDArray[np.float32]
    """(users, dimension)."""

    rows: Mapping[str, int]
    """The row of each user who was there when the model was fitted."""

    def __call__(self, user_id: str, columns: Columns, weights: Weights) -> Scores:
        """A score for every column."""
        row = self.rows.get(user_id)
        user = weights @ self.vectors[columns] if row is None else self.users[row]
        scores: Scores = self.vectors @ user
        return scores


def sparse_arrays(name: str, matrix: csr_array) -> Arrays:
    """A sparse matrix as arrays of numbers that belong together by name."""
    matrix = matrix.tocsr()
    shape = np.array(matrix.shape, dtype=np.int64)
    parts: Arrays = {
        "data": matrix.data.astype(np.float32),
        "indices": matrix.indices,
        "indptr": matrix.indptr,
        "shape": shape,
    }
    return {f"{name}_{part}": array for part, array in parts.items()}


def sparse_matrix(name: str, arrays: Arrays) -> csr_array:
    """The matrix that sparse_arrays took apart."""
    data, indices, indptr, shape = (arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr", "shape"))
    return csr_array((data, indices, indptr), shape=tuple(shape.tolist()))


def pattern(matrix: csr_array) -> csr_array:
    """1 wherever `matrix` has an entry, be it zero."""
    return csr_array((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
