"""What stands between a stage and a provider: stored answers, retries, limits, batches."""
