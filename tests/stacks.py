"""stacks.py FINWAIT TEST: stacks behind adapters (docs/stack-protocol.md)."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from command import AS_EXPECTED, BROKEN, ENVIRONMENT, NOT_AS_EXPECTED, SKIPPED, USAGE, check, main, test

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "tools/stacks/example.py"


def run(*arguments):
    return subprocess.run([finwait, *map(str, arguments)], capture_output=True, text=True)


def verdicts(results):
    return {case["id"]: case for case in json.loads(pathlib.Path(results).read_text())["results"]}


def need(stack):
    if not (pathlib.Path(finwait).parent.parent / f"stacks/finwait-{stack}").exists():
        print(f"skipped: the adapter finwait-{stack} was not built (ci/install stacks-{stack})")
        sys.exit(SKIPPED)


@test
def the_example_keeps_to_the_protocol():
    done = run("check-adapter", EXAMPLE)
    check(done.returncode == AS_EXPECTED, "it does", done)
    check("lacking  capability keepalive" in done.stdout and "BROKEN" not in done.stdout, "and says what it lacks", done)


@test
def the_example_is_a_stack():
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "run.json"
        done = run("run", "--target", f"stack:{EXAMPLE}", "release/**", "half-close/**", "reset/established/*",
                   "time-wait/two-msl", "keepalive/default-values", "--json", results)
        check(done.returncode == AS_EXPECTED, "what it can do, it does right", done)
        cases = verdicts(results)
        check(cases["release/active/four-segments/ipv4"]["verdict"] == "PASS", "the release", done)
        check(cases["time-wait/two-msl/ipv4"]["verdict"] == "PASS", "after its 240 s", done)
        check(cases["release/active/four-segments/ipv6"]["verdict"] == "UNSUPPORTED", "it has no IPv6", done)
        passed = [name for name, case in cases.items() if case["verdict"] == "PASS"]
        check(len(passed) > 25, f"many pass: {passed}", done)


@test
def a_mutant_of_the_example_fails():
    with tempfile.TemporaryDirectory() as folder:
        mutant = pathlib.Path(folder) / "mutant.py"
        mutant.write_text(EXAMPLE.read_text().replace("TWO_MSL = SECOND, 60 * SECOND, 8, 240 * SECOND",
                                                      "TWO_MSL = SECOND, 60 * SECOND, 8, 30 * SECOND"))
        mutant.chmod(0o755)
        done = run("run", "--target", f"stack:{mutant}", "time-wait/two-msl/ipv4")
        check(done.returncode == NOT_AS_EXPECTED and "RFC9293-MUST-13" in done.stdout, "TIME-WAIT is too short", done)


def two_runs_are_the_same(stack):
    need(stack)
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        for name in ("one", "two"):
            results, captures = pathlib.Path(folder) / f"{name}.json", pathlib.Path(folder) / name
            run("run", "--target", stack, "release/**", "keepalive/**", "impaired/release/**", "timers/keepalive/**",
                "--json", results, "--out", captures)
            text = json.loads(results.read_text())
            del text["run"]["real_ns"]
            traces = {file.name: file.read_bytes() for file in sorted(captures.iterdir())}
            check(len(traces) > 100, f"{len(traces)} captures")
            runs.append((json.dumps(text).replace(str(captures), ""), traces))
        check(runs[0][1] == runs[1][1], "the captures are the same, octet by octet")
        check(runs[0][0] == runs[1][0], "and so are the results")


@test
def two_runs_of_lwip_are_the_same():
    two_runs_are_the_same("lwip")


@test
def two_runs_of_gvisor_are_the_same():
    two_runs_are_the_same("gvisor")


@test
def lwip_is_as_expected():
    need("lwip")
    done = run("run", "--target", "lwip", "--seed", "3")
    check(done.returncode == AS_EXPECTED, "all deviations are known", done)


@test
def gvisor_is_as_expected():
    need("gvisor")
    done = run("run", "--target", "gvisor", "release/**", "keepalive/**", "reset/**", "time-wait/**", "fin/**")
    check(done.returncode == AS_EXPECTED, "all deviations are known", done)


@test
def gvisor_keeps_to_the_protocol():
    need("gvisor")
    done = run("check-adapter", "gvisor")
    check(done.returncode == AS_EXPECTED, "it does", done)


@test
def lwip_lives_two_hours_in_a_moment():
    need("lwip")
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "run.json"
        done = run("run", "--target", "lwip", "timers/keepalive/**", "keepalive/**", "--json", results)
        cases = verdicts(results)
        longest = max(case["duration_ns"] / 1e9 for case in cases.values())
        check(longest > 7200, f"the longest took {longest} s", done)
        check("of virtual time" in done.stdout, "it is said that the time is virtual", done)
        undecided = [name for name, case in cases.items() if case["verdict"] in ("ERROR", "INCONCLUSIVE")]
        check(not undecided, f"without a verdict: {undecided}", done)


@test
def lwip_keeps_to_the_protocol():
    need("lwip")
    done = run("check-adapter", "lwip")
    check(done.returncode == AS_EXPECTED, "it does", done)


@test
def a_matrix_of_two_stacks():
    need("lwip")
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "matrix.json"
        example = f"stack:{EXAMPLE}"
        done = run("matrix", "--targets", f"lwip,{example}", "keepalive/**", "release/active/**", "-x", "**/ipv6", "--json",
                   results)
        check(done.returncode == AS_EXPECTED, "each deviation has its reason", done)
        check("RFC9293-MUST-26-OUTSTANDING  known" in done.stdout, "by requirement", done)
        check("keepalive/not-while/data-outstanding/ipv4" in done.stdout, "by case", done)
        matrix = json.loads(results.read_text())
        check([stack["name"] for stack in matrix["stacks"]] == ["lwip", example], "in the order asked for", done)
        row = matrix["requirements"]["RFC9293-MUST-26-OUTSTANDING"]
        check(row["lwip"]["state"] == "known" and row[example]["state"] == "lacking", f"as it is: {row}", done)
        check(matrix["cases"]["release/active/states/ipv4"] == {"lwip": "PASS", example: "PASS"}, "cases", done)


@test
def a_matrix_shows_what_is_broken():
    with tempfile.TemporaryDirectory() as folder:
        mutant = pathlib.Path(folder) / "mutant.py"
        mutant.write_text(EXAMPLE.read_text().replace("60 * SECOND, 8, 240 * SECOND", "60 * SECOND, 8, 30 * SECOND"))
        mutant.chmod(0o755)
        done = run("matrix", "--targets", f"stack:{mutant},stack:{EXAMPLE}", "time-wait/two-msl/ipv4")
        check(done.returncode == NOT_AS_EXPECTED and "BROKEN 1" in done.stdout, "TIME-WAIT is too short", done)


@test
def a_matrix_says_what_is_absent():
    done = run("matrix", "--targets", "stack:/nowhere/adapter", "release/**")
    check(done.returncode == ENVIRONMENT and "/nowhere/adapter cannot be started" in done.stderr, "it is said", done)


def misbehaves(how, reason):
    with tempfile.TemporaryDirectory() as folder:
        lives, results = pathlib.Path(folder) / "lives", pathlib.Path(folder) / "run.json"
        lives.mkdir()
        done = run("run", "--target", f"stack:{HERE / 'bad_adapter.py'} {how} {lives}", "release/active/four-segments/ipv4",
                   "release/passive/four-segments/ipv4", "release/simultaneous/both-fins-cross/ipv4", "--json", results)
        check(done.returncode == BROKEN, "a case broke", done)
        cases = list(verdicts(results).values())
        check([case["verdict"] for case in cases] == ["PASS", "ERROR", "PASS"], "that one and no other", done)
        check(reason in done.stdout, f"it is said why: {reason}", done)


@test
def an_adapter_that_dies():
    misbehaves("dies", "the adapter is gone (it ended with code 7); it said: Segmentation fault, or so")


@test
def an_adapter_that_hangs():
    misbehaves("hangs", "the adapter has not answered for 10000 ms")


@test
def an_adapter_that_floods():
    misbehaves("floods", "the adapter has sent 100000 messages and not the answer")


@test
def an_adapter_that_is_malformed():
    misbehaves("is-malformed", "the adapter has sent what is no JSON object: {'this': is no JSON}")


@test
def an_adapter_that_lies_about_lengths():
    misbehaves("lies-about-lengths", "the adapter has sent a packet without hexadecimal octets")


@test
def an_adapter_that_never_ends_a_line():
    misbehaves("never-ends-a-line", "the adapter has sent a line of over 16777216 octets")


@test
def an_adapter_that_always_tells():
    with tempfile.TemporaryDirectory() as folder:
        lives, results = pathlib.Path(folder) / "lives", pathlib.Path(folder) / "run.json"
        lives.mkdir()
        done = run("run", "--target", f"stack:{HERE / 'bad_adapter.py'} always-tells {lives}", "release/**", "half-close/**",
                   "-x", "**/ipv6", "--json", results)
        check(done.returncode == AS_EXPECTED, "an event too many does no harm", done)
        check(len([1 for case in verdicts(results).values() if case["verdict"] == "PASS"]) > 15, "they pass", done)


@test
def a_stack_that_is_not_there():
    done = run("run", "--target", "stack:/nowhere/adapter", "release/**")
    check(done.returncode == ENVIRONMENT and "/nowhere/adapter cannot be started" in done.stderr, "it is named", done)
    done = run("check-adapter", "/nowhere/adapter")
    check(done.returncode == ENVIRONMENT, "there is nothing to check", done)
    done = run("run", "--target", "stack:", "release/**")
    check("stack: needs a program" in done.stderr, "an example is given", done)
    done = run("run", "--target", "ostrich", "release/**")
    check(done.returncode == USAGE and "lwip" in done.stderr, "it is said what there is", done)


@test
def ctrl_c_ends_a_run_and_reports():
    process = subprocess.Popen([finwait, "run", "--target", f"stack:{EXAMPLE}", "--repeat", "100"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    check("interrupted: " in out, f"what there is is told: {out[-1000:]}")
    check(process.returncode == NOT_AS_EXPECTED, f"exit {process.returncode}")


def call(program, one):
    global finwait
    finwait = os.path.abspath(program)
    one()


main(call)
