package upstream

# OPA: [true, 4]. regorus 0.14.1: `slice::windows(0)` panics, twice.
answer := [object.subset([1], []), strings.count("abc", "")]
