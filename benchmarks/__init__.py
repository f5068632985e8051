"""What the speed claims rest on: each benchmark is one command that measures, judges and writes its own report."""
