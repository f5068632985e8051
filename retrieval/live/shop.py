"""The shop itself, opened so that its items may change while it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.embedders import build_embedder
from retrieval.embedders.base import Embedder
from retrieval.errors import ModelError
from retrieval.folder import BuiltShop
from retrieval.live.catalogue import LiveCatalogue
from retrieval.live.forgetting import forgetting
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
    def now(self) -> Catalogue:
        """The state of the catalogue at this moment, which stays as it is: a change shows another one."""
        return self.fresh.catalogue.now

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
    """What the build does not know: the vectors of new texts, and what is to be proposed by them."""

    def __init__(self, built: BuiltShop, catalogue: LiveCatalogue, new_items: float) -> None:
        self._built, self.catalogue = built, catalogue
        self._of_text: dict[str, NDArray[np.float32]] = {}
        self._vectors: dict[str, NDArray[np.float32]] = {}  # of items whose text is not that of the build
        self._back: dict[str, None] = {}  # items that could not be had when the shop was built
        self._embedder: Embedder | None = None
        self._reading, self._changing = Lock(), Lock()
        self._changed: frozenset[str] = frozenset()  # items that the build knows, by another text
        none = FreshRetriever(catalogue, self.vectors, ())
        known = forgetting(built.retriever, lambda: self._changed)
        self.retriever = LiveRetriever(known, catalogue, none, new_items=new_items)

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
            now = {item.item_id: item for item in items}  # the last of each counts
            own = {item_id: self._of_text[one.text] for item_id, one in now.items() if self._reads_differently(one)}
            self._vectors = {of: vector for of, vector in self._vectors.items() if of not in now} | own
            self._changed = frozenset(item_id for item_id in self._vectors if item_id in self._built.catalogue)
            self._back |= dict.fromkeys(item_id for item_id in now if item_id in self._built.catalogue.unavailable)
            self.catalogue.change(items)
            fresh = list(dict.fromkeys([*self._vectors, *self._back]))
            self.retriever.fresh = FreshRetriever(self.catalogue, self.vectors, fresh)

    def _reads_differently(self, item: Item) -> bool:
        """Than the build has it."""
        known = self._built.catalogue
        return item.item_id not in known or known[item.item_id].text != item.text

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
