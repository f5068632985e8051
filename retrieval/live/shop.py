"""The shop itself, opened so that its items may change while it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.embedders import build_embedder
from retrieval.embedders.base import Embedder
from retrieval.errors import ModelError
from retrieval.folder import BuiltShop
from retrieval.live.catalogue import LiveCatalogue
from retrieval.live.fresh import FreshRetriever
from retrieval.live.retriever import LiveRetriever
from retrieval.records import Item


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveShop(BuiltShop):
    """A built shop whose catalogue, text vectors and proposals follow its items."""

    built: BuiltShop
    fresh: "_FreshItems"

    @classmethod
    def of(cls, built: BuiltShop, *, new_items: float) -> Self:
        """`new_items` is the share of candidates that new ones may be, such as 0.1."""
        catalogue = LiveCatalogue(built.catalogue)
        fresh = _FreshItems(built, catalogue, new_items)
        return cls(
            shop=replace(built.shop, catalogue=catalogue),
            config=built.config,
            manifest=built.manifest,
            vectors=built.vectors,
            index=built.index,
            retriever=fresh.retriever,
            built=built,
            fresh=fresh,
        )

    @property
    def as_built(self) -> BuiltShop:
        """See BuiltShop."""
        return self.built

    def text_vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        """See BuiltShop."""
        return self.fresh.vectors(item_ids)

    def read(self, items: Sequence[Item]) -> None:
        """Embeds what these items say and is not known yet, and changes nothing.

        Raises ModelError where it cannot be embedded, or by another model than the shop was built with.
        """
        self.fresh.read(items)

    def change(self, items: Sequence[Item]) -> None:
        """Adds items, or puts them in the place of what was known under their ids; the next answer has them.

        Raises as `read` does; nothing has changed then.
        """
        self.fresh.change(items)


class _FreshItems:
    """What the build does not know: the vectors of new texts, and who is to be proposed by them."""

    def __init__(self, built: BuiltShop, catalogue: LiveCatalogue, new_items: float) -> None:
        self._built, self._catalogue = built, catalogue
        self._of_text: dict[str, NDArray[np.float32]] = {}
        self._vectors: dict[str, NDArray[np.float32]] = {}  # of items whose text is not that of the build
        self._back: dict[str, None] = {}  # items that could not be had when the shop was built
        self._embedder: Embedder | None = None
        self._reading, self._changing = Lock(), Lock()
        none = FreshRetriever(catalogue, self.vectors, ())
        self.retriever = LiveRetriever(built.retriever, catalogue, none, new_items=new_items)

    def vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        found = np.empty((len(item_ids), self._built.vectors.dimension), dtype=np.float32)
        for row, item_id in enumerate(item_ids):
            own = self._vectors.get(item_id)
            found[row] = self._built.text_vectors([item_id])[0] if own is None else own
        return found

    def read(self, items: Sequence[Item]) -> None:
        with self._reading:
            texts = {item.text for item in items if self._reads_differently(item)} - self._of_text.keys()
            if texts:
                new = sorted(texts)
                self._of_text |= zip(new, self._open_embedder().embed(new), strict=True)

    def change(self, items: Sequence[Item]) -> None:
        with self._changing:
            self.read(items)
            own = {item.item_id: self._of_text[item.text] for item in items if self._reads_differently(item)}
            self._vectors = self._vectors | own
            self._back |= dict.fromkeys(i.item_id for i in items if i.item_id in self._built.catalogue.unavailable)
            self._catalogue.change(items)
            new = [item_id for item_id in self._vectors if item_id not in self._built.catalogue]
            self.retriever.fresh = FreshRetriever(self._catalogue, self.vectors, [*new, *self._back])

    def _reads_differently(self, item: Item) -> bool:
        return item.item_id not in self._catalogue or self._catalogue[item.item_id].text != item.text

    def _open_embedder(self) -> Embedder:
        """Once: it takes seconds to load."""
        if self._embedder is None:
            embedder = build_embedder(self._built.config.embedder)
            if embedder.name != self._built.manifest.plan.embedder:
                raise ModelError(
                    "new items would be embedded by another model than the shop was",
                    field="embedder",
                    value=embedder.name,
                    remedy=f"Give it {self._built.manifest.plan.embedder}, or build the shop again.",
                )
            self._embedder = embedder
        return self._embedder
