# expect: policy::evaluation: limit:
package policies.hostile

deny contains sprintf("%1000000000d", [1])
