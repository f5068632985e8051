"""How Alembic runs the migrations: on the connection that Database.open gives it, in its transaction."""

from alembic import context

from retrieval.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
