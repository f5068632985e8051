"""What a ranking is worth: accuracy, what the lists are like, how stable, how calibrated; LensKit's where it has it."""
