// cuda-shim options: the list of options, for people or as the page docs/options.md.

#include "support/options.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "launcher/commands.h"

namespace cuda_shim::launcher {
namespace {

std::string shown_default(const support::OptionRow& row, std::string_view quote) {
  return *row.fallback == '\0' ? "empty" : fmt::format("{}{}{}", quote, row.fallback, quote);
}

void print_text() {
  for (const support::OptionRow& row : support::option_rows())
    fmt::print("{}\n    {} Default: {}.\n", row.variable, row.sentence, shown_default(row, ""));
}

void print_markdown() {
  fmt::print(
      "# Options\n\n"
      "Environment variables that change what cuda_shim does. `cuda-shim run` takes each as a flag "
      "too: `CUDA_SHIM_CPU_THREADS=4` is "
      "`--cpu-threads 4`.\n\n"
      "This page is written by `cuda-shim options --markdown` from `src/support/options.def`.\n\n"
      "| variable | type | default | meaning |\n|---|---|---|---|\n");
  for (const support::OptionRow& row : support::option_rows())
    fmt::print("| `{}` | {} | {} | {} |\n", row.variable, row.type, shown_default(row, "`"),
               row.sentence);
  fmt::print(
      "\nOf NVIDIA's own variables, `CUDA_VISIBLE_DEVICES` is obeyed, and `CUDA_CACHE_PATH`, "
      "`CUDA_CACHE_MAXSIZE` and `CUDA_CACHE_DISABLE` (docs/cache.md).\n");
}

}  // namespace

void add_options(CLI::App& app, int&) {
  auto markdown = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("options", "List the options of cuda_shim");
  command->add_flag("--markdown", *markdown, "As the page docs/options.md");
  command->callback([markdown] { *markdown ? print_markdown() : print_text(); });
}

}  // namespace cuda_shim::launcher
