"""What a service keeps between requests, for several tenants side by side: SQLite by default, PostgreSQL by URL."""
