# expect: policy::hermetic
package policies.hostile

deny contains net.lookup_ip_addr("example.com")[_]
