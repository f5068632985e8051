"""What the service answers while something is wrong with it, its model, its database, its disk or its callers."""
