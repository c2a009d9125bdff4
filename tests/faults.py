"""faults.py FINWAIT NAME: makes one thing go wrong around the command and looks at what it says, how it exits and what it
leaves. `faults.py --list` names them all. Works as root, and without where the system allows user namespaces."""

import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import time

from command import AS_EXPECTED, ENVIRONMENT, NOBODY, NOT_AS_EXPECTED, SKIPPED, USAGE, check, main, test

QUICK = "release/active/four-segments"
# Takes some seconds, so that there is a time in which some cases have ended and others have not.
WAITING = ["release/active/four-segments", "release/passive/no-fin-until-close"]
finwait = ""


def run(*arguments, before="", wrap=(), command=None):
    """Runs finwait; `before` is shell that first changes the mounts or limits of new namespaces, as root in them."""
    command = command or [finwait, *arguments]
    if before:
        inside = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        command = [*inside, *wrap, "sh", "-ec", f'{before}\nexec "$@"', "sh", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, stdin=subprocess.DEVNULL)


def refuses(done, code, *words):
    check(done.returncode == code, f"it exits with {code}", done)
    for word in words:
        check(word in done.stderr, f"stderr says {word!r}", done)
    check("terminate called" not in done.stderr, "it does not crash", done)
    check(1 <= len(done.stderr.strip().splitlines()) <= 12, "the message is short", done)


def results(file):
    document = json.loads(pathlib.Path(file).read_text())
    return document["run"], {entry["id"]: entry["verdict"] for entry in document["results"]}


# --- wrong usage ---------------------------------------------------------------------------------------------------


@test
def unknown_option():
    refuses(run("run", "--no-such-option"), USAGE, "--no-such-option")


@test
def unknown_verb():
    refuses(run("no-such-verb"), USAGE)


@test
def bad_number():
    refuses(run("run", "--repeat", "none"), USAGE, "--repeat")


@test
def unknown_selector():
    refuses(run("run", "no-such-case/**"), USAGE, "no-such-case/**")


@test
def unknown_level():
    refuses(run("run", "@perhaps"), USAGE, "@perhaps")


@test
def empty_selection():
    refuses(run("run", "release/**", "-x", "**"), USAGE)


@test
def unknown_profile():
    refuses(run("run", QUICK, "--profile", "beos"), USAGE, "beos", "textbook")
    refuses(run("list", "--profiles", "beos"), USAGE, "beos", "textbook")


@test
def wrong_profile():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "mine.toml")
        file.write_text('title = "mine"\n[values.time-wait]\nis = "60"\n')
        refuses(run("run", QUICK, "--profile", str(file)), USAGE, f"{file}:3:", "'60' is no duration")


# --- a machine that cannot do it -----------------------------------------------------------------------------------


@test
def no_tun():
    hidden = "mount -t tmpfs none /dev/net"
    refuses(run("run", QUICK, before=hidden), ENVIRONMENT, "/dev/net/tun", "finwait doctor")
    doctor = run("doctor", before=hidden)
    check(doctor.returncode == ENVIRONMENT, "the doctor finds it, too", doctor)
    check("/dev/net/tun" in doctor.stdout, "the doctor names it", doctor)


@test
def tun_forbidden():
    if os.geteuid() != 0:
        print("skipped: only root can make a device that is closed to a user")
        sys.exit(SKIPPED)
    before = f"""mount -t tmpfs none /dev/net
        mknod -m 600 /dev/net/tun c 10 200
        exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups "$@\""""
    refuses(run("run", QUICK, before=before), ENVIRONMENT, "/dev/net/tun")


@test
def no_network_namespaces():
    # The limit counts in a user namespace and below, and only the one it is made in is ours to change.
    done = run("run", QUICK, before="echo 0 >/proc/sys/user/max_net_namespaces", wrap=("unshare", "--map-root-user"))
    refuses(done, ENVIRONMENT, "namespace")


@test
def no_user_namespaces():
    done = run(
        "run",
        QUICK,
        before='echo 0 >/proc/sys/user/max_user_namespaces\nexec setpriv --bounding-set=-all --inh-caps=-all "$@"',
        wrap=("unshare", "--map-root-user"),
    )
    refuses(done, ENVIRONMENT, "namespace")


@test
def without_root():
    """Not a fault: where user namespaces are allowed and the device is open, it just works."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copy = pathlib.Path(folder, "finwait")  # the build may lie where nobody can look into
        copy.write_bytes(pathlib.Path(finwait).read_bytes())
        copy.chmod(0o755)
        command, before = [str(copy), "run", QUICK], ""
        if os.geteuid() == 0:
            before = "mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200"
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        done = run(command=command, before=before)
        possible = run(command=[*command[:-3], "unshare", "--user", "--map-root-user", "--net", "sh", "-c", ": <>/dev/net/tun"],
                       before=before)
    if possible.returncode == 0:
        check(done.returncode == AS_EXPECTED, "it works in a user namespace of its own", done)
    else:
        refuses(done, ENVIRONMENT)


# --- results that cannot be kept -----------------------------------------------------------------------------------


@test
def out_is_a_file():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "file")
        file.touch()
        refuses(run("run", QUICK, "--out", str(file)), ENVIRONMENT, str(file))


@test
def json_has_no_folder():
    refuses(run("run", QUICK, "--json", "/no/such/folder/x.json"), ENVIRONMENT, "/no/such/folder/x.json")


@test
def json_to_a_device():
    """A device is written to and not replaced, a link is followed."""
    with tempfile.TemporaryDirectory() as folder:
        link, aim = os.path.join(folder, "link.json"), os.path.join(folder, "aim.json")
        os.symlink(aim, link)
        check(run("run", QUICK, "--json", link).returncode == AS_EXPECTED, "a run into a link")
        check(os.path.islink(link) and os.path.getsize(aim) > 100, "the link is still one, the results are behind it")
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
        check(run("run", QUICK, "--json", pipe).returncode == AS_EXPECTED, "a run into a pipe")
        out, _ = reader.communicate(timeout=20)
        check(stat.S_ISFIFO(os.stat(pipe).st_mode) and json.loads(out)["run"]["complete"], "the pipe has all, once")


@test
def capture_has_no_folder():
    refuses(run("run", QUICK, "--capture", "/no/such/folder/x.pcapng"), ENVIRONMENT, "/no/such/folder/x.pcapng")


@test
def disk_full_of_captures():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "results.json")
        full = pathlib.Path(folder, "full")
        full.mkdir()
        done = run("run", "release/**", "--out", str(full), "--json", str(file), before=f"mount -t tmpfs -o size=8k none {full}")
        refuses(done, ENVIRONMENT, "No space left on device", str(full))
        info, verdicts = results(file)
        check(info["complete"] and len(verdicts) == info["planned"], "the results are all there", done)


@test
def disk_full_of_results():
    with tempfile.TemporaryDirectory() as folder:
        done = run("run", "release/**", "--json", f"{folder}/x.json", before=f"mount -t tmpfs -o size=4k none {folder}")
        refuses(done, ENVIRONMENT, "No space left on device")
        check(QUICK in done.stdout, "the console has the verdicts", done)


# --- ended from outside --------------------------------------------------------------------------------------------


def started(folder):
    """A run in which the first case has ended and another still waits, and its file of results."""
    file = pathlib.Path(folder, "results.json")
    process = subprocess.Popen(
        [finwait, "run", *WAITING, "--json", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for _ in range(100):
        time.sleep(0.1)
        if file.exists() and any(id.startswith(QUICK) for id in results(file)[1]):
            return process, file
    process.kill()
    check(False, "results appear while the run goes on")


def ended_by(which):
    with tempfile.TemporaryDirectory() as folder:
        process, file = started(folder)
        begin = time.monotonic()
        process.send_signal(which)
        stdout, stderr = process.communicate(timeout=20)
        done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
        check(time.monotonic() - begin < 2, "it ends at once", done)
        check(process.returncode == NOT_AS_EXPECTED, "an interrupted run is not as expected", done)
        info, verdicts = results(file)
        check(not info["complete"], "the results say that they are not complete", done)
        check(verdicts.get(QUICK + "/ipv4") == "PASS", "what had ended has its verdict", done)


@test
def interrupt():
    ended_by(signal.SIGINT)


@test
def terminate():
    ended_by(signal.SIGTERM)


@test
def hang_up():
    ended_by(signal.SIGHUP)


def namespaces_of(process):
    """The network namespaces that a process is in or holds, by inode."""
    places = [f"/proc/{process}/task/{task}/ns/net" for task in os.listdir(f"/proc/{process}/task")]
    places += [f"/proc/{process}/fd/{fd}" for fd in os.listdir(f"/proc/{process}/fd")]
    links = set()
    for place in places:
        try:
            links.add(os.readlink(place))
        except OSError:
            pass
    return {link for link in links if link.startswith("net:")}


def namespaces_in_use():
    used = set()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            used |= namespaces_of(process)
        except OSError:
            pass
    mounted = {f"net:[{line.split('net:[')[1].split(']')[0]}]" for line in open("/proc/self/mountinfo") if "net:[" in line}
    return used | mounted


@test
def kill():
    with tempfile.TemporaryDirectory() as folder:
        process, file = started(folder)
        own = namespaces_of(process.pid) - {os.readlink("/proc/self/ns/net")}
        check(own, "the run has a network namespace of its own")
        check(own <= namespaces_in_use(), "this test sees namespaces that are in use")
        process.kill()
        process.communicate(timeout=20)
        for _ in range(50):
            left = own & namespaces_in_use()
            if not left:
                break
            time.sleep(0.1)
        check(not left, f"nothing holds its namespace any more: {left}")
        check(any(id.startswith(QUICK) for id in results(file)[1]), "the results so far are kept")
        check(not any("finwait" in name or name.startswith("tun") for name in os.listdir("/sys/class/net")),
              "no device is left outside")


@test
def diff_of_what_is_no_run():
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "run.json")
        refuses(run("diff", file, file), USAGE, f"{file} cannot be read: No such file")
        pathlib.Path(file).write_text("{}")
        refuses(run("diff", file, file), USAGE, "holds no results of a run", "finwait run --json")
        refuses(run("diff", file), USAGE, "At least 2 required")


@test
def kill_ends_the_namespace():
    """One end of a veth pair in the run's namespace: it vanishes with it, and with it the other end."""
    if os.geteuid() != 0:
        print("skipped: only root can reach into the run's namespace")
        sys.exit(SKIPPED)
    if os.environ.get("FINWAIT_OWN_NET") is None:  # never a device in the machine's own namespace
        os.environ["FINWAIT_OWN_NET"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as folder:
        process, _ = started(folder)
        there = lambda: subprocess.run(["ip", "link", "show", "fw0"], capture_output=True).returncode == 0
        pair = ["ip", "link", "add", "fw0", "type", "veth", "peer", "name", "fw1", "netns", str(process.pid)]
        subprocess.run(pair, check=True)
        check(there(), "the pair is there")
        process.kill()
        process.communicate(timeout=20)
        for _ in range(50):
            if not there():
                return
            time.sleep(0.1)
        check(False, "the namespace is gone within five seconds")


def call(program, one):
    global finwait
    finwait = os.path.abspath(program)
    one()


main(call)
