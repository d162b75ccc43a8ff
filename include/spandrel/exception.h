// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>

#include "opentelemetry/nostd/string_view.h"
#include "opentelemetry/trace/span.h"

// Exceptions as OpenTelemetry's `exception` events, with the C++ type as it is written in source.
// Needs only the OpenTelemetry API, so that it works with any tracer behind it. All functions may
// be called from any thread and throw nothing but std::bad_alloc.
namespace spandrel {

// "std::runtime_error" for typeid(error).name().
inline std::string DemangledTypeName(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return status == 0 ? name.get() : mangled;
}

// The type of the exception being handled, whatever was thrown; empty outside of a handler.
inline std::string CurrentExceptionType() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  return type == nullptr ? std::string() : DemangledTypeName(type->name());
}

// Adds an event with exception.type, exception.message and, when it is given,
// exception.stacktrace. The span's status stays as it is: an exception that is handled is no error.
inline void RecordException(opentelemetry::trace::Span& span, std::string_view type,
                            std::string_view message, std::string_view stacktrace = {}) {
  const auto view = [](std::string_view text) {
    return opentelemetry::nostd::string_view(text.data(), text.size());
  };
  if (stacktrace.empty()) {
    span.AddEvent("exception",
                  {{"exception.type", view(type)}, {"exception.message", view(message)}});
    return;
  }
  span.AddEvent("exception", {{"exception.type", view(type)},
                              {"exception.message", view(message)},
                              {"exception.stacktrace", view(stacktrace)}});
}

inline void RecordException(opentelemetry::trace::Span& span, const std::exception& exception,
                            std::string_view stacktrace = {}) {
  const std::string type = DemangledTypeName(typeid(exception).name());
  RecordException(span, type, exception.what(), stacktrace);
}

// Within `catch (...)`: records the exception being handled, also one that is no std::exception.
// Outside of a handler it does nothing.
inline void RecordCurrentException(opentelemetry::trace::Span& span) {
  const std::exception_ptr current = std::current_exception();
  if (current == nullptr) return;
  try {
    std::rethrow_exception(current);
  } catch (const std::exception& exception) {
    RecordException(span, exception);
  } catch (...) {
    RecordException(span, CurrentExceptionType(), "");
  }
}

}  // namespace spandrel
