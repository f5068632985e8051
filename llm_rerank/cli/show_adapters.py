"""Drawing a registry: what an adapter says of itself, and where it is live. What it says may come from anywhere."""

import json
from typing import Any

from rich.markup import escape
from rich.table import Table

from llm_rerank.adapters import Adapter
from llm_rerank.channels import Channels
from llm_rerank.cli.show import print_table, print_text
from llm_rerank.registry import Registry
from llm_rerank.tokenizer import one_line
from retrieval.errors import LlmRerankError


def registry_json(registry: Registry) -> dict[str, Any]:
    """All adapters and all channels. A damaged adapter has its id, where it is live, and what is wrong with it."""
    channels = registry.channels()
    return {
        "registry": str(registry.folder),
        "adapters": [_entry(registry, adapter_id, channels) for adapter_id in registry.adapter_ids()],
        "channels": {
            name: {**channel.model_dump(mode="json"), "before": channel.before}
            for name, channel in channels.channels.items()
        },
    }


def adapter_json(adapter: Adapter, channels: Channels) -> dict[str, Any]:
    """One adapter."""
    return {
        "adapter_id": adapter.adapter_id,
        "live": _live_in(adapter.adapter_id, channels),
        "problem": None,
        "folder": str(adapter.folder),
        "base": adapter.base,
        "base_fingerprint": adapter.base_fingerprint,
        "prompt_fingerprint": adapter.prompt.fingerprint,
        "prompt": adapter.prompt.model_dump(),
        "method": adapter.method,
        "examples": adapter.examples,
        "metrics": dict(adapter.metrics),
        "bytes": adapter.size,
    }


def show_registry(registry: Registry) -> None:
    """A table of the adapters, and a line for each channel."""
    channels = registry.channels()
    adapter_ids = registry.adapter_ids()
    if not adapter_ids:
        print_text(f"No adapter is in {registry.folder} yet: llm-rerank adapters add FOLDER")
    else:
        print_table(_table(registry, adapter_ids, channels))
    for name, channel in channels.channels.items():
        gone = "" if channel.live in adapter_ids else ", but is not in the registry any more"
        back = f"rollback goes to {channel.before}" if channel.before else "nothing was live before"
        print_text(f"{name}: {channel.live} is live since {channel.history[-1].at:%Y-%m-%d %H:%M} UTC{gone}; {back}")


def show_adapter(adapter: Adapter, channels: Channels) -> None:
    """One adapter, line by line: the prompt as it stands in a configuration."""
    about = adapter_json(adapter, channels)
    for name in ("adapter_id", "folder", "base", "base_fingerprint", "prompt_fingerprint", "method", "examples"):
        print_text(f"{name:18} {one_line(str(about[name]))}")
    print_text(f"{'size':18} {_megabytes(adapter)}")
    for name, value in adapter.metrics.items():
        print_text(f"{one_line(name):18} {value:.4g}")
    print_text("prompt:")
    for name, value in adapter.prompt.model_dump().items():
        print_text(f'  "{name}": {_quoted(value)}')  # yes and no are no words in YAML unless they are quoted
    print_text(f"{'live in':18} {', '.join(about['live']) or 'no channel'}")
    for name, channel in channels.channels.items():
        for change in channel.history:
            if change.adapter_id == adapter.adapter_id:
                print_text(f"  {change.at:%Y-%m-%d %H:%M} UTC by {change.by} in {name}")


def _entry(registry: Registry, adapter_id: str, channels: Channels) -> dict[str, Any]:
    try:
        return adapter_json(registry.get(adapter_id), channels)
    except LlmRerankError as err:
        return {"adapter_id": adapter_id, "live": _live_in(adapter_id, channels), "problem": str(err)}


def _table(registry: Registry, adapter_ids: tuple[str, ...], channels: Channels) -> Table:
    table = Table()
    table.add_column("id", no_wrap=True)  # to be copied, on a narrow terminal too
    table.add_column("live in", overflow="fold")
    table.add_column("trained on", overflow="fold", min_width=25)
    table.add_column("metrics", overflow="fold")
    for adapter_id in adapter_ids:
        live = _live_in(adapter_id, channels)
        try:
            row = _row(registry.get(adapter_id), live)
        except LlmRerankError as err:
            row = ([adapter_id], live, [f"damaged: {err.problem}"], [])
        table.add_row(*("\n".join(escape(one_line(line)) for line in cell) for cell in row))
    return table


def _row(adapter: Adapter, live: list[str]) -> tuple[list[str], ...]:
    """The lines of each cell."""
    trained_on = [adapter.base, f"prompt {adapter.prompt.fingerprint}", f"examples {adapter.examples}"]
    metrics = [f"{name} {value:.4g}" for name, value in adapter.metrics.items()]
    return [adapter.adapter_id, _megabytes(adapter)], live, trained_on, metrics


def _quoted(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def _megabytes(adapter: Adapter) -> str:
    return f"{adapter.size / 1e6:.1f} MB"


def _live_in(adapter_id: str, channels: Channels) -> list[str]:
    return [name for name, channel in channels.channels.items() if channel.live == adapter_id]
