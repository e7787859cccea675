// cuda-shim cache: what the kernel cache holds, and what to do with it.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "kernels/cache/archive.h"
#include "kernels/cache/directory.h"
#include "kernels/cache/settings.h"
#include "launcher/commands.h"

namespace cuda_shim::launcher {
namespace {

using Json = nlohmann::ordered_json;
using kernels::cache::Access;
using kernels::cache::Directory;
using kernels::cache::EntryKind;
using kernels::cache::KernelEntry;

/// What the options of the subcommands fill in.
struct CacheArguments {
  bool json = false;
  std::string key, file;
  std::uint64_t most_bytes = 0;
};

/// One file of the cache as the reports show it.
struct Row {
  std::string key;
  EntryKind kind = EntryKind::kKernel;
  std::uint64_t bytes = 0, hits = 0;
  std::int64_t last_use = 0;  ///< seconds since 1970
  KernelEntry kernel;         ///< of a kernel
};

std::optional<Row> describe(const Directory& directory, const Directory::Listed& listed) {
  const auto name = support::Digest::from_hex(listed.names.front());
  const std::optional<std::string> bytes = directory.peek(*name);
  const auto file = bytes ? kernels::cache::read_file(*bytes) : std::nullopt;
  if (!file) return std::nullopt;
  Row row{.key = file->header.key.hex(),
          .kind = file->header.kind,
          .bytes = listed.bytes,
          .hits = file->header.hits,
          .last_use = listed.last_use / 1'000'000'000,
          .kernel = {}};
  if (row.kind != EntryKind::kKernel) return row;
  std::optional<KernelEntry> kernel = kernels::cache::decode_kernel(file->contents);
  if (!kernel) return std::nullopt;
  row.kernel = std::move(*kernel);
  return row;
}

/// All files that are whole, the most recently used first.
std::vector<Row> rows_of(const Directory& directory) {
  std::vector<Row> rows;
  for (const Directory::Listed& listed : directory.list())
    if (std::optional<Row> row = describe(directory, listed)) rows.push_back(std::move(*row));
  std::ranges::reverse(rows);
  return rows;
}

std::string shown_time(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  ::gmtime_r(&time, &parts);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

Json to_json(const Row& row) {
  Json json = {{"key", row.key},
               {"kind", row.kind == EntryKind::kKernel ? "kernel" : "program"},
               {"bytes", row.bytes},
               {"hits", row.hits},
               {"last_use", shown_time(row.last_use)}};
  if (row.kind != EntryKind::kKernel) return json;
  json["kernel"] = row.kernel.code.kernel;
  json["application"] = row.kernel.application;
  json["created"] = shown_time(row.kernel.created);
  json["compile_microseconds"] = row.kernel.compile_microseconds;
  json["code_bytes"] = row.kernel.code.bytes.size();
  json["shared_bytes"] = row.kernel.code.info.static_shared_bytes;
  json["local_bytes"] = row.kernel.code.info.local_bytes;
  return json;
}

void print_json(const Json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

struct Totals {
  std::uint64_t kernels = 0, programs = 0, bytes = 0, hits = 0;
  std::uint64_t compiling = 0, saved = 0;  ///< microseconds
};

Totals total_of(const std::vector<Row>& rows) {
  Totals totals;
  for (const Row& row : rows) {
    totals.bytes += row.bytes;
    if (row.kind != EntryKind::kKernel) {
      ++totals.programs;
      continue;
    }
    ++totals.kernels;
    totals.hits += row.hits;
    totals.compiling += row.kernel.compile_microseconds;
    totals.saved += row.hits * row.kernel.compile_microseconds;
  }
  return totals;
}

constexpr double kSecond = 1e6;  // in microseconds

int print_stats(const Directory& directory, const CacheArguments& arguments) {
  const Totals totals = total_of(rows_of(directory));
  if (arguments.json) {
    print_json({{"directory", directory.path()},
                {"kernels", totals.kernels},
                {"programs", totals.programs},
                {"bytes", totals.bytes},
                {"hits", totals.hits},
                {"compile_microseconds", totals.compiling},
                {"saved_microseconds", totals.saved}});
    return 0;
  }
  fmt::print("directory: {}\n", directory.path());
  fmt::print("kernels: {}, programs: {}, {:.1f} MiB on disk\n", totals.kernels, totals.programs,
             static_cast<double>(totals.bytes) / (1 << 20));
  fmt::print("translating them took {:.2f} s; {} hits saved {:.2f} s\n",
             static_cast<double>(totals.compiling) / kSecond, totals.hits,
             static_cast<double>(totals.saved) / kSecond);
  return 0;
}

int print_list(const Directory& directory, const CacheArguments& arguments) {
  const std::vector<Row> rows = rows_of(directory);
  if (arguments.json) {
    Json list = Json::array();
    for (const Row& row : rows) list.push_back(to_json(row));
    print_json(list);
    return 0;
  }
  fmt::print("{:32} {:>9} {:>6} {:>9}  {:16} {}\n", "key", "bytes", "hits", "compile",
             "application", "kernel");
  for (const Row& row : rows)
    if (row.kind == EntryKind::kKernel)
      fmt::print("{} {:9} {:6} {:6.1f} ms  {:16} {}\n", row.key, row.bytes, row.hits,
                 static_cast<double>(row.kernel.compile_microseconds) / 1000,
                 row.kernel.application, row.kernel.code.kernel);
  return 0;
}

int print_one(const Directory& directory, const CacheArguments& arguments) {
  for (const Row& row : rows_of(directory)) {
    if (!row.key.starts_with(arguments.key)) continue;
    if (arguments.json) {
      print_json(to_json(row));
    } else {
      for (const auto& [name, value] : to_json(row).items())
        fmt::print("{}: {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
    }
    return 0;
  }
  fmt::print(stderr, "cuda-shim: the cache has no entry {}.\n", arguments.key);
  return 1;
}

int prune(const Directory& directory, const CacheArguments& arguments) {
  fmt::print("{} files removed\n", directory.trim(arguments.most_bytes));
  return 0;
}

int clear(const Directory& directory, const CacheArguments&) {
  fmt::print("{} files removed\n", directory.trim(0));
  return 0;
}

int report(const Status& status) {
  if (status) return 0;
  fmt::print(stderr, "cuda-shim: {}\n", status.message());
  return 1;
}

int export_archive(const Directory& directory, const CacheArguments& arguments) {
  std::ofstream file(arguments.file, std::ios::binary);
  file << kernels::cache::write_archive(directory);
  file.close();
  if (file.good()) return 0;
  fmt::print(stderr, "cuda-shim: '{}' cannot be written.\n", arguments.file);
  return 1;
}

int import_archive(const Directory& directory, const CacheArguments& arguments) {
  std::ifstream file(arguments.file, std::ios::binary);
  if (!file) {
    fmt::print(stderr, "cuda-shim: '{}' cannot be read.\n", arguments.file);
    return 1;
  }
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return report(kernels::cache::read_archive(bytes, directory));
}

using Action = int (*)(const Directory& directory, const CacheArguments& arguments);

/// The directory that programs would use with this environment.
int with_directory(Action action, const CacheArguments& arguments) {
  const kernels::cache::Settings settings = kernels::cache::read_settings();
  Result<Directory> directory = Directory::open(settings.path, Access::kReadWrite);
  return directory ? action(*directory, arguments) : report(directory.error());
}

}  // namespace

void add_cache(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<CacheArguments>();
  CLI::App* command = app.add_subcommand("cache", "Show and tend the cache of translated kernels");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, Action action) {
    CLI::App* subcommand = command->add_subcommand(name, description);
    subcommand->callback(
        [arguments, action, &exit_code] { exit_code = with_directory(action, *arguments); });
    return subcommand;
  };
  const auto add_json = [&](CLI::App* subcommand) {
    subcommand->add_flag("--json", arguments->json, "Print JSON");
    return subcommand;
  };
  add_json(add("stats", "Sizes, hits and times of all entries together", print_stats));
  add_json(add("list", "Each kernel, the most recently used first", print_list));
  add_json(add("show", "One entry", print_one))
      ->add_option("key", arguments->key, "The key, or how it begins")
      ->required();
  add("prune", "Remove the least recently used entries", prune)
      ->add_option("--max-bytes", arguments->most_bytes, "How much may stay")
      ->default_val(kernels::cache::read_settings().most_bytes);
  add("clear", "Remove all entries", clear);
  add("export", "Write all entries to a file", export_archive)
      ->add_option("file", arguments->file)
      ->required();
  add("import", "Add the entries of an exported file", import_archive)
      ->add_option("file", arguments->file)
      ->required();
}

}  // namespace cuda_shim::launcher
