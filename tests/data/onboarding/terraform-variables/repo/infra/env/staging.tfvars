buckets = 1
