# expect: policy::evaluation: limit:
package policies.hostile

deny contains "x" if count(net.cidr_expand("10.0.0.0/4")) > 0
