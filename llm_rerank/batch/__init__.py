"""Batch inference jobs: a file of users in, a folder of rankings out, whatever happens in between."""
