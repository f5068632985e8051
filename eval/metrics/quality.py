"""What ranked lists are like beyond being right: how much of the catalogue, how popular, how unlike each other.

Lists are cut off at k. Means are over the lists that have an item at all; coverage and Gini are of all lists together.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.metrics.lenskit import category_entropy, concentration
from retrieval.item_vectors import ItemVectors

Lists = Sequence[NDArray[np.int32]]


def list_quality(
    ranked: Lists, k: int, item_counts: NDArray[np.intp], vectors: ItemVectors, categories: Sequence[str] | None
) -> dict[str, float]:
    """Every measure below, named such as `coverage@10`; without categories there is no entropy.

    `item_counts`: training interactions of each catalogue row, shape (n_items,). `categories`: one a catalogue row.
    """
    lists = [items[:k] for items in ranked if len(items)]
    found = {"coverage": coverage(lists, len(item_counts))}
    if lists:
        found["gini"] = exposure_gini(lists, len(item_counts))
        found["arp"] = average_popularity(lists, item_counts)
        found["novelty"] = novelty(lists, item_counts)
        if any(len(items) > 1 for items in lists):
            found["diversity"] = diversity(lists, vectors)
        if categories is not None:
            found["entropy"] = entropy(lists, categories)
    return {f"{name}@{k}": value for name, value in found.items()}


def coverage(lists: Lists, n_items: int) -> float:
    """Share of the catalogue that stands in anybody's list."""
    return len(np.unique(np.concatenate([*lists, np.empty(0, np.int32)]))) / n_items


def exposure_gini(lists: Lists, n_items: int) -> float:
    """Gini coefficient of the number of lists that each item stands in, items in no list included (LensKit's)."""
    return concentration(np.bincount(np.concatenate(lists), minlength=n_items))


def average_popularity(lists: Lists, item_counts: NDArray[np.intp]) -> float:
    """Mean over lists of the mean number of training interactions of their items (Yin et al. 2012)."""
    return float(np.mean([item_counts[items].mean() for items in lists]))


def novelty(lists: Lists, item_counts: NDArray[np.intp]) -> float:
    """Mean over lists of the mean self-information -log2 p of their items, in bits.

    p is an item's share of the training interactions with one added to every count: unseen items stay finite.
    """
    bits = -np.log2((item_counts + 1) / (item_counts.sum() + len(item_counts)))
    return float(np.mean([bits[items].mean() for items in lists]))


def diversity(lists: Lists, vectors: ItemVectors) -> float:
    """1 - mean cosine of the pairs within a list, mean over the lists of two items or more (Ziegler et al. 2005).

    LensKit 2025.8.1 has no such metric. An item without a direction (a zero vector) is like no other.
    """
    return float(np.mean([_unlikeness(vectors.at(items.astype(np.intp))) for items in lists if len(items) > 1]))


def _unlikeness(vectors: NDArray[np.float32]) -> float:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(norms > 0, norms, 1)
    n = len(units)
    # The squared length of the sum is the sum over all ordered pairs, each item with itself among them.
    return float(1 - (np.square(units.sum(axis=0)).sum() - np.square(units).sum()) / (n * (n - 1)))


def entropy(lists: Lists, categories: Sequence[str]) -> float:
    """Mean over lists of the Shannon entropy of their categories, in bits (LensKit's)."""
    _, codes = np.unique(np.array(categories, dtype=object), return_inverse=True)
    return float(np.mean([category_entropy(codes[items]) for items in lists]))
