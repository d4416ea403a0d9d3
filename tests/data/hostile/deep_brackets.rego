# expect: policy::nesting
package policies.hostile

x := [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]

deny contains "x" if x
