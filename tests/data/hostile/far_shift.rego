# expect: policy::evaluation: limit: a shift
package policies.hostile

deny contains "x" if bits.lsh(1, 4000000000) > 0
