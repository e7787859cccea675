// Skips what may precede the first directive of PTX.

#include "kernels/image/text.h"

namespace cuda_shim::kernels::image {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// The text after the first `end`; empty if there is none.
std::string_view after(std::string_view text, std::string_view end) {
  const auto position = text.find(end);
  return position == std::string_view::npos ? std::string_view()
                                            : text.substr(position + end.size());
}

std::string_view skip_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n\v\f");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

bool looks_like_ptx(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (true) {
    text = skip_spaces(text);
    if (text.starts_with("//")) {
      text = after(text, "\n");
    } else if (text.starts_with("/*")) {
      text = after(text.substr(2), "*/");
    } else {
      return text.starts_with('.');
    }
  }
}

}  // namespace cuda_shim::kernels::image
