package upstream

default answer := false

# OPA: false, because arguments are computed outside of the negation. regorus 0.14.1: true.
answer if not startswith({}.name, "a")
