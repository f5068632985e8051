"""`llm-rerank keys`: who may ask the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from llm_rerank.cli.options import Json
from llm_rerank.cli.show import print_json, print_table, print_text

if TYPE_CHECKING:
    from retrieval.store.keys import ApiKey, KeyStore

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke the service's API keys.")

Config = Annotated[Path | None, typer.Option("--config", help="The service's YAML file: its database and its tenant.")]


@keys.command()
def create(
    config: Config = None,
    tenant: Annotated[str | None, typer.Option(help="In whose name it asks; by default the shop's.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write or admin; once for each; by default read and write.")
    ] = None,
    per_minute: Annotated[int, typer.Option(help="Requests a minute, at most.")] = 600,
    json: Json = False,
) -> None:
    """Make a key. It is shown now and never again: only a digest of it is kept."""
    with _store(config) as (store, owner):
        key, about = store.create(tenant or owner, scope or ["read", "write"], per_minute)  # type: ignore[arg-type]
    if json:
        print_json({"key": key} | _json(about))
    else:
        print_text(key)
        print_text(f"{about.key_id} of {about.tenant}: {', '.join(sorted(about.scopes))}; it is not shown again.")


@keys.command("list")
def list_keys(config: Config = None, json: Json = False) -> None:
    """Show all keys but for the keys themselves."""
    with _store(config) as (store, _):
        found = store.all()
    if json:
        print_json({"keys": [_json(one) for one in found]})
        return
    if not found:
        print_text("There is no key yet: llm-rerank keys create")
        return
    table = Table("id", "tenant", "scopes", "a minute", "created", "revoked")
    for one in found:
        about = _json(one)
        scopes, revoked = ", ".join(about["scopes"]), about["revoked"] or ""
        table.add_row(one.key_id, escape(one.tenant), scopes, f"{one.per_minute:,}", about["created"], revoked)
    print_table(table)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """End a key. A running service believes it for five seconds more, and while it cannot reach the database."""
    with _store(config) as (store, _):
        about = store.revoke(key_id)
    if json:
        print_json(_json(about))
    else:
        print_text(f"{about.key_id} is revoked.")


@contextmanager
def _store(config: Path | None) -> "Iterator[tuple[KeyStore, str]]":
    """The configured database's keys, and whose shop it is."""
    from llm_rerank.service.config import ServeConfig
    from retrieval.store.database import Database
    from retrieval.store.keys import KeyStore

    read = ServeConfig.read(config)
    database = Database.open(read.database)
    try:
        yield KeyStore(database), read.tenant
    finally:
        database.close()


def _json(about: "ApiKey") -> dict[str, Any]:
    return {
        "key_id": about.key_id,
        "tenant": about.tenant,
        "scopes": sorted(about.scopes),
        "per_minute": about.per_minute,
        "created": f"{about.created:%Y-%m-%d %H:%M:%S} UTC",
        "revoked": None if about.revoked is None else f"{about.revoked:%Y-%m-%d %H:%M:%S} UTC",
    }
