// SPDX-License-Identifier: Apache-2.0
#include "crash/numbered_request.h"

#include <cstring>
#include <string_view>

namespace spandrel::crash {
namespace {

constexpr uint64_t kFirstStart = 1'700'000'000'000'000'000;

// The finalizer of splitmix64: a bijection.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendBytes(uint32_t field, std::string_view content, std::string* out) {
  AppendVarint(field << 3 | 2, out);
  AppendVarint(content.size(), out);
  out->append(content);
}

void AppendFixed64(uint32_t field, uint64_t value, std::string* out) {
  AppendVarint(field << 3 | 1, out);
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out->append(bytes, sizeof(value));
}

void AppendText(uint32_t field, std::string_view key, std::string_view text, std::string* out) {
  std::string value;
  AppendBytes(1, text, &value);
  std::string pair;
  AppendBytes(1, key, &pair);
  AppendBytes(2, value, &pair);
  AppendBytes(field, pair, out);
}

void AppendInt(uint32_t field, std::string_view key, uint64_t number, std::string* out) {
  std::string value;
  AppendVarint(3 << 3, &value);
  AppendVarint(number, &value);
  std::string pair;
  AppendBytes(1, key, &pair);
  AppendBytes(2, value, &pair);
  AppendBytes(field, pair, out);
}

span::SpanId SpanIdOf(uint64_t trace_key, uint32_t span) {
  const uint64_t raw = Mix(trace_key * 1024 + span) | 1;
  span::SpanId id;
  std::memcpy(id.bytes.data(), &raw, sizeof(raw));
  return id;
}

uint64_t TraceKey(uint64_t number, uint32_t trace) {
  return number * 1024 + trace;
}

std::string EncodeSpan(uint64_t number, uint32_t trace, uint32_t span) {
  const uint64_t key = TraceKey(number, trace);
  const uint64_t random = Mix(Mix(key) + span);
  const uint64_t start = kFirstStart + key * 1000 + span;
  std::string out;
  AppendBytes(1, NumberedTraceId(number, trace).view(), &out);
  AppendBytes(2, SpanIdOf(key, span).view(), &out);
  if (span > 0) AppendBytes(4, SpanIdOf(key, (span - 1) / 2).view(), &out);
  AppendBytes(5, "operation-" + std::to_string(random % 20), &out);
  AppendVarint(6 << 3, &out);
  AppendVarint(1 + random % 5, &out);
  AppendFixed64(7, start, &out);
  AppendFixed64(8, start + 1000 + random % 1'000'000, &out);
  AppendText(9, "http.method", random % 3 == 0 ? "POST" : "GET", &out);
  AppendInt(9, "number", number, &out);
  AppendText(9, "payload",
             std::to_string(random) + std::string(random % 150, static_cast<char>('a' + span % 26)),
             &out);
  if (random % 8 == 0) {
    std::string event;
    AppendFixed64(1, start + 10, &event);
    AppendBytes(2, "exception", &event);
    AppendText(3, "exception.message", std::to_string(Mix(random)), &event);
    AppendBytes(11, event, &out);
  }
  return out;
}

}  // namespace

span::TraceId NumberedTraceId(uint64_t number, uint32_t trace) {
  const uint64_t high = Mix(TraceKey(number, trace));
  const uint64_t low = Mix(high);
  span::TraceId id;
  std::memcpy(id.bytes.data(), &high, sizeof(high));
  std::memcpy(id.bytes.data() + sizeof(high), &low, sizeof(low));
  return id;
}

std::string NumberedTenant(uint64_t number, const RequestShape& shape) {
  const uint64_t tenant = number % shape.tenants;
  return tenant == 0 ? std::string() : "tenant-" + std::to_string(tenant);
}

std::string EncodeNumberedRequest(uint64_t number, const RequestShape& shape) {
  std::string scope_spans;
  for (uint32_t trace = 0; trace < shape.traces; ++trace) {
    for (uint32_t span = 0; span < shape.spans_per_trace; ++span) {
      AppendBytes(2, EncodeSpan(number, trace, span), &scope_spans);
    }
  }
  std::string resource;
  AppendText(1, "service.name", "service-" + std::to_string(number % 7), &resource);
  std::string resource_spans;
  AppendBytes(1, resource, &resource_spans);
  AppendBytes(2, scope_spans, &resource_spans);
  std::string request;
  AppendBytes(1, resource_spans, &request);
  return request;
}

}  // namespace spandrel::crash
