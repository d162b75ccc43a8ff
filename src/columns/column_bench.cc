// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/fixed.h"
#include "columns/packed_ints.h"
#include "columns/text_column.h"

namespace spandrel::columns {
namespace {

constexpr size_t kRows = 128 * 1024;

using Numbers = std::vector<uint64_t>;
using Texts = std::vector<std::string>;

Numbers Codes() {
  std::mt19937_64 random(1);
  Numbers values(kRows);
  for (uint64_t& value : values) value = random() % 1000;
  return values;
}

// In nanoseconds; the median is 3 ms.
Numbers Durations() {
  std::mt19937_64 random(2);
  std::lognormal_distribution<double> duration(std::log(3e6), 1.5);
  Numbers values(kRows);
  for (uint64_t& value : values) value = static_cast<uint64_t>(duration(random));
  return values;
}

// One a 20 us.
Numbers SortedStarts() {
  std::mt19937_64 random(3);
  Numbers values(kRows);
  uint64_t now = 1'700'000'000'000'000'000;
  for (uint64_t& value : values) value = now += random() % 40'000;
  return values;
}

Texts UserIds() {
  std::mt19937_64 random(4);
  Texts values(kRows);
  for (std::string& value : values) value = "user-" + std::to_string(random() % 1'000'000);
  return values;
}

Texts Uuids() {
  std::mt19937_64 random(5);
  Texts values(kRows);
  for (std::string& value : values) {
    value.resize(36);
    for (char& c : value) c = "0123456789abcdef"[random() % 16];
    for (const size_t dash : {8, 13, 18, 23}) value[dash] = '-';
  }
  return values;
}

Texts Urls() {
  std::mt19937_64 random(6);
  Texts values(kRows);
  for (std::string& value : values) {
    value = "https://shop-" + std::to_string(random() % 20) + ".example.com/api/v1/orders/" +
            std::to_string(random() % 1'000'000) + "/items?page=" + std::to_string(random() % 50);
  }
  return values;
}

// As url.full of the load generator's company shape: 20 services of 20 operations.
Texts CompanyUrls() {
  std::mt19937_64 random(7);
  Texts values(kRows);
  for (std::string& value : values) {
    value = "https://api.example.internal/service-" + std::string(1, char('a' + random() % 20)) +
            "/v1/resource" + std::to_string(random() % 20) + "/orders/" +
            std::to_string(10'000'000 + random() % 90'000'000);
  }
  return values;
}

double ZstdBytes(std::string_view raw, int level) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  return double(ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), level));
}

// Bytes a value: ours, and those of zstd over all values at once.
void Count(benchmark::State& state, std::string_view raw, size_t encoded) {
  state.counters["bytes"] = double(encoded) / kRows;
  state.counters["zstd1"] = ZstdBytes(raw, 1) / kRows;
  state.counters["zstd3"] = ZstdBytes(raw, 3) / kRows;
  state.counters["ns_value"] =
      benchmark::Counter(double(state.iterations()) * kRows * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void EncodeNumbers(benchmark::State& state, Numbers (*make)()) {
  const Numbers values = make();
  std::string out;
  for (auto _ : state) {
    out.clear();
    EncodePackedInts(values, &out);
    benchmark::DoNotOptimize(out.data());
  }
  Count(state, base::BytesOf(values), out.size());
}

template <typename T>
void ReadNumbers(benchmark::State& state, Numbers (*make)()) {
  const Numbers values = make();
  std::string bytes;
  EncodePackedInts(values, &bytes);
  std::vector<T> read(1024);
  for (auto _ : state) {
    const PackedInts column = *PackedInts::Parse(bytes);
    for (uint32_t first = 0; first < kRows; first += 1024) {
      column.Read(first, 1024, read.data());
      benchmark::DoNotOptimize(read.data());
      benchmark::ClobberMemory();
    }
  }
  Count(state, base::BytesOf(values), bytes.size());
}

void NumberAt(benchmark::State& state, Numbers (*make)()) {
  const Numbers values = make();
  std::string bytes;
  EncodePackedInts(values, &bytes);
  const PackedInts column = *PackedInts::Parse(bytes);
  uint32_t row = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < kRows; ++i) {
      row = (row + 7919) % kRows;
      benchmark::DoNotOptimize(column.At(row));
    }
  }
  Count(state, base::BytesOf(values), bytes.size());
}

std::string Joined(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + '\n';
  return all;
}

void EncodeTexts(benchmark::State& state, Texts (*make)()) {
  const Texts texts = make();
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  std::string out;
  for (auto _ : state) {
    out.clear();
    EncodePlainText(values, &out);
    benchmark::DoNotOptimize(out.data());
  }
  Count(state, Joined(texts), out.size());
}

std::string EncodedTexts(const Texts& texts) {
  std::string bytes;
  EncodePlainText(std::vector<std::string_view>(texts.begin(), texts.end()), &bytes);
  return bytes;
}

void VisitTexts(benchmark::State& state, Texts (*make)()) {
  const Texts texts = make();
  const std::string bytes = EncodedTexts(texts);
  size_t size = 0;
  for (auto _ : state) {
    const auto column = TextColumn::Parse(bytes);
    const auto status = column->Visit(
        0, kRows, [&](uint32_t, std::string_view value) { size += value.size() + value[0]; });
    if (!status.ok()) state.SkipWithError("cannot be read");
  }
  benchmark::DoNotOptimize(size);
  Count(state, Joined(texts), bytes.size());
}

// The value is in the last row.
void FindText(benchmark::State& state, Texts (*make)()) {
  Texts texts = make();
  texts.back().back() = texts.back().back() == '5' ? '6' : '5';
  const std::string bytes = EncodedTexts(texts);
  for (auto _ : state) {
    const auto column = TextColumn::Parse(bytes);
    benchmark::DoNotOptimize(column->FindEqual(texts.back(), 0, kRows));
  }
  Count(state, Joined(texts), bytes.size());
}

constexpr auto* ReadWide = ReadNumbers<uint64_t>;
constexpr auto* ReadNarrow = ReadNumbers<uint32_t>;

#define SPANDREL_NUMBER_BENCH(make)             \
  BENCHMARK_CAPTURE(EncodeNumbers, make, make); \
  BENCHMARK_CAPTURE(ReadWide, make, make);      \
  BENCHMARK_CAPTURE(ReadNarrow, make, make);    \
  BENCHMARK_CAPTURE(NumberAt, make, make)
#define SPANDREL_TEXT_BENCH(make)             \
  BENCHMARK_CAPTURE(EncodeTexts, make, make); \
  BENCHMARK_CAPTURE(VisitTexts, make, make);  \
  BENCHMARK_CAPTURE(FindText, make, make)

SPANDREL_NUMBER_BENCH(Codes);
SPANDREL_NUMBER_BENCH(Durations);
SPANDREL_NUMBER_BENCH(SortedStarts);
SPANDREL_TEXT_BENCH(UserIds);
SPANDREL_TEXT_BENCH(Uuids);
SPANDREL_TEXT_BENCH(Urls);
SPANDREL_TEXT_BENCH(CompanyUrls);

}  // namespace
}  // namespace spandrel::columns
