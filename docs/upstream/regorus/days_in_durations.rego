package upstream

# OPA: [86400000000000, 604800000000000, 31536000000000000]. regorus 0.14.1: undefined.
answer := [time.parse_duration_ns(d) | some d in ["1d", "1w", "1y"]]
