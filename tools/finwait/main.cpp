#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <system_error>

#include "tools/finwait/commands.hpp"

namespace {

using namespace finwait::tool;

constexpr const char* kExamples = R"(
Examples:
  finwait run                             every case against this machine's kernel
  finwait run 'keepalive/**' -x '**/ipv6' one chapter, IPv4 only
  finwait run rfc9293:3.8.4 --json out.json --out captures
  finwait run 'reset/**' -v               with the conversation of every case
  finwait run release/active/four-segments --until-fail
  finwait run 'time-wait/**' --profile textbook   does it keep the textbook's 240 s?
  finwait list @should                    what tests a SHOULD
  finwait list --profiles linux           what Linux documents, beside the standard
  finwait run 'sweep/fin-wait-2/**'       the model's table, fired at one state (docs/sweep.md)
  finwait walk --seed 7                   random actions; what is not explained is printed as a case
  finwait detect                          what this kernel has chosen where it has a choice
  finwait explain time-wait               what a target may do in TIME-WAIT, and where it is written
  finwait lab build && finwait run --target lab 'keepalive/**'   a real kernel, its two hours in a moment
  finwait diff before.json after.json     what changed between two runs
  finwait expect --update FILE run.json   a file of known deviations, brought up to date
  finwait run --target lwip               a stack that is no kernel, in virtual time
  finwait matrix --targets linux,lwip,gvisor   the same cases against several stacks, side by side
  finwait check-adapter ./my-adapter      does your stack's adapter keep to docs/stack-protocol.md?
  finwait doctor                          can this machine run it?

A selector is an id glob (* within a part of the id, ** across parts), a requirement (RFC9293-MUST-25), a standard with
a section (rfc9293:3.6), or a level (@must, @should, @may).

Exit codes: 0 as expected, 1 not as expected, 2 wrong usage or nothing selected, 3 the environment cannot do it,
4 finwait itself or a case broke.)";

void add_selection(CLI::App* verb, std::vector<std::string>& selectors, std::vector<std::string>& excluded) {
  verb->add_option("selector", selectors, "which cases; all without one");
  verb->add_option("-x,--exclude", excluded, "leave these out (a selector; may be repeated)")->allow_extra_args(false);
}

void add_run(CLI::App& app, RunArguments& a, int& code) {
  CLI::App* verb = app.add_subcommand("run", "run cases and print verdicts");
  add_selection(verb, a.selectors, a.excluded);
  verb->add_option(
      "--target", a.target,
      "what to test: linux, this machine's kernel; lab or lab:KERNEL, a real kernel in virtual time "
      "(the default with --slow or for slow cases alone, once one is built); qemu:VMLINUZ, a distribution's kernel "
      "as it is (ci/stock-kernel); lwip, a stack behind its adapter; or 'stack:PROGRAM ARGUMENT...', one behind "
      "yours (docs/stack-protocol.md)");
  verb->add_flag("--slow", a.slow, "also cases of more than 3 minutes or of hundreds of connections");
  verb->add_option("--patience", a.patience, "lab: end a guest from which nothing came for so many seconds")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_flag("--gdb", a.gdb, "lab: each guest waits to be let go by a debugger, and it is said how");
  verb->add_option("--json", a.json, "write results to FILE (docs/results.schema.json)")->type_name("FILE");
  verb->add_option("--out", a.out, "write one pcapng per case into DIR")->type_name("DIR");
  verb->add_option("--capture", a.capture, "write every packet of the run into one pcapng, as it passes")
      ->type_name("FILE");
  verb->add_option("--seed", a.seed, "sequence numbers and ports come from it")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("-j,--jobs", a.jobs, "how many cases at once; 0: all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--repeat", a.repeat, "run each case N times, all at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  verb->add_flag("--until-fail", a.until_fail, "run again and again until a verdict is not as expected");
  verb->add_option(
          "--profile", a.profile,
          "judge by the values of this profile (finwait list --profiles) or TOML file, not by the target's own")
      ->type_name("NAME|FILE");
  verb->add_option("--expectations", a.expectations, "known deviations from FILE and not from the built-in list")
      ->type_name("FILE");
  verb->add_flag("--no-expectations", a.no_expectations, "judge without any list of known deviations");
  verb->add_flag("--strict", a.strict, "an unexpected pass (XPASS) is not as expected either");
  verb->add_flag("-v,--verbose", a.verbose, "show the conversation of every case");
  verb->add_option("--color", a.colour, "colours: auto, always or never")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "always", "never"}));
  verb->callback([&] { code = run(a); });
}

void add_list(CLI::App& app, ListArguments& a, int& code) {
  CLI::App* verb = app.add_subcommand("list", "show the cases, the requirements and who tests them, or profiles");
  add_selection(verb, a.selectors, a.excluded);
  verb->add_flag("--requirements", a.requirements, "each requirement with the cases that cover it");
  verb->add_option("--profiles", a.profile,
                   "the profiles there are; with a name, all of its values beside the standard's")
      ->type_name("[NAME|FILE]")
      ->expected(0, 1);
  verb->callback([&] { code = list(a); });
}

void add_explain(CLI::App& app, ExplainArguments& a, int& code) {
  CLI::App* verb = app.add_subcommand("explain", "what the model says, with sections of the standards");
  verb->add_option("what", a.what,
                   "a requirement (RFC9293-MUST-13), a state (fin-wait-2), a trigger (RST-INWIN) or a case")
      ->required();
  verb->callback([&] { code = explain(a); });
}

void add_diff(CLI::App& app, DiffArguments& a, int& code) {
  CLI::App* verb = app.add_subcommand("diff", "what differs between runs: their verdicts side by side");
  verb->add_option("runs", a.runs, "files that 'finwait run --json FILE' wrote")
      ->required()
      ->expected(2, -1)
      ->type_name("FILE");
  verb->callback([&] { code = diff(a); });
}

void add_expect(CLI::App& app, ExpectArguments& a, int& code) {
  CLI::App* verb = app.add_subcommand("expect", "compare a file of known deviations with what runs have shown");
  verb->add_option("file", a.file, "what is known: cases/expectations/linux.toml, say")->required()->type_name("FILE");
  verb->add_option("runs", a.runs, "files that 'finwait run --json FILE' wrote")
      ->required()
      ->expected(1, -1)
      ->type_name("RUN");
  verb->add_flag("--update", a.update, "rewrite the file; reasons and comments stay");
  verb->footer(
      "A case that fails and is not known goes to the entry that says the same of others, or to a new one whose reason "
      "is\nto be written. One that passed in every run is taken out.\n\n"
      "  finwait run --json run.json\n"
      "  finwait expect --update cases/expectations/linux.toml run.json\n"
      "  finwait run --strict --expectations cases/expectations/linux.toml\n\n"
      "Exit codes: 0 nothing to change, or rewritten; 1 there is something to change; 2 a file cannot be read");
  verb->callback([&] { code = expect(a); });
}

void add_check_adapter(CLI::App& app, CheckAdapterArguments& a, int& code) {
  CLI::App* verb = app.add_subcommand("check-adapter", "try out a program that puts a stack behind finwait's protocol");
  verb->add_option("program", a.command, "the adapter and its arguments, or the name of one that comes with finwait")
      ->required()
      ->expected(1, -1)
      ->type_name("PROGRAM");
  verb->add_option("--patience", a.patience, "seconds to wait for an answer")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->footer(
      "What it has to do is in docs/stack-protocol.md.\n\n"
      "  finwait check-adapter tools/stacks/example.py\n"
      "  finwait check-adapter lwip\n\n"
      "Exit codes: 0 it keeps to the protocol; 1 it does not; 3 it is not there");
  verb->positionals_at_end();
  verb->callback([&] { code = check_adapter(a); });
}

void add_matrix(CLI::App& app, MatrixArguments& a, int& code) {
  CLI::App* verb =
      app.add_subcommand("matrix", "the same cases against several stacks, and their results side by side");
  verb->add_option("--targets", a.targets, "stacks, as 'run --target' knows them; all that are there without it")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_selection(verb, a.selectors, a.excluded);
  verb->add_option("--json", a.json, "write the matrix to FILE")->type_name("FILE");
  verb->add_option("--seed", a.seed, "of each run")->capture_default_str()->check(CLI::NonNegativeNumber);
  verb->add_flag("--slow", a.slow, "also cases of more than 3 minutes, for those in real time");
  verb->add_flag("--all", a.all, "also what every stack keeps");
  verb->footer(
      "A cell says what a stack does about a requirement: ok and how many cases have shown it, known (a deviation "
      "whose "
      "reason\nis in its expectations), BROKEN, n/a (it lacks what a case takes), undecided (a case broke), or - (no "
      "case "
      "asked).\n\n"
      "  finwait matrix\n"
      "  finwait matrix --targets lwip,gvisor 'keepalive/**' --json matrix.json\n"
      "  finwait matrix --targets lab:6.1-hz100,lab:6.12-hz250,gvisor 'time-wait/**'\n\n"
      "Exit codes: 0 nothing is BROKEN; 1 something is; 3 no stack is there; 4 a case or a stack broke");
  verb->callback([&] { code = matrix(a); });
}

void add_kernel(CLI::App* verb, LabArguments& a) {
  verb->add_option("--source", a.source,
                   "a package of Debian's that has a kernel's source, or the folder of a kernel tree")
      ->type_name("PACKAGE|DIR")
      ->capture_default_str();
  verb->add_option("--hz", a.hz, "the kernel's timer frequency")
      ->capture_default_str()
      ->check(CLI::IsMember({100, 250, 1000}));
  verb->add_option("--name", a.name, "what to call it; otherwise VERSION-hzHZ");
}

void add_lab_test(CLI::App* lab, LabTestArguments& a, int& code) {
  CLI::App* verb = lab->add_subcommand(
      "test", "build a kernel and run cases in it; exits as 'git bisect run' wants it (docs/virtual-time.md)");
  add_kernel(verb, a.kernel);
  verb->add_option("--case", a.run.selectors, "what to run: id globs, requirements (as for 'finwait run')")
      ->required()
      ->type_name("SELECTOR");
  verb->add_option("--json", a.run.json, "write results to FILE")->type_name("FILE");
  verb->add_option("--expectations", a.run.expectations, "known deviations from FILE and not from the built-in list")
      ->type_name("FILE");
  verb->add_flag("--no-expectations", a.run.no_expectations, "judge without any list of known deviations");
  verb->footer(
      "0: as expected (good); 1: not (bad); 125: the kernel does not build or does not live (skip); 128: nothing can "
      "be "
      "tested here (the bisection ends)\n\n"
      "  git bisect start BAD GOOD\n"
      "  git bisect run finwait lab test --source . --case time-wait/two-msl\n");
  verb->callback([&] { code = lab_test(a); });
}

void add_lab(CLI::App& app, LabArguments& a, LabTestArguments& test, int& code) {
  CLI::App* verb =
      app.add_subcommand("lab", "real kernels in virtual time: build, list, test them (docs/virtual-time.md)");
  verb->require_subcommand(1);
  CLI::App* build = verb->add_subcommand("build", "build a kernel for --target lab; at once when nothing has changed");
  add_kernel(build, a);
  build->callback([&] { code = lab_build(a); });
  verb->add_subcommand("list", "the kernels that are ready")->callback([&] { code = lab_list(); });
  add_lab_test(verb, test, code);
}

void add_detect(CLI::App& app, DetectArguments& a, int& code) {
  CLI::App* verb =
      app.add_subcommand("detect", "find out what the target has chosen where the standards leave it a choice");
  verb->add_option("--target", a.target, "what to look at: linux, this machine's kernel")->capture_default_str();
  verb->add_option("--json", a.json, "write what was found to FILE")->type_name("FILE");
  verb->add_flag("-v,--verbose", a.verbose, "show the conversations, too");
  verb->callback([&] { code = detect(a); });
}

void add_walk(CLI::App& app, WalkArguments& a, int& code) {
  CLI::App* verb = app.add_subcommand("walk", "random actions, judged by the model; what fails is shrunk to a case");
  verb->add_option("--seed", a.seed, "the same seed is the same walk")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--steps", a.steps, "how many actions, of all walks together")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}));
  verb->add_option("--walks", a.walks,
                   "how many walks, each on a connection of its own; 0: so that each has 20 actions")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("-j,--jobs", a.jobs, "how many walks at once; 0: all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--shrink", a.shrink, "how many different failures to shrink to their least")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--target", a.target, "what to test: linux, this machine's kernel")->capture_default_str();
  verb->add_option("--json", a.json, "write the walks' results to FILE (docs/results.schema.json)")->type_name("FILE");
  verb->add_option("--profile", a.profile, "judge by the values of this profile or TOML file, not by the target's own")
      ->type_name("NAME|FILE");
  verb->add_option("--expectations", a.expectations, "known deviations from FILE and not from the built-in list")
      ->type_name("FILE");
  verb->add_flag("--no-expectations", a.no_expectations, "judge without any list of known deviations");
  verb->callback([&] { code = walk(a); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("finwait plays the remote peer of a TCP and tests how connections end and are kept alive.", "finwait");
  app.set_version_flag("--version", "finwait " FINWAIT_VERSION);
  app.footer(kExamples);
  app.require_subcommand(1);
  int code = kAsExpected;
  RunArguments run_arguments;
  ListArguments list_arguments;
  DetectArguments detect_arguments;
  WalkArguments walk_arguments;
  ExplainArguments explain_arguments;
  add_run(app, run_arguments, code);
  add_list(app, list_arguments, code);
  add_detect(app, detect_arguments, code);
  add_walk(app, walk_arguments, code);
  add_explain(app, explain_arguments, code);
  DiffArguments diff_arguments;
  ExpectArguments expect_arguments;
  CheckAdapterArguments check_adapter_arguments;
  MatrixArguments matrix_arguments;
  add_diff(app, diff_arguments, code);
  add_expect(app, expect_arguments, code);
  add_check_adapter(app, check_adapter_arguments, code);
  add_matrix(app, matrix_arguments, code);
  LabArguments lab_arguments;
  LabTestArguments lab_test_arguments;
  add_lab(app, lab_arguments, lab_test_arguments, code);
  app.add_subcommand("lab-guest", "what a lab kernel starts")->group("")->callback([&] { code = guest(); });
  app.add_subcommand("doctor", "check what this machine can do, and say how to mend what it cannot")->callback([&] {
    code = doctor();
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int shown = app.exit(error);
    return shown == 0 ? kAsExpected : kUsage;
  } catch (const std::system_error& error) {
    fmt::print(stderr, "finwait: {}\n", error.what());
    return kEnvironment;
  } catch (const std::exception& error) {
    fmt::print(stderr, "finwait: {}\n", error.what());
    return kBroken;
  }
  return code;
}
