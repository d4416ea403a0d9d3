# expect: policy::evaluation: limit:
package policies.hostile

deny contains sprintf("finding %d", [i]) if some i in numbers.range(1, 100000)
