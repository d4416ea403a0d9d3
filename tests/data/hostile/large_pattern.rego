# expect: policy::swallowed
package policies.hostile

deny contains "x" if regex.match("((a{1000}){1000}){1000}", "a")
