"""A run's folder on disk or in a bucket: shards, what is done, what it will cost, what is wrong with it."""
