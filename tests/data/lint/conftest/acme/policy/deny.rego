package main

import data.limits
import input.metadata

deny[msg] {
	input.kind == "Deployment"
	not startswith(input.spec.template.spec.image, "registry.example.com/")
	msg := sprintf("%s comes from elsewhere", [metadata.name])
}

deny_too_late[msg] {
	time.now_ns() > 0
	msg := "it is late"
}

violation {
	input.kind == "Pod"
}
