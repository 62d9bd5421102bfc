"""The customer's pages: price, use, and bills of whoever asks, and of nobody else."""
