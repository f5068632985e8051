"""A shop as it is now: as it was built, with the items that were added, changed and withdrawn since."""
