# METADATA
# title: What the factors mean
# description: A name for each factor, its group, and what lowers it. `changegate policy show risk` prints it.
package policies.lib.risk.meaning

factors := {
	"R-TIER": {"group": "impact", "title": "highest tier touched", "lower": "nothing: the tier comes from the service catalogue"},
	"R-ACTION": {
		"group": "impact", "title": "worst action",
		"lower": "split what destroys or what decides about access from the rest, or change it in a less drastic way",
	},
	"R-BREADTH": {"group": "impact", "title": "how much at once", "lower": "fewer resources and services in one change; one region or zone per wave"},
	"R-FANOUT": {"group": "impact", "title": "services of tier 0 and 1 that depend on it", "lower": "give dependents a fallback, and drop the dependency from the catalogue"},
	"R-IRREV": {"group": "impact", "title": "the way back", "lower": "expand first and contract later, so that the way back keeps all data"},
	"R-SCHEMA": {"group": "impact", "title": "schema migration", "lower": "expand in this change, contract in a later one"},
	"R-HISTORY": {"group": "likelihood", "title": "rate of failed changes of the service", "lower": "changes that succeed; smaller ones fail less"},
	"R-RECUR": {"group": "likelihood", "title": "the same cause again", "lower": "mend the cause that keeps coming back first"},
	"R-NOVEL": {"group": "likelihood", "title": "never done before", "lower": "rehearse it on another environment"},
	"R-BATCH": {"group": "likelihood", "title": "larger than usual", "lower": "split it"},
	"R-SPACING": {"group": "likelihood", "title": "the one before still bakes", "lower": "wait until it has proved itself"},
	"R-BUDGET": {"group": "likelihood", "title": "error budget", "lower": "wait until the budget has recovered, or ship reliability first"},
	"R-INCIDENT": {"group": "likelihood", "title": "incidents around", "lower": "wait until the incident is over"},
	"R-LEARN": {"group": "likelihood", "title": "reviews and actions that are overdue", "lower": "hold the review, close the action"},
	"R-WINDOW": {"group": "timing", "title": "the moment", "lower": "move the window (`changegate freeze next`), book somebody, leave room for the rollback"},
	"R-EVIDENCE": {"group": "evidence", "title": "what nobody has shown yet", "lower": "show it: canary, validated backup, tested rollback, staging, alerts, load test"},
}

groups := ["impact", "likelihood", "timing", "evidence"]
