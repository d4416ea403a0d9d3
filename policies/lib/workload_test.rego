package policies.lib.workload_test

import data.policies.lib.sample_test as sample
import data.policies.lib.workload

_scaler(kind, spec) := sample.relation("scaler", sample.kubernetes(kind, "orders-api", {"spec": spec}))

_scaled(kind, spec) := object.union(sample.rollout, {"related": [_scaler(kind, spec)]})

test_replicas_of_its_own if workload.replicas(sample.rollout) == 10

test_absent_replicas_are_one if workload.replicas({"attrs": {"spec": {}}, "related": []}) == 1

test_the_scaler_decides if {
	workload.replicas(_scaled("autoscaling/HorizontalPodAutoscaler", {"minReplicas": 4})) == 4
	workload.replicas(_scaled("autoscaling/HorizontalPodAutoscaler", {})) == 1
	workload.replicas(_scaled("keda.sh/ScaledObject", {})) == 0
}

test_text_is_no_number if not workload.replicas({"attrs": {"spec": {"replicas": "{{ .n }}"}}, "related": []})

test_shares if {
	workload.share_down("25%", 3) == 0
	workload.share_down("25%", 10) == 2
	workload.share_up("25%", 3) == 1
	workload.share_up("50%", 5) == 3
	workload.share_down(2, 3) == 2
	not workload.share_down("many", 3)
}
