package upstream

# OPA: "00042|3.14 |+7". regorus 0.14.1: undefined, in strict mode an error.
answer := sprintf("%05d|%-5.2f|%+d", [42, 3.14159, 7])
