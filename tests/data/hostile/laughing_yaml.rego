# expect: policy::swallowed
package policies.hostile

lines := ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]

more := [sprintf("a%d: &a%d [%s]", [i, i, concat(", ", [sprintf("*a%d", [i - 1]) | some j in numbers.range(1, 10)])]) | some i in numbers.range(1, 12)]

deny contains "x" if yaml.unmarshal(concat("\n", array.concat(lines, more)))
