"""The same scoring benchmark on one GPU, on a machine that has little but torch and transformers."""
