// Writes the documentation of the model from the model's own table; ci/docs runs it.
//
//   model_docs PREFACE.md FOLDER     FOLDER/model.md and FOLDER/model/*.dot
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tools/model/diagrams.hpp"
#include "tools/model/markdown.hpp"
#include "tools/model/names.hpp"

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(fmt::format("cannot read {}", path.string()));
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error(fmt::format("cannot write {}", path.string()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: model_docs PREFACE.md FOLDER\n");
    return 2;
  }
  try {
    const std::filesystem::path folder(argv[2]);
    std::filesystem::create_directories(folder / "model");
    write(folder / "model.md", finwait::docs::model_page(read(argv[1])));
    write(folder / "model" / "states.dot", finwait::docs::overall_diagram());
    for (const auto state : finwait::docs::kSynchronizedStates) {
      write(folder / "model" / (finwait::docs::file_name(state) + ".dot"), finwait::docs::state_diagram(state));
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "model_docs: {}\n", error.what());
    return 1;
  }
  return 0;
}
