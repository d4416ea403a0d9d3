package upstream

# OPA: [2026, 3, 3], as Go's AddDate. regorus 0.14.1: [2026, 2, 28].
answer := time.date(time.add_date(time.parse_rfc3339_ns("2026-01-31T00:00:00Z"), 0, 1, 0))
