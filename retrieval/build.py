"""The build job: from a shop's data to a folder that answers.

Every stage leaves whole files or none, so that an interrupted build goes on where it stopped; the manifest comes last.
"""

import shutil
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from retrieval.config import RetrievalConfig
from retrieval.embedders import embedder_name
from retrieval.embedding import embed_catalogue
from retrieval.errors import BuildError
from retrieval.files import write_arrays
from retrieval.indexes import build_index, load_index
from retrieval.item_vectors import ItemVectors
from retrieval.layout import CHECKPOINTS, CHUNKS, INDEX, RETRIEVERS, VECTORS, retriever_file
from retrieval.manifest import MANIFEST, PLAN, Manifest, Plan, read_plan, write_plan
from retrieval.retrievers import Shelf, fit
from retrieval.shop import ShopData
from retrieval.stored_shop import SHOP_FILES, holds_shop, save_shop

_OURS = {MANIFEST, PLAN, VECTORS, CHUNKS, INDEX, RETRIEVERS, CHECKPOINTS, *SHOP_FILES}


def build(shop: ShopData, config: RetrievalConfig, folder: Path, *, overwrite: bool = False) -> Manifest:
    """Writes into `folder` all that serving needs, resuming what an earlier run left unfinished.

    A folder that is finished and made from the same is left as it is. Raises BuildError for one that was damaged
    since, and for a folder made from something else, unless `overwrite`, which never deletes a folder that is no build.
    """
    plan = Plan(data=shop.fingerprint, embedder=embedder_name(config.embedder), config=config.model_dump(mode="json"))
    _make_way(folder, plan, overwrite)
    if (folder / MANIFEST).exists():
        manifest = Manifest.read(folder)
        manifest.verify(folder)
        return manifest
    write_plan(plan, folder)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:  # what is printed to stdout is the answer
        if not holds_shop(folder):
            save_shop(shop, folder)
        vectors = embed_catalogue(shop.catalogue, config.embedder, folder / VECTORS, progress)
        _index(shop, config, vectors, folder, progress)
        _fit(shop, config, vectors, folder, progress)
    manifest = Manifest.of(plan, folder)
    manifest.write(folder)
    (folder / PLAN).unlink()
    return manifest


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
    """Fits the retrievers one by one."""
    shelf = Shelf(
        catalogue=shop.catalogue, log=shop.log, vectors=vectors, index=load_index(config.index, folder / INDEX)
    )
    for retriever in progress.track(config.retrievers, description="fitting"):
        path = folder / retriever_file(retriever)
        if not path.exists():
            task = progress.add_task(retriever.name, total=None, visible=False)

            def on_step(done: int, steps: int, text: str, task: TaskID = task, name: str = retriever.name) -> None:
                progress.update(task, completed=done, total=steps, description=f"{name}: {text}", visible=True)

            work = folder / CHECKPOINTS / retriever.name
            write_arrays(path, fit(retriever, shelf, config.seed, work, on_step))
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
