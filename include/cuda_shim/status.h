#pragma once
// Status and Result: how every layer reports an error.
//
// A Status is one pointer: null means success, so that the hot path returns a register. An error
// carries a code, which the generated API entry turns into a CUresult or cudaError_t, and a message
// of full sentences that grows context on its way up ("Loading module 'x': ...").

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cuda_shim {

/// Device-independent error codes. Values are part of the device C ABI (device.h): append only.
enum class StatusCode : std::int32_t {
#define CUDA_SHIM_STATUS(name, value, cuda_error) name = value,
#include "cuda_shim/status_codes.def"
#undef CUDA_SHIM_STATUS
};

/// Success, or an error with a code and a message.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : error_(code == StatusCode::kOk ? nullptr
                                       : std::make_unique<Error>(code, std::move(message))) {}

  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const { return ok(); }
  StatusCode code() const { return error_ ? error_->code : StatusCode::kOk; }
  std::string_view message() const {
    return error_ ? std::string_view(error_->message) : std::string_view();
  }

  /// Returns this status with "`context`: " put before its message; success stays success.
  Status with_context(std::string_view context) && {
    if (error_) error_->message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }

 private:
  struct Error {
    StatusCode code;
    std::string message;
  };
  std::unique_ptr<Error> error_;
};

/// A value or the Status that says why there is none.
template <class T>
using Result = std::expected<T, Status>;

/// Makes the error of a Result: `return error(StatusCode::kInvalidPtx, "...");`.
inline std::unexpected<Status> error(StatusCode code, std::string message) {
  return std::unexpected<Status>(Status(code, std::move(message)));
}

/// Passes the error of a Status on as that of a Result of any type.
inline std::unexpected<Status> error(Status status) {
  return std::unexpected<Status>(std::move(status));
}

}  // namespace cuda_shim
