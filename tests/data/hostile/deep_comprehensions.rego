# expect: policy::nesting
package policies.hostile

x := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := [y | y := 1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]

deny contains "x" if x
