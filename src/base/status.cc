// SPDX-License-Identifier: Apache-2.0
#include "base/status.h"

#include <array>

namespace spandrel::base {

std::string_view StatusCodeName(StatusCode code) {
  static constexpr std::array<std::string_view, 17> kNames = {"OK",
                                                              "CANCELLED",
                                                              "UNKNOWN",
                                                              "INVALID_ARGUMENT",
                                                              "DEADLINE_EXCEEDED",
                                                              "NOT_FOUND",
                                                              "ALREADY_EXISTS",
                                                              "PERMISSION_DENIED",
                                                              "RESOURCE_EXHAUSTED",
                                                              "FAILED_PRECONDITION",
                                                              "ABORTED",
                                                              "OUT_OF_RANGE",
                                                              "UNIMPLEMENTED",
                                                              "INTERNAL",
                                                              "UNAVAILABLE",
                                                              "DATA_LOSS",
                                                              "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return kNames[index < kNames.size() ? index : static_cast<size_t>(StatusCode::kUnknown)];
}

bool Status::retryable() const {
  switch (code_) {
    case StatusCode::kCancelled:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kAborted:
    case StatusCode::kOutOfRange:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return true;
    case StatusCode::kResourceExhausted:
      return retry_after_.has_value();
    default:
      return false;
  }
}

Status Status::Annotate(std::string_view prefix) const {
  if (ok()) return *this;
  Status annotated = *this;
  annotated.message_ = std::string(prefix) + ": " + message_;
  return annotated;
}

std::string Status::ToString() const {
  std::string text(StatusCodeName(code_));
  if (!message_.empty()) text += ": " + message_;
  return text;
}

}  // namespace spandrel::base
