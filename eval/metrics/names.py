"""What the metrics of ranked lists are called; here, so that a configuration can be checked without LensKit."""

from typing import Final

NAMES: Final = ("ndcg", "recall", "mrr", "hit", "map", "precision", "f1")
