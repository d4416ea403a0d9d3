buckets = 3
