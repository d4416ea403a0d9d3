"""OPA for the bench `rego`: reads requests as lines of JSON, evaluates, and answers with seconds and a count.

OPA is the shared library of the Python package `opa-golib-python-bindings` (development only). The folder where its wheel
was unpacked is the only argument.
"""

import json
import sys
import time

sys.path.insert(0, sys.argv[1])
from opa_bindings import OpaEngine  # noqa: E402

engine = OpaEngine()
for line in sys.stdin:
    request = json.loads(line)
    if "modules" in request:
        for path, source in request["modules"]:
            engine.add_policy(path, source)
        print("{}", flush=True)
        continue
    rules = [rule.encode() for rule in request["rules"]]
    inputs = [text.encode() for text in request["inputs"]]
    members = 0
    start = time.perf_counter()
    for _ in range(request["times"]):
        members = 0
        for text in inputs:
            for rule in rules:
                # Below `eval_document`, which would write the input anew each time.
                answer = engine._call(engine._lib.OpaEvalDocument, rule, text, 0, 0)
                found = answer.get("result") or []
                members += sum(len(e["value"]) for f in found for e in f["expressions"])
    print(json.dumps({"seconds": time.perf_counter() - start, "members": members}), flush=True)
