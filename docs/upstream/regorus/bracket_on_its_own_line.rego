package upstream

# OPA: true. regorus 0.14.1: reads the call `data.upstream.two(y > 1)`, and y is unsafe.
answer if {
	y := data.upstream.two
	(y > 1)
}

two := 2
