# expect: policy::swallowed
package policies.hostile

deny contains "x" if json.unmarshal(concat("", ["[" | some i in numbers.range(1, 100000)]))
