# expect: policy::evaluation: limit:
package policies.hostile

y := concat("", ["a" | some i in numbers.range(1, 1000000)])

deny contains "x" if count(split(concat("", [y, y]), "")) > 0
