# expect: policy::evaluation: took longer
package policies.hostile

deny contains "x" if {
	every i in numbers.range(1, 100000) {
		every j in numbers.range(1, 100000) {
			i + j > 0
		}
	}
}
