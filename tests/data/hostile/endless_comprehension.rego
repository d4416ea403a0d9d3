# expect: policy::evaluation: took longer
package policies.hostile

deny contains "x" if {
	some i in numbers.range(1, 100000)
	some j in numbers.range(1, 100000)
	i + j < 0
}
