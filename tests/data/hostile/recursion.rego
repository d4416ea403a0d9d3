# expect: policy::recursion
package policies.hostile

a if b

b if a

deny contains "x" if a
