// SPDX-License-Identifier: Apache-2.0
#include "columns/packed_ints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "base/hex.h"

namespace spandrel::columns {
namespace {

using Values = std::vector<uint64_t>;
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

std::string Encode(const Values& values) {
  std::string bytes;
  EncodePackedInts(values, &bytes);
  return bytes;
}

void ExpectReads(const PackedInts& column, const Values& values, uint32_t first, uint32_t count) {
  Values wide(count);
  std::vector<uint32_t> narrow(count);
  column.Read(first, count, wide.data());
  column.Read(first, count, narrow.data());
  for (uint32_t i = 0; i < count; ++i) {
    ASSERT_EQ(wide[i], values[first + i]) << first << " + " << i;
    ASSERT_EQ(narrow[i], static_cast<uint32_t>(values[first + i])) << first << " + " << i;
  }
}

// Returns the size of the column.
size_t ExpectRoundTrip(const Values& values) {
  const std::string bytes = Encode(values);
  const auto column = PackedInts::Parse(bytes);
  EXPECT_TRUE(column.ok());
  if (!column.ok()) return 0;
  const auto size = static_cast<uint32_t>(values.size());
  EXPECT_EQ(column->size(), size);
  if (!values.empty()) {
    EXPECT_EQ(column->min(), *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(column->max(), *std::max_element(values.begin(), values.end()));
  }
  ExpectReads(*column, values, 0, size);
  for (uint32_t i = 0; i < size; ++i) EXPECT_EQ(column->At(i), values[i]) << i;
  for (const uint32_t first : {1u, 5u, 127u, 128u, 130u}) {
    for (const uint32_t count : {1u, 7u, 9u, 128u, 200u}) {
      if (first + count <= size) ExpectReads(*column, values, first, count);
    }
  }
  return bytes.size();
}

TEST(PackedInts, RoundTripsEveryWidthAndLength) {
  std::mt19937_64 random(1);
  for (unsigned bits = 0; bits <= 64; ++bits) {
    for (const size_t size : {0, 1, 7, 8, 9, 127, 128, 129, 300}) {
      Values values(size);
      for (uint64_t& value : values) value = bits == 0 ? 0 : random() >> (64 - bits);
      ExpectRoundTrip(values);
    }
  }
}

TEST(PackedInts, RoundTripsExceptionsOfEveryWidth) {
  std::mt19937_64 random(2);
  for (unsigned bits = 1; bits <= 64; ++bits) {
    for (const uint64_t rate : {1, 2, 10, 100}) {
      Values values(400);
      for (uint64_t& value : values) value = random() % rate == 0 ? random() >> (64 - bits) : 7;
      ExpectRoundTrip(values);
    }
  }
}

TEST(PackedInts, RoundTripsExtremes) {
  ExpectRoundTrip(Values(129, kMax));
  ExpectRoundTrip({0, kMax});
  ExpectRoundTrip({5, kMax, 5, kMax - 1});
  Values mixed(500, 0);
  for (size_t i = 0; i < mixed.size(); i += 3) mixed[i] = kMax - i;
  ExpectRoundTrip(mixed);
  Values far_bases(1000);
  for (size_t i = 0; i < far_bases.size(); ++i) far_bases[i] = (kMax / 10) * (i / 128) + i % 5;
  ExpectRoundTrip(far_bases);
}

TEST(PackedInts, AColumnOfOneValueIsSmallHoweverLong) {
  EXPECT_LT(ExpectRoundTrip(Values(100'000, 123'456'789)), 32u);
  EXPECT_LT(ExpectRoundTrip({}), 32u);
  EXPECT_LT(ExpectRoundTrip({kMax}), 32u);
}

TEST(PackedInts, CostsItsBitsAndLittleMore) {
  std::mt19937_64 random(3);
  Values codes(128 * 100);
  for (uint64_t& code : codes) code = random() % 1000;
  EXPECT_LE(ExpectRoundTrip(codes), codes.size() * 10 / 8 + 100 * 8 + 32);
  for (size_t i = 0; i < codes.size(); i += 64) codes[i] = kMax - i;
  EXPECT_LE(ExpectRoundTrip(codes), codes.size() * 10 / 8 + 100 * (8 + 2 * 9) + 32);
}

TEST(PackedInts, FindsTheFirstEqualValue) {
  Values values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1000 + i / 2;
  const std::string bytes = Encode(values);
  const PackedInts column = *PackedInts::Parse(bytes);
  EXPECT_EQ(column.FindEqual(1000, 0, 1000), 0u);
  EXPECT_EQ(column.FindEqual(1000, 1, 999), 1u);
  EXPECT_EQ(column.FindEqual(1000, 2, 998), std::nullopt);
  EXPECT_EQ(column.FindEqual(1499, 0, 1000), 998u);
  EXPECT_EQ(column.FindEqual(1499, 0, 998), std::nullopt);
  EXPECT_EQ(column.FindEqual(999, 0, 1000), std::nullopt);
  EXPECT_EQ(column.FindEqual(1100, 300, 0), std::nullopt);
  const std::string constant = Encode(Values(10, 4));
  EXPECT_EQ(PackedInts::Parse(constant)->FindEqual(4, 3, 7), 3u);
  EXPECT_EQ(PackedInts::Parse(constant)->FindEqual(5, 3, 7), std::nullopt);
}

TEST(PackedInts, RefusesTruncatedAndLengthenedBytes) {
  Values values(300);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 50 == 0 ? kMax - i : i;
  const std::string bytes = Encode(values);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(PackedInts::Parse(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(PackedInts::Parse(bytes + '\0').ok());
}

TEST(PackedInts, DamagedBytesNeverYieldMoreThanTheMaximum) {
  Values values(300);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 50 == 0 ? 5000 : i % 60;
  const std::string good = Encode(values);
  for (size_t at = 0; at < good.size() * 8; ++at) {
    std::string bytes = good;
    bytes[at / 8] = static_cast<char>(bytes[at / 8] ^ 1 << at % 8);
    const auto column = PackedInts::Parse(bytes);
    if (!column.ok()) continue;
    Values read(column->size());
    column->Read(0, column->size(), read.data());
    for (uint32_t i = 0; i < column->size(); ++i) {
      ASSERT_LE(read[i], column->max());
      ASSERT_LE(column->At(i), column->max());
    }
  }
}

// The bytes of docs/formats/columns.md; a change here breaks every store.
TEST(PackedInts, BytesStayAsTheyAre) {
  EXPECT_EQ(base::HexEncode(Encode({9, 9})),
            "02000000000000000900000000000000"
            "0900000000000000");
  Values values = {3, 4, 5, 6, 7, 8, 9, 1000003, 10};
  EXPECT_EQ(base::HexEncode(Encode(values)),
            "0900000000000000"
            "0300000000000000"
            "43420f0000000000"  // rows, base bytes, min, max
            "00000000030111"    // block: 3 bits, one of 17 more
            "88c61a070000"
            "07"
            "48e801"
            "0000000000000000");
}

}  // namespace
}  // namespace spandrel::columns
