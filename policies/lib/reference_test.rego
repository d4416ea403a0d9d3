package policies.lib.reference_test

import data.policies.lib.reference
import data.policies.lib.sample_test as sample

_member(attrs, paths) := object.union(
	sample.terraform("aws_rds_cluster_instance", "one", attrs),
	{"unknown": paths},
)

_links(resources) := reference.links(resources, "aws_rds_cluster_instance", ["cluster_identifier"], {"orders"})

test_names_of_before_and_after if {
	thing := object.union(sample.database, {"attrs": {"identifier": "b"}, "before": {"identifier": "a", "id": 7}})
	reference.identities(thing) == {"a", "b"}
	reference.identities(object.union(thing, {"before": null})) == {"b"}
}

test_a_known_reference_is_sure if {
	found := _links([_member({"cluster_identifier": "orders"}, []), _member({"cluster_identifier": "other"}, [])])
	count(found.sure) == 1
	count(found.open) == 0
}

test_an_unknown_reference_is_open if {
	found := _links([_member({}, [["cluster_identifier"]])])
	count(found.sure) == 0
	count(found.open) == 1
}

test_what_goes_refers_to_nothing if {
	gone := object.union(_member({"cluster_identifier": "orders"}, []), {"action": "delete"})
	count(_links([gone]).sure) == 0
}
