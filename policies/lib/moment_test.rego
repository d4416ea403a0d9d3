package policies.lib.moment_test

import data.policies.lib.moment
import data.policies.lib.sample_test as sample

_applied := json.patch(sample.document, [{"op": "replace", "path": "/stage", "value": "apply"}])

_unplanned := json.patch(sample.document, [{"op": "replace", "path": "/change/window", "value": null}])

test_until_the_start_on_a_pull_request if {
	moment.latest_ns(sample.document) == sample.start
	moment.latest_ns(_applied) == sample.now
	moment.latest_ns(_unplanned) == sample.now
}

test_a_start_that_is_over_is_no_licence if {
	late := json.patch(sample.document, [{"op": "replace", "path": "/now_ns", "value": sample.end}])
	moment.latest_ns(late) == sample.end
}

test_fresh if {
	moment.fresh(sample.document, (sample.now - sample.day) + 1, sample.day)
	not moment.fresh(sample.document, sample.now - sample.day, sample.day)
	moment.fresh(sample.document, sample.start, sample.day)
	not moment.fresh(sample.document, sample.start + 1, sample.day)
	not moment.fresh(_applied, sample.now + 1, sample.day)
}
