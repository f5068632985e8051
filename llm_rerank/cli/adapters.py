"""`llm-rerank adapters`: what was trained, what is live, and back to what was live before."""

from pathlib import Path
from typing import Annotated

import typer

from llm_rerank.channels import DEFAULT_CHANNEL
from llm_rerank.cli.options import Json, settings
from llm_rerank.cli.show import print_json, print_text, progress
from llm_rerank.cli.show_adapters import adapter_json, registry_json, show_adapter, show_registry
from llm_rerank.explanations.asking import WriterPrompt
from llm_rerank.models import prepare_model
from llm_rerank.registry import REGISTRY, Registry, Switch
from llm_rerank.served import LiveAdapter
from retrieval.errors import LlmRerankError

adapters = typer.Typer(no_args_is_help=True, help="Keep trained adapters, and say which one is served.")

RegistryFolder = Annotated[Path, typer.Option("--registry", help="The folder that holds them.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="An adapter's id, or as much of its beginning as tells it.")]
ChannelOption = Annotated[str, typer.Option("--channel", help="What it is served as: one shop's name, say.")]


@adapters.command()
def add(
    folder: Annotated[Path, typer.Argument(help="An adapter's folder, such as a training's OUT/adapter.")],
    registry: RegistryFolder = REGISTRY,
    json: Json = False,
) -> None:
    """Copy an adapter into the registry. The same one twice is there once."""
    adapter, new = Registry(registry).add(folder)
    if json:
        print_json({"adapter_id": adapter.adapter_id, "folder": str(adapter.folder), "added": new})
    elif new:
        print_text(f"Adapter {adapter.adapter_id} is in {registry} now; `promote` makes it live.")
    else:
        print_text(f"Adapter {adapter.adapter_id} was in {registry} already.")


@adapters.command("list")
def list_adapters(registry: RegistryFolder = REGISTRY, json: Json = False) -> None:
    """Show all adapters, which are live where, and what a rollback would go to."""
    found = Registry(registry)
    if json:
        print_json(registry_json(found))
    else:
        show_registry(found)


@adapters.command()
def show(adapter: Id, registry: RegistryFolder = REGISTRY, json: Json = False) -> None:
    """Show what an adapter was trained on, the prompt it needs, and when it was live."""
    whole, channels = Registry(registry).get(adapter), Registry(registry).channels()
    if json:
        print_json(adapter_json(whole, channels))
    else:
        show_adapter(whole, channels)


@adapters.command()
def promote(
    adapter: Id,
    channel: ChannelOption = DEFAULT_CHANNEL,
    config: Annotated[
        Path | None, typer.Option(help="Refuse an adapter that would not start with this YAML file.")
    ] = None,
    registry: RegistryFolder = REGISTRY,
    json: Json = False,
) -> None:
    """Make an adapter live, from the next start on, for whatever serves `adapter: {registry: ..., channel: ...}`."""
    found, unheard = Registry(registry), []
    if config is not None:
        from llm_rerank.opening import require_fitting  # brings pandas and faiss

        served = settings(config, None)
        with progress(visible=not json) as say:
            say("Comparing it with the model")
            require_fitting(found.get(adapter), served, say=say)
        if not any(_serves(setting, registry, channel) for setting in (served.adapter, served.writer_adapter)):
            here = f"{{registry: {registry}, channel: {channel}}}"
            unheard = [f"{config} serves no such channel: this changes nothing there until it names {here}."]
    _tell(found, found.promote(adapter, channel), unheard, json=json)


@adapters.command()
def rollback(channel: ChannelOption = DEFAULT_CHANNEL, registry: RegistryFolder = REGISTRY, json: Json = False) -> None:
    """Make live again, from the next start on, what was live before. Once more goes further back."""
    found = Registry(registry)
    _tell(found, found.rollback(channel), [], json=json)


@adapters.command()
def merge(
    adapter: Id,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    model: Annotated[
        str | None, typer.Option(help="The base's folder or name, where it has another here than it was trained under.")
    ] = None,
    registry: RegistryFolder = REGISTRY,
    json: Json = False,
) -> None:
    """Write the base with the adapter's weights added: a model of its own, in float32, that needs no adapter."""
    whole = Registry(registry).get(adapter)
    with progress(visible=not json) as say:
        say(f"Adding the weights of {whole.adapter_id} to {model or whole.base}")
        base = prepare_model(model or whole.base, say=say)
        from llm_rerank.merging import merge as merge_into  # brings torch and transformers

        merge_into(whole, base, out)
    if json:
        print_json({"adapter_id": whole.adapter_id, "base": base.name, "folder": str(out)})
    else:
        scores = not isinstance(whole.prompt, WriterPrompt)
        use = "name it as `model:`, with the prompt of `show`" if scores else "it words reasons and cannot score"
        print_text(f"Merged {base.name} and {whole.adapter_id} in {out}; {use}.")


def _serves(setting: Path | LiveAdapter | None, registry: Path, channel: str) -> bool:
    if not isinstance(setting, LiveAdapter):
        return False
    return (setting.registry.resolve(), setting.channel) == (registry.resolve(), channel)


def _tell(registry: Registry, switch: Switch, more: list[str], *, json: bool) -> None:
    warnings = [*_warnings(registry, switch), *more]
    live = switch.live.adapter_id
    if json:
        print_json({"channel": switch.channel, "live": live, "before": switch.before, "warnings": warnings})
        return
    if switch.before == live:
        print_text(f"{switch.channel}: {live} is live already.")
    else:
        before = f", in place of {switch.before}" if switch.before else ""
        print_text(f"{switch.channel}: {live} is live from the next start on{before}.")
    for warning in warnings:
        print_text(f"Warning: {warning}")


def _warnings(registry: Registry, switch: Switch) -> list[str]:
    """What else has to change: a start that does not fit is refused, and nobody should learn of it then."""
    if switch.before is None:
        return []
    try:
        before = registry.get(switch.before)
    except LlmRerankError:  # it is gone, or damaged: nothing to compare with
        return []
    live, warnings = switch.live, []
    if live.base_fingerprint != before.base_fingerprint:
        warnings.append(f"it was trained on {live.base}, the one before on {before.base}: `model:` must change too.")
    if live.prompt != before.prompt:
        warnings.append("it was trained with another prompt than the one before: `prompt:` must change too (see show).")
    if live.method != before.method:
        warnings.append(
            f"it was trained for {live.method}, the one before for {before.method}: `method:` must change too."
        )
    return warnings
