"""The build job: from a shop's data to a folder that answers.

Every stage leaves whole files or none, so that an interrupted build goes on where it stopped; the manifest comes last.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import Progress

from retrieval.config import RetrievalConfig
from retrieval.embedders import embedder_name
from retrieval.embedding import embed_catalogue
from retrieval.errors import BuildError
from retrieval.files import Arrays, read_arrays, write_arrays
from retrieval.folder import fuse
from retrieval.indexes import build_index, load_index
from retrieval.item_vectors import ItemVectors
from retrieval.layout import BLEND, CHECKPOINTS, CHUNKS, INDEX, RETRIEVERS, VECTORS, retriever_file
from retrieval.manifest import MANIFEST, PLAN, Manifest, Plan, read_plan, write_plan
from retrieval.progress import showing_progress, telling
from retrieval.retrievers import RetrieverConfig, Shelf, fit, open_retriever
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.trained import Trained
from retrieval.shop import ShopData
from retrieval.splits import last_basket
from retrieval.stored_shop import SHOP_FILES, holds_shop, save_shop

_OURS = {MANIFEST, PLAN, VECTORS, CHUNKS, INDEX, RETRIEVERS, CHECKPOINTS, *SHOP_FILES}


def build(shop: ShopData, config: RetrievalConfig, folder: Path, *, overwrite: bool = False) -> Manifest:
    """Writes into `folder` all that serving needs, resuming what an earlier run left unfinished.

    A folder that is finished and made from the same is left as it is. Raises BuildError for one that was damaged
    since, and for a folder made from something else, unless `overwrite`, which never deletes a folder that is no build.
    """
    embedder = embedder_name(config.embedder)
    plan = Plan(
        data=shop.fingerprint,
        embedder=embedder,
        config=config.model_dump(mode="json"),
        trained=_trained(config, embedder),
    )
    _make_way(folder, plan, overwrite)
    if (folder / MANIFEST).exists():
        manifest = Manifest.read(folder)
        manifest.verify(folder)
        return manifest
    write_plan(plan, folder)
    with showing_progress() as progress:
        if not holds_shop(folder):
            save_shop(shop, folder)
        vectors = embed_catalogue(shop.catalogue, config.embedder, folder / VECTORS, progress)
        _index(shop, config, vectors, folder, progress)
        _fit(shop, config, vectors, folder, progress)
    manifest = Manifest.of(plan, folder)
    manifest.write(folder)
    (folder / PLAN).unlink()
    return manifest


def _trained(config: RetrievalConfig, embedder: str) -> dict[str, str]:
    """What is taken as trained; raises BuildError where it is absent or read other text vectors."""
    found = {}
    for retriever in config.retrievers:
        if isinstance(retriever, SequenceConfig) and retriever.trained is not None:
            trained = Trained.read(retriever.trained)
            trained.check_embedder(embedder)
            found[str(retriever.trained)] = trained.made_from
    return found


def _make_way(folder: Path, plan: Plan, overwrite: bool) -> None:
    """Leaves the folder absent, empty or holding work on this very plan."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / MANIFEST).exists() and not (folder / PLAN).exists():
        raise BuildError(
            "this is no build folder",
            field="folder",
            value=str(folder),
            remedy="Give another folder, or clear this one yourself: --overwrite deletes only builds.",
        )
    if overwrite:
        _delete(folder)
        return
    found = Manifest.read(folder).plan if (folder / MANIFEST).exists() else read_plan(folder)
    if differences := found.differences(plan):
        raise BuildError(
            f"this folder was built from something else: {differences}",
            field="folder",
            value=str(folder),
            remedy="Give another folder, or build this one anew with --overwrite.",
        )


def _delete(folder: Path) -> None:
    """Deletes a build; raises BuildError where the folder holds anything that no build wrote."""
    for path in folder.iterdir():
        if path.name not in _OURS and not (path.name.startswith(".") and path.name.endswith(".part")):
            raise BuildError(
                f"this folder holds {path.name!r}, which no build wrote",
                field="folder",
                value=str(folder),
                remedy="Move that away, or give another folder: --overwrite deletes only builds.",
            )
    shutil.rmtree(folder)


def _index(shop: ShopData, config: RetrievalConfig, vectors: ItemVectors, folder: Path, progress: Progress) -> None:
    """Puts every item into the index; its folder gets its name when it is whole."""
    if (folder / INDEX).exists():
        return
    index = build_index(config.index, vectors.dimension)
    for _ in progress.track(range(1), description="indexing"):
        index.add([item.item_id for item in shop.catalogue], vectors.at(np.arange(len(shop.catalogue))))
    unfinished = folder / f".{INDEX}.part"
    index.save(unfinished)
    unfinished.replace(folder / INDEX)


def _fit(shop: ShopData, config: RetrievalConfig, vectors: ItemVectors, folder: Path, progress: Progress) -> None:
    """Fits the retrievers one by one, and the blend of them where one is asked for."""
    index = load_index(config.index, folder / INDEX)
    shelf = Shelf(catalogue=shop.catalogue, log=shop.log, vectors=vectors, index=index)
    for retriever in progress.track(config.retrievers, description="fitting"):
        path = folder / retriever_file(retriever)
        if not path.exists():
            write_arrays(path, _fit_one(retriever, shelf, config.seed, folder / CHECKPOINTS, progress))
    if config.blend is not None and not (folder / BLEND).exists():
        write_arrays(
            folder / BLEND, _fit_blend(config, config.blend, shelf, folder / CHECKPOINTS / "earlier", progress)
        )
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def _fit_one(retriever: RetrieverConfig, shelf: Shelf, seed: int, work: Path, progress: Progress) -> Arrays:
    return fit(retriever, shelf, seed, work / retriever.name, telling(progress, retriever.name))


def _untrained(retriever: RetrieverConfig) -> RetrieverConfig:
    """What was trained elsewhere knows the last baskets, and would be believed for it."""
    return retriever.model_copy(update={"trained": None}) if isinstance(retriever, SequenceConfig) else retriever


def _fit_blend(config: RetrievalConfig, blend: BlendConfig, shelf: Shelf, work: Path, progress: Progress) -> Arrays:
    """Learns from every user's last basket, which the sources it learns to join are fitted without."""
    from retrieval.retrievers.blend.fitting import fit_blend  # brings LightGBM

    split = last_basket(shelf.log, "test")
    earlier = replace(shelf, log=split.train)
    sources: dict[str, Retriever] = {}
    for retriever in progress.track(config.retrievers, description="fitting without the last baskets"):
        path = work / f"{retriever.name}.npz"
        if not path.exists():
            write_arrays(path, _fit_one(_untrained(retriever), earlier, config.seed, work, progress))
        sources[retriever.name] = open_retriever(retriever, earlier, read_arrays(path))
    return fit_blend(
        blend,
        split,
        sources,
        fuse(config, shelf.catalogue, sources.values()),
        shelf.catalogue,
        shelf.vectors,
        config.seed,
        repeats=True,
        track=lambda users: progress.track(users, description="learning the blend"),
    )
