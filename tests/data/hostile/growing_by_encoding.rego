# expect: policy::evaluation: limit:
package policies.hostile


y0 := concat("", ["+" | some i in numbers.range(1, 500000)])

deny contains "x" if count(base64.encode(urlquery.encode(urlquery.encode(urlquery.encode(urlquery.encode(replace(y0, "+", "++++++"))))))) > 0
