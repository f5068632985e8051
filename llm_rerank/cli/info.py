"""`llm-rerank info`: what is installed, built and configured here."""

from importlib.metadata import version
from typing import Any

from llm_rerank.cli.options import ConfigFile, Json, ShopFolder, settings
from llm_rerank.cli.show import print_json, print_text
from llm_rerank.config import RerankerConfig
from llm_rerank.models import cache_folder
from retrieval.errors import BuildError, LlmRerankError
from retrieval.manifest import Manifest


def info(config: ConfigFile = None, shop: ShopFolder = None, json: Json = False) -> None:
    """Show the version, the settings with their defaults filled in, and what the build folder holds."""
    from retrieval.learnt import learnt  # brings pandas and faiss

    read = settings(config, shop)
    try:
        manifest = Manifest.read(read.shop)
        manifest.verify(read.shop)
        build: dict[str, Any] | str = manifest.model_dump(mode="json") | {"learnt": learnt(read.shop)}
    except BuildError as err:
        build = str(err)
    adapter = _adapter(read)
    about = {
        "version": version("llm-rerank"),
        "cache": str(cache_folder()),
        "prompt": read.prompt.fingerprint,
        "adapter": adapter,
        "settings": read.model_dump(mode="json"),
        "build": build,
    }
    if json:
        print_json(about)
        return
    for name in ("version", "cache", "prompt"):
        print_text(f"{name:8} {about[name]}")
    for name, value in read.model_dump(mode="json").items():
        print_text(f"{name:12} {value}")
    print_text(f"served       {_served(adapter)}")
    print_text(f"build        {f'finished, in {read.shop}' if isinstance(build, dict) else build}")
    for name, words in build["learnt"].items() if isinstance(build, dict) else ():
        print_text(f"{name:12} {words}")


def _adapter(config: RerankerConfig) -> dict[str, str] | str | None:
    """What the next start would serve, or why it would be refused; whether it fits the model is seen then."""
    try:
        adapter = config.served()
        if adapter is None:
            return None
    except LlmRerankError as err:
        return str(err)
    return {"adapter_id": adapter.adapter_id, "folder": str(adapter.folder), "base": adapter.base}


def _served(adapter: dict[str, str] | str | None) -> str:
    if isinstance(adapter, dict):
        return f"adapter {adapter['adapter_id']}, trained on {adapter['base']}, in {adapter['folder']}"
    return adapter or "no adapter"
