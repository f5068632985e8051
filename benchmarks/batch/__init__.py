"""Batch jobs, measured: killed again and again, beside the bare engine, with a million users, on two workers."""
