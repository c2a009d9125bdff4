"""check_results.py SCHEMA RESULTS FINWAIT: the results of a whole run in real time are what the schema says, none is missing
(but slow cases, which only --slow runs so), and each has its capture."""

import json
import pathlib
import subprocess
import sys

import jsonschema

schema, results = (json.loads(pathlib.Path(name).read_text()) for name in sys.argv[1:3])
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
problems = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator(schema).iter_errors(results)]

entries = results["results"]
ids = [entry["id"] for entry in entries]
if len(ids) != len(set(ids)):
    problems.append("an id is there twice")
listed = subprocess.run([sys.argv[3], "list"], check=True, capture_output=True, text=True).stdout
cases, slow = [], []  # "release/active/four-segments  (1 s)", "timers/fin/given-up  (3700 s, slow)"
for line in listed.splitlines():
    if line and not line.startswith(" "):
        name, lasts = line.split("  ")
        (slow if "slow" in lasts else cases).append(name)
problems += [f"there is no result of {case}" for case in cases if not any(i.startswith(case + "/") for i in ids)]
problems += [f"{i} is slow and was run in real time" for i in ids if any(i.startswith(c + "/") for c in slow)]
problems += [
    f"{e['id']}: its capture '{e['trace']}' is not there"
    for e in entries
    if e["verdict"] != "UNSUPPORTED" and not pathlib.Path(e["trace"]).is_file()
]

# The two questions: the answers are those of the results.
broken = [(e["violated"][0], e["basis"][0]) for e in entries if e["violated"]]
problems += [f"{e['id']}: as many bases as violated requirements" for e in entries if len(e["basis"]) != len(e["violated"])]
answers = results["run"]["answers"]
told = {i for level in ("must", "should", "may") for i in answers["standard"][level]}
if told != {i for i, basis in broken if basis == "standard"}:
    problems.append("run.answers.standard does not have the requirements that results break")
differing = {v["name"] for v in results["run"]["profile"]["values"] if v["conformity"] == "differs"}
if results["run"]["profile"]["name"] == "linux" and not {"time-wait", "rto-min", "r2-syn"} <= differing:
    problems.append("run.profile does not say where Linux documents other values than the standard has")

print("\n".join(problems[:50]) or f"{len(ids)} results are as the schema says")
sys.exit(1 if problems else 0)
