"""check_requirements.py CASES: every requirement id that a case or an expectation names is in CASES/requirements/*.toml,
and no id is there twice."""

import collections
import pathlib
import re
import sys
import tomllib

cases = pathlib.Path(sys.argv[1])
problems = []

known = collections.Counter()
for file in sorted(cases.glob("requirements/*.toml")):
    known.update(entry["id"] for entry in tomllib.loads(file.read_text())["requirement"])
problems += [f"cases/requirements: the id {name} is there {count} times" for name, count in known.items() if count > 1]

# Ids are the only strings in cases that look like this: "RFC9293-3.6-CASE1".
literal = re.compile(r'"([A-Z][A-Z0-9]*-[A-Za-z0-9._-]*)"')
named = {}
for file in sorted([*cases.glob("*.?pp"), *cases.glob("expectations/*.toml")]):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        for name in literal.findall(line):
            named.setdefault(name, f"cases/{file.relative_to(cases)}:{number}")
problems += [f"{place}: there is no requirement {name}" for name, place in named.items() if name not in known]
if not named:
    problems.append("no case names any requirement: this check looks for the wrong thing")

print("\n".join(problems) or f"{len(named)} requirements named, all of them among the {len(known)} that there are")
sys.exit(1 if problems else 0)
