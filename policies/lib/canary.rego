# METADATA
# title: What makes a rollout progressive
# description: >-
#   Reads Argo Rollouts, Flagger and ECS: does traffic move in steps, and does something measure before the next one?
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/canary/
#   - https://docs.flagger.app/usage/deployment-strategies
package policies.lib.canary

import data.policies.lib.shape
import data.policies.lib.text

# A Rollout that shifts weight and analyses, or a blue/green one that analyses before it promotes.
progressive(rollout) if {
	weighted(rollout)
	analysed(rollout)
}

progressive(rollout) if {
	text.given(rollout.spec.strategy.blueGreen.previewService)
	count(shape.list(rollout.spec.strategy.blueGreen.prePromotionAnalysis.templates)) > 0
}

# At least one step sets a weight. A canary without steps is a rolling update.
weighted(rollout) if {
	some step in steps(rollout)
	step.setWeight
}

# The canary analyses in the background or in a step.
analysed(rollout) if count(shape.list(rollout.spec.strategy.canary.analysis.templates)) > 0

analysed(rollout) if {
	some step in steps(rollout)
	count(shape.list(step.analysis.templates)) > 0
}

analysed(rollout) if {
	some step in steps(rollout)
	count(shape.list(step.experiment.analyses)) > 0
}

steps(rollout) := [step |
	some entry in shape.list(rollout.spec.strategy.canary.steps)
	step := shape.map(entry)
]

# A Flagger Canary that measures something.
measured(canary) if count(shape.list(canary.spec.analysis.metrics)) > 0

# ECS shifts traffic itself and stops on an alarm, or leaves both to CodeDeploy.
shifted(service) if {
	some deployment in shape.list(service.deployment_configuration)
	deployment.strategy in {"CANARY", "LINEAR", "BLUE_GREEN"}
	some alarms in shape.list(service.alarms)
	alarms.enable == true
}

shifted(service) if {
	some controller in shape.list(service.deployment_controller)
	controller.type == "CODE_DEPLOY"
}

# The request plans steps or waves, and something to measure between them.
planned(change) if {
	plan := change.spec.progressiveDelivery
	plan.method in {"canary", "blue-green", "rolling-waves", "feature-flag"}
	some part in ["steps", "waves", "blueGreen"]
	count(shape.list(plan[part])) + count(shape.map(plan[part])) > 0
	count(shape.list(plan.metrics)) > 0
}

# Workloads that no rollout controller fits, with the approval of the person who is said to have agreed.
exempt(document) if {
	exemption := document.change.spec.progressiveDelivery.exempt
	exemption.reason in {"infrastructure-addon", "queue-worker"}
	planned(document.change)
	some approval in document.approvals
	approval.valid == true
	exemption.approvedBy in {approval.by, approval.login}
}
