# expect: policy::hermetic
package policies.hostile

deny contains "x" if http.send({"method": "GET", "url": "https://example.com"}).status_code == 200
