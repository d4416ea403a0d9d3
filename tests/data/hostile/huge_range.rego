# expect: policy::evaluation: limit: a range of
package policies.hostile

deny contains "x" if count(numbers.range(1, 1000000000)) > 0
