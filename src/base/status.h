// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace spandrel::base {

// The gRPC status codes, with gRPC's numbers (https://grpc.io/docs/guides/status-codes/).
enum class StatusCode : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "INVALID_ARGUMENT" and so on; "UNKNOWN" for a number that is none of these.
std::string_view StatusCodeName(StatusCode code);

// The outcome of an operation: OK, or a code with a short lower-case message that names the thing.
// A status that asks the sender to come back carries how long to wait (`retry_after`).
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Unavailable(std::string message, std::chrono::milliseconds retry_after) {
    Status status(StatusCode::kUnavailable, std::move(message));
    status.retry_after_ = retry_after;
    return status;
  }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }
  void set_retry_after(std::chrono::milliseconds delay) { retry_after_ = delay; }

  // True for the outcomes that OTLP calls retryable: the sender should try again later.
  // RESOURCE_EXHAUSTED is retryable only when it says when (OTLP specification 1.11).
  bool retryable() const;

  // The same status with `prefix: ` before its message.
  Status Annotate(std::string_view prefix) const;

  // "UNAVAILABLE: queue is full" or "OK".
  std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

// A value or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Status status)
      : state_(std::in_place_index<1>, std::move(status)) {  // NOLINT(google-explicit-constructor)
    SPANDREL_CHECK(!std::get<1>(state_).ok());
  }

  bool ok() const { return state_.index() == 0; }
  const Status& status() const {
    static const Status kOkStatus;
    return ok() ? kOkStatus : std::get<1>(state_);
  }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

#define SPANDREL_RETURN_IF_ERROR(expression)                                            \
  do {                                                                                  \
    if (::spandrel::base::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

}  // namespace spandrel::base
