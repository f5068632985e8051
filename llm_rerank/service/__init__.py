"""The service: what a shop's backend calls over HTTP."""
