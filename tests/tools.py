"""tools.py FINWAIT TEST: what is around a run: files of expectations kept up to date (finwait expect), and the cases as
GoogleTest tests (finwait-gtest, in a folder beside finwait's)."""

import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from command import AS_EXPECTED, NOT_AS_EXPECTED, USAGE, SKIPPED, check, main, test

CASE = "reset/established/right-edge"  # known of Linux: it breaks RST-OTW
KNOWN = """# what is known
[[expect]]
cases = "reset/established/below-window"
verdict = "FAIL"
requirement = "RFC9293-3.10.7.4-RST-OTW"
reason = "it has passed for long"
"""


def run(*arguments):
    return subprocess.run([finwait, *arguments], capture_output=True, text=True)


def gtest(*arguments, **environment):
    program = pathlib.Path(finwait).parent.parent / "gtest/finwait-gtest"
    if not program.exists():
        print(f"skipped: {program} was not built")
        sys.exit(SKIPPED)
    return subprocess.run([program, *arguments], capture_output=True, text=True, env={**os.environ, **environment})


@test
def expectations_are_updated():
    with tempfile.TemporaryDirectory() as folder:
        known, results = pathlib.Path(folder) / "known.toml", pathlib.Path(folder) / "run.json"
        known.write_text(KNOWN)
        first = run("run", CASE, "reset/established/below-window", "--expectations", known, "--json", results)
        check(first.returncode == NOT_AS_EXPECTED, "an unknown failure is not as expected", first)
        looked = run("expect", known, results)
        check(looked.returncode == NOT_AS_EXPECTED, "there is something to change", looked)
        check(known.read_text() == KNOWN, "without --update nothing is written", looked)
        updated = run("expect", "--update", known, results)
        check(updated.returncode == AS_EXPECTED, "it is rewritten", updated)
        check("to be read" in updated.stdout, "it asks for a reason", updated)
        check("below-window" not in known.read_text() and CASE in known.read_text(), known.read_text())
        unread = run("run", CASE, "--expectations", known)
        check(unread.returncode == NOT_AS_EXPECTED, "an entry that nobody has read is no expectation", unread)
        known.write_text(known.read_text().replace("to be read: ", "read: "))
        again = run("run", CASE, "reset/established/below-window", "--expectations", known, "--strict", "--json", results)
        check(again.returncode == AS_EXPECTED, "then it is as expected, strictly", again)
        check(run("expect", known, results).returncode == AS_EXPECTED, "and nothing is left to change")


@test
def expectations_of_what_is_no_file():
    with tempfile.TemporaryDirectory() as folder:
        known = pathlib.Path(folder) / "known.toml"
        known.write_text("x = = 1\n")
        done = run("expect", known, known)
        check(done.returncode == USAGE and "known.toml" in done.stderr, "one message with its file", done)


@test
def gtest_reports_each_verdict():
    with tempfile.TemporaryDirectory() as folder:
        xml_file = pathlib.Path(folder) / "out.xml"
        done = gtest("--gtest_filter=reset.established/*:timers.syn/*-*/ipv6", f"--gtest_output=xml:{xml_file}",
                     "--no-expectations")
        check(done.returncode == 1, "one test fails", done)
        check("FAIL " + CASE + "/ipv4" in done.stdout and "<- not explained" in done.stdout, "with the explanation", done)
        tests = {one.get("value_param"): one for one in xml.etree.ElementTree.parse(xml_file).iter("testcase")
                 if one.get("status") == "run"}
        failed = [name for name, one in tests.items() if one.find("failure") is not None]
        check(failed == [CASE + "/ipv4"], f"only that one, not {failed}")
        check(tests["timers/syn/given-up/ipv4"].get("result") == "skipped", "a slow case is skipped")
        verdicts = {p.get("value") for p in tests[CASE + "/ipv4"].iter("property")}
        check("FAIL" in verdicts, "the verdict is a property")
        known = gtest("--gtest_filter=reset.established/right_edge*")
        check(known.returncode == 0, "a known deviation passes", known)


@test
def gtest_shards_cover_all():
    seen = []
    for index in range(3):
        done = gtest("--gtest_filter=reset.closed/*", GTEST_TOTAL_SHARDS="3", GTEST_SHARD_INDEX=str(index))
        check(done.returncode == 0, "a shard passes", done)
        seen += [line for line in done.stdout.splitlines() if line.startswith("[       OK ]")]
    listed = gtest("--gtest_filter=reset.closed/*", "--gtest_list_tests").stdout
    check(len(seen) == listed.count("GetParam()") > 0, f"{len(seen)} tests in three shards")


def call(program, one):
    global finwait
    finwait = os.path.abspath(program)
    one()


main(call)
