"""`llm-rerank info`: what is installed, built and configured here."""

from importlib.metadata import version

from llm_rerank.cli.options import ConfigFile, Json, ShopFolder, settings
from llm_rerank.cli.show import print_json, print_text
from llm_rerank.models import cache_folder
from retrieval.errors import BuildError
from retrieval.manifest import Manifest


def info(config: ConfigFile = None, shop: ShopFolder = None, json: Json = False) -> None:
    """Show the version, the settings with their defaults filled in, and what the build folder holds."""
    read = settings(config, shop)
    try:
        manifest = Manifest.read(read.shop)
        manifest.verify(read.shop)
        build: object = manifest.model_dump(mode="json")
    except BuildError as err:
        build = str(err)
    about = {
        "version": version("llm-rerank"),
        "cache": str(cache_folder()),
        "prompt": read.prompt.fingerprint,
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
    print_text(f"build        {build if isinstance(build, str) else f'finished, in {read.shop}'}")
