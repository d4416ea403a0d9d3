package policies.lib.analysis_test

import data.policies.lib.analysis

_metric(name, query) := {"name": name, "provider": {"prometheus": {"query": query}}}

test_kinds_by_name if {
	analysis.kinds({"name": "success-rate"}) == {"success"}
	analysis.kinds({"name": "error-rate"}) == {"error"}
	analysis.kinds({"name": "latency-p99"}) == {"latency"}
	analysis.kinds({"name": "p95"}) == {"latency"}
	analysis.kinds({"name": "consumer-lag"}) == {"work"}
	analysis.kinds({"name": "cpu"}) == set()
}

test_kinds_by_query if {
	analysis.kinds(_metric("slo", "histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket[5m])) by (le))")) == {"latency"}
	analysis.kinds(_metric("slo", `sum(rate(http_requests_total{code=~"5.."}[5m]))`)) == {"error"}
}

test_a_query_that_leaves_errors_out_counts_successes if {
	analysis.kinds(_metric("slo", `sum(rate(http_requests_total{code!~"5.."}[5m])) / sum(rate(http_requests_total[5m]))`)) == {"success"}
}

test_message_is_no_age if analysis.kinds({"name": "messages"}) == set()

test_declared if {
	template := {"metadata": {"annotations": {"changegate/metric-kind": "error-rate, latency"}}}
	analysis.declared(template) == {"error", "latency"}
	analysis.declared({}) == set()
}

test_bounds if {
	analysis.bounds({"successCondition": "len(result) > 0 && result[0] >= 0.995"}) == {
		{"condition": "successCondition", "side": 1, "number": 0.995},
	}
	analysis.bounds({"failureCondition": "result > 0.05"}) == {
		{"condition": "failureCondition", "side": -1, "number": 0.05},
	}
	analysis.bounds({"successCondition": "result.status == 'ok'"}) == set()
	analysis.bounds({"successCondition": 3}) == set()
}

test_share if {
	analysis.share(0.99) == 0.99
	analysis.share(99) == 0.99
}

test_conditions if {
	analysis.conditional({"failureCondition": "result < 1"})
	not analysis.conditional({"successCondition": "  "})
	not analysis.conditional({})
	analysis.judged_by_itself({"provider": {"job": {}}})
	not analysis.judged_by_itself({"provider": {"web": {}}})
}
