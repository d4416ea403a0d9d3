# expect: policy::hermetic
package policies.hostile

deny contains opa.runtime().env.HOME
