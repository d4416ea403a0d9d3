package policies.lib.image_test

import data.policies.lib.image

_hash := "22724e1f020f0464faeea30eb742856012b6a1d39e837085c730a709a9956172"

test_all if {
	image.all({"spec": {"template": {"spec": {"containers": [{"image": "a"}], "initContainers": [{"image": "b"}, {}]}}}}) == {"a", "b"}
	image.all({"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": "c"}]}}}}}}) == {"c"}
	every odd in [null, "x", 7, [], {}, {"spec": "x"}, {"spec": {"containers": ["x", {"image": 7}]}}] {
		image.all(odd) == set()
	}
}

test_digest if {
	image.digest(sprintf("ghcr.io/acme/api@sha256:%s", [_hash])) == sprintf("sha256:%s", [_hash])
	image.digest(sprintf("sha256:%s", [_hash])) == sprintf("sha256:%s", [_hash])
	every odd in ["ghcr.io/acme/api:4.2.0", "sha256:22", "", null, 7] {
		not image.digest(odd)
	}
}

test_name if {
	image.name("ghcr.io:443/acme/api:4.2.0") == "ghcr.io:443/acme/api"
	image.name("ghcr.io:443/acme/api") == "ghcr.io:443/acme/api"
	image.name("api@sha256:22") == "api"
}
