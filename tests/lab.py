"""lab.py FINWAIT NAME: one test of real kernels in virtual time (docs/virtual-time.md). `lab.py --list` names them all.
Those that need a kernel are skipped without one ('ci/lab' builds it)."""

import filecmp
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from command import AS_EXPECTED, BROKEN, ENVIRONMENT, NOBODY, NOT_AS_EXPECTED, SKIPPED, USAGE, check, main, test

CASES = ["release/**", "keepalive/**", "time-wait/**", "half-close/**"]
finwait = ""


def run(*arguments, wrap=(), **environment):
    return subprocess.run([*wrap, finwait, *arguments], capture_output=True, text=True, timeout=100,
                          stdin=subprocess.DEVNULL, env=os.environ | environment)


def need_kernel():
    done = run("lab", "list")
    if done.returncode == ENVIRONMENT:
        print(done.stderr)
        sys.exit(SKIPPED)


def guests():
    """Processes that are a kernel."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
            if b"time-travel" in line or b"rdinit=/finwait" in line:
                found.append(int(process.name))
        except OSError:
            pass
    return found


def leaves_nothing(before, what):
    for _ in range(50):
        left = [place for place in pathlib.Path("/dev/shm").glob("finwait-lab-*") if place not in before]
        alive = guests()
        if not left and not alive:
            return
        time.sleep(0.1)
    check(False, f"{what} leaves nothing behind: processes {alive}, folders {left}")


def folders():
    return list(pathlib.Path("/dev/shm").glob("finwait-lab-*"))


def without_metadata(file):
    document = json.loads(file.read_text())
    document["run"].pop("real_ns")
    return document


@test
def two_runs_are_the_same(folder):
    need_kernel()
    command = [finwait, "run", *CASES, "--target", "lab", "--json", "results.json", "--out", "captures"]
    places = [folder / name for name in ("a", "b")]
    runs = []
    for place in places:  # side by side: however busy the machine is
        place.mkdir()
        runs.append(subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL))
    for one in runs:
        check(one.wait(100) == AS_EXPECTED, "both runs are as expected")
    check(without_metadata(places[0] / "results.json") == without_metadata(places[1] / "results.json"), "the results are equal")
    captures = sorted(file.name for file in (places[0] / "captures").iterdir())
    check(len(captures) > 50, "there are captures")
    same, other, missing = filecmp.cmpfiles(places[0] / "captures", places[1] / "captures", captures, shallow=False)
    check(not other and not missing, f"the captures are equal octet for octet, not so: {other[:3]} {missing[:3]}")
    third = folder / "c"
    third.mkdir()
    done = subprocess.run([*command, "--seed", "2"], cwd=third, stdout=subprocess.DEVNULL, check=False)
    check(done.returncode == AS_EXPECTED, "another seed is as expected, too")
    same, other, missing = filecmp.cmpfiles(places[0] / "captures", third / "captures", captures, shallow=False)
    check(len(other) > len(captures) * 0.9, "another seed is another run")
    begun = [json.loads((place / "results.json").read_text())["run"]["started_ns"] % 10**9 for place in (places[0], third)]
    check(abs(begun[0] - begun[1]) > 10**6, f"in another phase of the clock: {begun}")


@test
def verdicts_are_those_of_real_time(folder):
    need_kernel()
    verdicts = []
    for target in ("linux", "lab"):
        file = folder / f"{target}.json"
        run("run", "release/**", "abort/**", "half-close/**", "--target", target, "--json", str(file))
        verdicts.append({one["id"]: one["verdict"] for one in json.loads(file.read_text())["results"]})
    check(verdicts[0] == verdicts[1] and len(verdicts[0]) > 20, f"{verdicts}")


@test
def hours_in_moments(folder):
    """The genuine defaults, and both edges of the wheel's steps are seen."""
    need_kernel()
    file = folder / "results.json"
    done = run("run", "timers/**", "--json", str(file))
    check("--target lab:" in done.stderr, "long cases go to the lab, and it says so", done)
    check(done.returncode == AS_EXPECTED, "all are as expected", done)
    measured = {row["name"]: row for row in json.loads(file.read_text())["run"]["measured"]}
    for name, seconds in (("keepalive-idle", 7200), ("time-wait", 60), ("fin-wait-2-orphan", 60)):
        row = measured[name]
        check(row["count"] >= 400, f"{name}: {row}")
        spread = (row["most_ns"] - row["least_ns"]) / 1e9
        check(row["least_ns"] / 1e9 >= seconds and row["least_ns"] / 1e9 < seconds + spread / 5, f"the earliest {name}: {row}")
        check(spread > seconds / 64, f"the latest {name}: {row}")
    real = run("run", "timers/**", "--target", "linux")
    check(real.returncode == USAGE and " slow cases are left out" in real.stderr,
          "in real time they are left out, and it says so", real)


@test
def a_young_kernel_is_none(folder):
    """In a kernel's first second a timestamp's time is 0, which it takes for none: PAWS would be off."""
    need_kernel()
    done = run("run", "sweep/time-wait/**", "sweep/fin-wait-2-orphan/**", "--target", "lab")
    check(done.returncode == AS_EXPECTED and " FAIL" not in done.stdout, "the sweep is as expected", done)


def stock_kernel():
    """What ci/stock-kernel has unpacked; a test that needs it is skipped without it."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    images = sorted((cache / "finwait/stock").glob("*/boot/vmlinuz-*"))
    if not images or not shutil.which("qemu-system-x86_64"):
        print("there is no stock kernel, or no QEMU: ci/stock-kernel")
        sys.exit(SKIPPED)
    return f"qemu:{images[0]}"


@test
def a_stock_kernel(folder):
    """Unchanged, from its package, by tolerances instead of octets."""
    target = stock_kernel()
    before = folders()
    file = folder / "results.json"
    done = run("run", "release/active/**", "timers/keepalive/**", "timers/timestamps/**", "--target", target, "--json", str(file))
    check(done.returncode == AS_EXPECTED and "very slow cases are left out" in done.stderr, "all are as expected", done)
    document = json.loads(file.read_text())
    check(document["run"]["virtual_time"] == target, f"the results name it: {document['run']}")
    row = {row["name"]: row for row in document["run"]["measured"]}["keepalive-idle"]
    check(7200 <= row["least_ns"] / 1e9 < 7210 and 7320 < row["most_ns"] / 1e9 < 7332, f"its two hours: {row}")
    leaves_nothing(before, "a stock kernel")


@test
def a_stock_kernel_interrupted(folder):
    target = stock_kernel()
    before = folders()
    for how in (signal.SIGINT, signal.SIGKILL):
        running = subprocess.Popen([finwait, "run", "timers/keepalive/**", "--target", target], stdout=subprocess.PIPE, text=True)
        while not guests():
            time.sleep(0.02)
        running.send_signal(how)
        running.communicate(timeout=20)
        leaves_nothing(before, f"a stock kernel's run ended by {how.name}")


@test
def no_stock_kernel(folder):
    for what, problem in (("/nowhere", "cannot be read"), (finwait, "is no kernel image for a PC"), ("", "takes the path of a vmlinuz")):
        done = run("run", "release/**", "--target", f"qemu:{what}")
        check(done.returncode == ENVIRONMENT and problem in done.stderr, f"{problem}", done)


@test
def runs_are_compared(folder):
    need_kernel()
    files = []
    for name, more in (("a", []), ("b", ["--seed", "2"]), ("c", ["--no-expectations"])):
        files.append(str(folder / f"{name}.json"))
        run("run", "fin-retransmission/**", "--target", "lab", "--json", files[-1], *more)
    done = run("diff", *files[:2])
    check(done.returncode == AS_EXPECTED and "0 of 8 cases differ" in done.stdout, "another seed changes no verdict", done)
    done = run("diff", *files)
    check(done.returncode == NOT_AS_EXPECTED, "without expectations it does", done)
    row = [line.split("  ") for line in done.stdout.splitlines() if line.startswith("fin-retransmission")]
    check(row == [["fin-retransmission/minimum-rto", "XFAIL RFC6298-2.4", "XFAIL RFC6298-2.4", "DEVIATION RFC6298-2.4"]],
          f"{row}", done)


@test
def a_failure_is_a_failure(folder):
    need_kernel()
    done = run("run", "fin-retransmission/minimum-rto", "--target", "lab", "--no-expectations")
    check(done.returncode == NOT_AS_EXPECTED and "DEVIATION" in done.stdout, "a deviation is told", done)
    check("again: finwait run 'fin-retransmission/minimum-rto/ipv4' --target lab:" in done.stdout, "how to see it again", done)
    check("-> peer     F." in done.stdout, "with the conversation", done)


@test
def nobody_without_capabilities_or_tun(folder):
    need_kernel()
    if os.geteuid() != 0:
        sys.exit(SKIPPED)
    home = folder / "home"
    home.mkdir()
    shutil.copytree(json_of_kernel().parent, home / "lab/kernels" / json_of_kernel().parent.name)
    for place, _, files in os.walk(folder):
        os.chmod(place, 0o755)
    # No device, no capability, no way to get one; and nothing but the binary and its libraries is readable anyway.
    hide = ["unshare", "--mount", "sh", "-ec", 'mount -t tmpfs none /dev/net 2>/dev/null || true; exec "$@"', "sh"]
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all", "--no-new-privs"]
    binary = folder / "finwait"
    shutil.copy(finwait, binary)
    done = subprocess.run([*hide, *drop, str(binary), "run", "release/**", "--target", "lab"], capture_output=True,
                          text=True, timeout=100, env=os.environ | {"FINWAIT_LAB": str(home / "lab"), "HOME": "/"})
    check(done.returncode == AS_EXPECTED and " PASS in " in done.stdout, "it runs", done)


def json_of_kernel():
    cache = pathlib.Path(os.environ.get("FINWAIT_LAB") or
                         pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "finwait/lab")
    return sorted((cache / "kernels").glob("*/kernel.json"))[-1]


@test
def killed_it_leaves_nothing(folder):
    need_kernel()
    before = folders()
    for number in (signal.SIGKILL, signal.SIGTERM):
        one = subprocess.Popen([finwait, "run", "sweep/established/**", "--target", "lab"], stdout=subprocess.PIPE, text=True)
        one.stdout.readline()
        check(guests(), "it has guests")
        one.send_signal(number)
        out = one.stdout.read()
        code = one.wait(20)
        if number == signal.SIGTERM:
            check(code == NOT_AS_EXPECTED and "interrupted: " in out, f"it reports what it has: {code} {out[-500:]}")
        leaves_nothing(before, signal.Signals(number).name)


# --- kernels that misbehave: a shell script in the place of one ------------------------------------------------------


def bad_kernel(folder, script):
    place = folder / "lab/kernels/bad-hz250"
    place.mkdir(parents=True)
    (place / "linux").write_text("#!/bin/sh\n" + script)
    (place / "linux").chmod(0o755)
    (place / "seed.so").write_text("")
    (place / "kernel.json").write_text(json.dumps(
        {"name": "bad-hz250", "release": "0", "source": "a script", "hz": 250, "key": ""}))
    return {"FINWAIT_LAB": str(folder / "lab")}


def refuses(folder, script, *words, arguments=()):
    before = folders()
    done = run("run", "release/active/**", "--target", "lab", *arguments, **bad_kernel(folder, script))
    check(done.returncode == ENVIRONMENT, "it says that it cannot", done)
    for word in words:
        check(word in done.stderr, f"it says {word!r}", done)
    leaves_nothing(before, "it")


@test
def a_guest_that_panics(folder):
    refuses(folder, "echo starting; echo 'Kernel panic - not syncing: VFS: no root'; exit 134",
            "the guest's Kernel panic - not syncing: VFS: no root", "starting")


@test
def a_guest_that_ends(folder):
    refuses(folder, "exit 3", "the guest ended with 3")


@test
def a_guest_that_hangs(folder):
    refuses(folder, "sleep 1000", "nothing came from the guest for 1 s", arguments=["--patience", "1"])


@test
def a_guest_that_talks_nonsense(folder):
    refuses(folder, "head -c 100000 /dev/urandom | tr '\\000' x >records; sleep 1000", "the guest handed over a record")


@test
def a_guest_that_dies_on_its_way(folder):
    """Some results, then a panic: what is not told is ERROR, what is told stays."""
    need_kernel()
    kernel = json_of_kernel().parent
    script = f'''
mkdir inner; cp request.json inner; : >inner/records
(cd inner && LD_PRELOAD={kernel}/seed.so {kernel}/linux "$@" >/dev/null)
head -c 30000 inner/records >>records
echo 'Kernel panic - not syncing: on purpose'
exit 134
'''
    file = folder / "results.json"
    done = run("run", "sweep/established/**", "--target", "lab", "--json", str(file), **bad_kernel(folder, script))
    check(done.returncode == BROKEN, "it exits with 4", done)
    verdicts = [one["verdict"] for one in json.loads(file.read_text())["results"]]
    check("ERROR" in verdicts, f"there are errors: {set(verdicts)}", done)
    check("Kernel panic - not syncing: on purpose" in done.stdout, "with the guest's last words", done)


@test
def a_guest_under_gdb(folder):
    need_kernel()
    if shutil.which("gdb") is None:
        print("skipped: gdb is missing")
        sys.exit(SKIPPED)
    one = subprocess.Popen([finwait, "run", "release/active/four-segments/ipv4", "--target", "lab", "--gdb"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    guest = re.search(r"gdb -p (\d+) (.*)", one.stderr.readline() + one.stderr.readline())
    said = shlex.split(guest[2])
    more = ["break tcp_time_wait", "continue", "backtrace 4", "delete", "continue"]
    debugger = subprocess.run(["gdb", "-batch", "-p", guest[1], *said, *(part for line in more for part in ("-ex", line))],
                              capture_output=True, text=True, timeout=60, check=False)
    out, _ = one.communicate(timeout=60)
    check(one.returncode == AS_EXPECTED and "1 PASS" in out, f"the case passes: {out[-500:]} {debugger.stdout[-1500:]}")
    check(re.search(r"#0 .*tcp_time_wait", debugger.stdout) and re.search(r"#[123] .*tcp_", debugger.stdout),
          f"the kernel was seen at work: {debugger.stdout[-3000:]}")


@test
def no_kernel(folder):
    done = run("run", "release/**", "--target", "lab", FINWAIT_LAB=str(folder))
    check(done.returncode == ENVIRONMENT and "'finwait lab build' builds one" in done.stderr, "it says what to do", done)
    done = run("run", "release/**", "--target", "lab:2.2", FINWAIT_LAB=str(folder))
    check(done.returncode == ENVIRONMENT, "an unknown one is none", done)


@test
def what_is_no_source(folder):
    for source, words in (("nonsense", "neither a folder nor a package"), (str(folder), "is no kernel tree")):
        done = run("lab", "build", "--source", source, FINWAIT_LAB=str(folder / "lab"))
        check(done.returncode in (USAGE, ENVIRONMENT) and (words in done.stderr or "missing" in done.stderr), words, done)


@test
def what_cannot_be_tested_is_no_verdict(folder):
    """For git bisect run: over 127 ends it, 125 skips a commit."""
    done = run("lab", "test", "--source", str(folder), "--case", "release/**", FINWAIT_LAB=str(folder / "lab"))
    check(done.returncode == 128, "no kernel tree", done)


def call(program, one):
    global finwait
    finwait = os.path.realpath(program)
    with tempfile.TemporaryDirectory(prefix="finwait-lab-test-") as folder:
        one(pathlib.Path(folder))


main(call)
