package upstream

# OPA: {}. regorus 0.14.1: undefined; `touched[k] := v` is {} there.
answer := touched

touched[k] contains v if some k, v in {}
