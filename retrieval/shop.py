"""A shop's data, cleaned: what it sells and what its users did."""

from dataclasses import dataclass

from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog


@dataclass(frozen=True, kw_only=True, slots=True)
class ShopData:
    """Every interaction's item is in the catalogue. `notice` says where the data comes from and on what terms."""

    name: str
    catalogue: Catalogue
    log: InteractionLog
    notice: str = ""

    @property
    def fingerprint(self) -> str:
        """Changes with any item or interaction: what a build was made from."""
        return f"{self.name}-{self.catalogue.fingerprint}-{self.log.fingerprint}"
