// Matrix: runs of the same cases against several stacks, side by side: by requirement and by case.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace finwait::report {

/// One stack's run, as far as a matrix shows it.
struct StackRun {
  struct Result {
    std::string verdict;   ///< "PASS"
    std::string violated;  ///< the requirement that is broken; empty: none
    std::string why;       ///< one line: the reason of the expectation, or what is wrong
    std::vector<std::string> covers;
  };
  std::string stack;    ///< as --targets names it
  std::string version;  ///< of what was tested
  bool complete = true;
  std::map<std::string, Result> results;  ///< by instance: "release/active/four-segments/ipv4"
};

/// Reads what `finwait run --json` wrote. Fails with what is wrong in the text.
tl::expected<StackRun, std::string> read_stack_run(std::string stack, std::string_view json);

struct Matrix {
  /// What a stack does about one requirement: the worst that its cases have shown.
  struct Cell {
    enum class State : std::uint8_t {
      absent,   ///< no case of the run is about it
      lacking,  ///< no case could be played: the stack does not have what it takes
      kept,
      known,      ///< broken, as its expectations say, with the reason
      broken,     ///< and nobody has said why
      undecided,  ///< ERROR or INCONCLUSIVE
    };
    State state = State::absent;
    int cases = 0;  ///< that have shown it
    std::string why;
  };
  std::vector<std::string> stacks;
  std::map<std::string, std::vector<Cell>> by_requirement;
  std::map<std::string, std::vector<std::string>> by_case;  ///< verdicts; "-" where the run has not got it
};
std::string_view to_string(Matrix::Cell::State state);

Matrix make_matrix(std::span<const StackRun> runs);
/// For people. Requirements and cases that all stacks that can be asked keep are left out, unless `all`.
std::string matrix_text(const Matrix& matrix, std::span<const StackRun> runs, bool all);
std::string matrix_json(const Matrix& matrix, std::span<const StackRun> runs);

}  // namespace finwait::report
