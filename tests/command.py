"""What the tests of the command have in common: its exit codes, a check, and tests that are called by name."""

import sys

AS_EXPECTED, NOT_AS_EXPECTED, USAGE, ENVIRONMENT, BROKEN = 0, 1, 2, 3, 4
SKIPPED = 77  # as tests/CMakeLists.txt knows it
NOBODY = 65534

tests = {}


def test(function):
    tests[function.__name__] = function
    return function


def check(good, what, done=None):
    if good:
        return
    print(f"not so: {what}")
    if done is not None:
        print(f"exit {done.returncode}\n--- stdout\n{done.stdout[-5000:]}\n--- stderr\n{done.stderr[-5000:]}")
    sys.exit(1)


def main(call):
    """--list names the tests; FINWAIT NAME hands the program and one test to `call`."""
    if sys.argv[1:] == ["--list"]:
        print("\n".join(tests))
    else:
        call(sys.argv[1], tests[sys.argv[2]])
