package upstream

# OPA, without an input: undefined. regorus 0.14.1: "item cannot be indexed".
answer := input[_]
