# expect: policy::evaluation: its process ended
# isolate
package policies.hostile

deny contains "x" if {
	lists := [numbers.range(i, i + 900000) | some i in numbers.range(1, 2000)]
	count(lists) > 1
}
