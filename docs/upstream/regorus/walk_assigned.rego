package upstream

# OPA: the paths [], ["a"], ["a", "b"]. regorus 0.14.1: none; only `walk(x, [path, value])` is iterated.
answer := {path | [path, _] := walk({"a": {"b": 1}})}
