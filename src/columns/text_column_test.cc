// SPDX-License-Identifier: Apache-2.0
#include "columns/text_column.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "base/hex.h"
#include "columns/patterned_text.h"

namespace spandrel::columns {
namespace {

using Texts = std::vector<std::string>;

std::vector<std::string_view> ViewsOf(const Texts& texts) {
  return {texts.begin(), texts.end()};
}

std::string EncodePlain(const Texts& texts) {
  std::string bytes;
  EncodePlainText(ViewsOf(texts), &bytes);
  return bytes;
}

std::string EncodeDictionary(const Texts& texts) {
  std::map<std::string_view, uint32_t> ids;
  std::vector<std::string_view> entries;
  std::vector<uint32_t> codes;
  for (const std::string& text : texts) {
    const auto [entry, is_new] = ids.emplace(text, static_cast<uint32_t>(entries.size()));
    if (is_new) entries.push_back(text);
    codes.push_back(entry->second);
  }
  std::string bytes;
  EncodeDictionaryText(entries, codes, &bytes);
  return bytes;
}

Texts Visited(const TextColumn& column, uint32_t first, uint32_t count) {
  Texts texts;
  const base::Status status = column.Visit(first, count, [&](uint32_t row, std::string_view value) {
    EXPECT_EQ(row, first + texts.size());
    texts.emplace_back(value);
  });
  EXPECT_TRUE(status.ok()) << status.ToString();
  return texts;
}

void ExpectFinds(const TextColumn& column, const Texts& texts, const std::string& value,
                 uint32_t first) {
  const auto begin = texts.begin() + first;
  const auto wanted = std::find(begin, texts.end(), value);
  const auto found = column.FindEqual(value, first, column.size() - first);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->has_value(), wanted != texts.end()) << value;
  if (!found->has_value()) return;
  ASSERT_EQ(**found, wanted - texts.begin()) << value;
}

void ExpectHolds(const std::string& bytes, const Texts& texts) {
  const auto column = TextColumn::Parse(bytes);
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  const auto size = static_cast<uint32_t>(texts.size());
  ASSERT_EQ(column->size(), size);
  ASSERT_EQ(Visited(*column, 0, size), texts);
  for (uint32_t row = 0; row < size; row += 1 + size / 50) {
    const uint32_t count = std::min(size - row, 3u);
    ASSERT_EQ(Visited(*column, row, count),
              Texts(texts.begin() + row, texts.begin() + row + count));
    ASSERT_EQ(*column->At(row), texts[row]);
    ExpectFinds(*column, texts, texts[row], 0);
    ExpectFinds(*column, texts, texts[row], row);
    ExpectFinds(*column, texts, texts[row] + "0", 0);
    ExpectFinds(*column, texts, texts[row].substr(texts[row].empty() ? 0 : 1), 0);
  }
  ExpectFinds(*column, texts, "nowhere", 0);
  ExpectFinds(*column, texts, "", 0);
}

void ExpectRoundTrip(const Texts& texts, TextEncoding encoding) {
  const std::string bytes = EncodePlain(texts);
  EXPECT_EQ(TextColumn::Parse(bytes)->encoding(), encoding) << texts.front();
  ExpectHolds(bytes, texts);
  ExpectHolds(EncodeDictionary(texts), texts);
}

std::string RandomText(std::mt19937_64* random, size_t size, std::string_view letters) {
  std::string text(size, '\0');
  for (char& c : text) c = letters[(*random)() % letters.size()];
  return text;
}

std::string RandomUuid(std::mt19937_64* random) {
  std::string text = RandomText(random, 36, "0123456789abcdef");
  for (const size_t dash : {8, 13, 18, 23}) text[dash] = '-';
  return text;
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

TEST(TextColumn, NumbersBetweenCommonTexts) {
  std::mt19937_64 random(1);
  Texts users;
  Texts sized;
  Texts milliseconds;
  Texts long_numbers;
  for (int i = 0; i < 1000; ++i) {
    users.push_back("user-" + std::to_string(random() % 1'000'000));
    sized.push_back("n" + RandomText(&random, 12, "0123456789"));
    milliseconds.push_back("took 1" + std::to_string(random() % 5000) + "5 ms 3");
    long_numbers.push_back(RandomText(&random, 18, "0123456789"));
  }
  for (const Texts& texts : {users, sized, milliseconds, long_numbers})
    ExpectRoundTrip(texts, TextEncoding::kNumbered);
  ExpectRoundTrip({"0", "10", "7"}, TextEncoding::kNumbered);
  ExpectRoundTrip({"a10", "a105", "a1000"}, TextEncoding::kNumbered);
  ExpectRoundTrip({"x5", "x15"}, TextEncoding::kNumbered);
}

TEST(TextColumn, WhatOnlyLooksLikeNumbersIsKept) {
  ExpectRoundTrip({"a1", "a01", "a2"}, TextEncoding::kCompressed);
  ExpectRoundTrip({"a", "a1"}, TextEncoding::kCompressed);
  ExpectRoundTrip({"a-1", "a+2", "a3"}, TextEncoding::kCompressed);
  ExpectRoundTrip({"1234567890123456789", "2"}, TextEncoding::kCompressed);
}

TEST(TextColumn, HexadecimalOfOneLength) {
  std::mt19937_64 random(2);
  for (const size_t size : {6, 7, 16, 32, 64, 300}) {
    Texts lower;
    Texts upper;
    for (int i = 0; i < 300; ++i) {
      lower.push_back("a" + RandomText(&random, size, kHexDigits) + "b");
      upper.push_back("#F" + RandomText(&random, size, "0123456789ABCDEF") + "#");
    }
    ExpectRoundTrip(lower, TextEncoding::kHex);
    ExpectRoundTrip(upper, TextEncoding::kHex);
  }
  ExpectRoundTrip({"abcd", "aBcd"}, TextEncoding::kCompressed);
  ExpectRoundTrip({"zaz", "zbz"}, TextEncoding::kCompressed);
  ExpectRoundTrip({"zaaz", "zbaz"}, TextEncoding::kHex);
}

TEST(TextColumn, OneValueIsHexadecimalWithoutDigits) {
  ExpectRoundTrip(Texts(1000, "the same"), TextEncoding::kHex);
  EXPECT_LT(EncodePlain(Texts(1000, "the same")).size(), 32u);
  ExpectRoundTrip({""}, TextEncoding::kHex);
  ExpectRoundTrip(Texts(129, std::string(1024, 'x')), TextEncoding::kHex);
  ExpectRoundTrip(Texts(129, std::string(1025, 'x')), TextEncoding::kCompressed);
}

TEST(TextColumn, Uuids) {
  std::mt19937_64 random(3);
  Texts plain;
  Texts dressed;
  Texts by_time;
  for (int i = 0; i < 300; ++i) {
    plain.push_back(RandomUuid(&random));
    dressed.push_back("urn:uuid:" + RandomUuid(&random) + "/x");
    by_time.push_back("0190a5e1-7" + RandomUuid(&random).substr(10));
  }
  for (const Texts& texts : {plain, dressed, by_time}) ExpectRoundTrip(texts, TextEncoding::kUuid);
  plain[7][0] = 'A';
  ExpectRoundTrip(plain, TextEncoding::kCompressed);
}

TEST(TextColumn, AnyBytesOfAnyLength) {
  std::mt19937_64 random(4);
  std::string letters(256, '\0');
  for (size_t i = 0; i < letters.size(); ++i) letters[i] = static_cast<char>(i);
  for (const size_t rows : {2, 3, 127, 128, 129, 2000}) {
    Texts texts(rows);
    for (std::string& text : texts) text = RandomText(&random, random() % 300, letters);
    ExpectRoundTrip(texts, TextEncoding::kCompressed);
  }
  EXPECT_EQ(TextColumn::Parse(EncodePlain({}))->size(), 0u);
  ExpectHolds(EncodePlain({}), {});
  ExpectHolds(EncodeDictionary({}), {});
  ExpectRoundTrip({"", "x", "", ""}, TextEncoding::kCompressed);
}

TEST(TextColumn, ValuesMayBeLargerThanABlock) {
  std::mt19937_64 random(5);
  Texts texts;
  for (const size_t size : {10, 70'000, 0, 500'000, 65'536, 65'536, 3, 200'000, 0, 0}) {
    texts.push_back(RandomText(&random, size, kHexDigits) + "!");
    texts.emplace_back();
  }
  ExpectRoundTrip(texts, TextEncoding::kCompressed);
}

TEST(TextColumn, ReaderReadsInAnyOrder) {
  std::mt19937_64 random(6);
  Texts texts(5000);
  for (std::string& text : texts) text = RandomText(&random, random() % 200, "abcdefgh ");
  const std::string bytes = EncodePlain(texts);
  TextReader reader(*TextColumn::Parse(bytes));
  for (int i = 0; i < 2000; ++i) {
    const auto row = static_cast<uint32_t>(random() % texts.size());
    ASSERT_EQ(*reader.At(row), texts[row]);
  }
}

TEST(TextColumn, DictionaryGivesEntriesAndCodes) {
  const std::string bytes = EncodeDictionary({"b", "a", "", "b"});
  const auto column = TextColumn::Parse(bytes);
  ASSERT_TRUE(column.ok());
  EXPECT_EQ(column->encoding(), TextEncoding::kDictionary);
  ASSERT_EQ(column->dictionary_size(), 3u);
  EXPECT_EQ(column->DictionaryAt(0), "b");
  EXPECT_EQ(column->DictionaryAt(2), "");
  EXPECT_EQ(column->codes().At(3), 0u);
  TextColumn copy;
  copy = *column;
  EXPECT_EQ(copy.DictionaryAt(1), "a");
}

TEST(TextColumn, DictionaryIsCompressedWhereThatIsSmallerAndBounded) {
  Texts texts;
  for (int i = 0; i < 1000; ++i) texts.push_back("https://example.com/" + std::to_string(i * i));
  const std::string bytes = EncodeDictionary(texts);
  EXPECT_LT(bytes.size(), 12'000u);
  ExpectHolds(bytes, texts);
  EXPECT_FALSE(TextColumn::Parse(bytes, 10'000).ok());
}

TEST(TextColumn, RefusesTruncatedAndLengthenedBytes) {
  std::mt19937_64 random(7);
  Texts uuids(3);
  for (std::string& uuid : uuids) uuid = RandomUuid(&random);
  const Texts words = {"one", "two", "three", "three times three"};
  for (const std::string& bytes :
       {EncodePlain({"u1", "u22"}), EncodePlain({"ab", "cd"}), EncodePlain(uuids),
        EncodePlain(words), EncodeDictionary(words)}) {
    ASSERT_TRUE(TextColumn::Parse(bytes).ok());
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(TextColumn::Parse(std::string_view(bytes).substr(0, size)).ok()) << size;
    }
    EXPECT_FALSE(TextColumn::Parse(bytes + '\0').ok());
  }
}

TEST(TextColumn, DamagedBlockIsDataLoss) {
  Texts texts;
  for (int i = 0; i < 10'000; ++i) texts.push_back("word " + std::string(size_t(i % 40), 'x'));
  std::string bytes = EncodePlain(texts);
  bytes[bytes.size() - 20] = static_cast<char>(bytes[bytes.size() - 20] + 1);
  bytes.replace(bytes.size() - 10, 10, 10, '\xff');
  const auto column = TextColumn::Parse(bytes);
  ASSERT_TRUE(column.ok());
  uint32_t visited = 0;
  const auto status =
      column->Visit(0, column->size(), [&](uint32_t, std::string_view) { ++visited; });
  EXPECT_EQ(status.code(), base::StatusCode::kDataLoss);
  EXPECT_GT(visited, 0u);
  EXPECT_TRUE(column->At(0).ok());
  EXPECT_EQ(column->At(9'999).status().code(), base::StatusCode::kDataLoss);
}

// The bytes of docs/formats/columns.md; a change here breaks every store.
TEST(TextColumn, BytesStayAsTheyAre) {
  EXPECT_EQ(base::HexEncode(EncodeDictionary({"a", "bc", "a"})),
            "0100000003000000"
            "03000000"
            "03000000"
            "28000000"  // bytes of the entries, stored, of their lengths
            "0200000000000000"
            "0100000000000000"
            "0200000000000000"
            "00000000010000"
            "02"
            "0000000000000000"
            "616263"
            "0300000000000000"
            "0000000000000000"
            "0100000000000000"
            "00000000010000"
            "02"
            "0000000000000000");
  EXPECT_EQ(base::HexEncode(EncodePlain({"u1-", "u22-"})),
            "0200000002000000"
            "0100"
            "0100"
            "0000"
            "0000"
            "75"
            "2d"
            "0200000000000000"
            "0100000000000000"
            "1600000000000000"
            "00000000000105"
            "01"
            "15"
            "0000000000000000");
  EXPECT_EQ(base::HexEncode(EncodePlain({"xab", "xcd"})),
            "0300000002000000"
            "0100"
            "0000"
            "0100"
            "0000"
            "78"
            "ab"
            "cd");
  EXPECT_EQ(base::HexEncode(EncodePlain(
                {"00112233-4455-6677-8899-aabbccddeeff", "ff112233-4455-6677-8899-aabbccddee00"})),
            "0400000002000000"
            "0000"
            "0000"
            "1000"
            "0000"
            "00112233445566778899aabbccddeeff"
            "ff112233445566778899aabbccddee00");
  EXPECT_EQ(base::HexEncode(EncodePlain({"a", "", "bcd"})),
            "0500000003000000"
            "0400000000000000"
            "29000000"
            "18000000"
            "18000000"  // raw size, sizes of the columns
            "0300000000000000"
            "0000000000000000"
            "0300000000000000"
            "00000000020000"
            "3100"
            "0000000000000000"
            "0100000000000000"
            "0000000000000000"
            "0000000000000000"
            "0100000000000000"
            "0400000000000000"
            "0400000000000000"
            "61626364");
}

Texts CompanyUrls(size_t rows) {
  std::mt19937_64 random(8);
  Texts texts(rows);
  for (std::string& text : texts) {
    text = "https://api.example.internal/service-" + std::to_string(random() % 8) + "/v1/orders/" +
           std::to_string(10'000'000 + random() % 90'000'000);
  }
  return texts;
}

std::string EncodePatterned(const Texts& texts, uint32_t least_digits) {
  std::string bytes;
  (void)EncodePatternedText(ViewsOf(texts), least_digits, &bytes);
  return bytes;
}

// Where there are not too many patterns.
void ExpectHoldsPatterned(const Texts& texts, uint32_t least_digits) {
  const std::string bytes = EncodePatterned(texts, least_digits);
  if (bytes.empty()) return;
  ASSERT_EQ(TextColumn::Parse(bytes)->encoding(), TextEncoding::kPatterned);
  ExpectHolds(bytes, texts);
}

TEST(PatternedText, UrlsTakeThePatternAndTheNumbers) {
  const Texts texts = CompanyUrls(5000);
  ExpectRoundTrip(texts, TextEncoding::kPatterned);
  EXPECT_LT(EncodePlain(texts).size(), 5 * texts.size());
  std::mt19937_64 random(9);
  const std::string bytes = EncodePlain(texts);
  TextReader reader(*TextColumn::Parse(bytes));
  for (int i = 0; i < 1000; ++i) {
    const auto row = static_cast<uint32_t>(random() % texts.size());
    ASSERT_EQ(*reader.At(row), texts[row]);
  }
}

TEST(PatternedText, PatternsHaveDifferentPlaces) {
  std::mt19937_64 random(10);
  for (const size_t rows : {1, 2, 127, 128, 129, 1000}) {
    Texts texts(rows);
    for (std::string& text : texts) {
      for (size_t places = random() % 12; places > 0; --places)
        text += " word " + std::to_string(random() % 100'000'000);
    }
    for (const uint32_t digits : {7, 8, 9, 18}) ExpectHoldsPatterned(texts, digits);
    if (rows < 16) ExpectHoldsPatterned(texts, 1);
  }
  ExpectHoldsPatterned({}, 1);
  ExpectHoldsPatterned({""}, 1);
  ExpectHoldsPatterned({"0", "", "00", "7"}, 1);
  ExpectHoldsPatterned(Texts(300, "the same 12"), 1);
}

TEST(PatternedText, KeepsWhatIsNotAPlainNumber) {
  const std::string specials("\x00\x01\x02\x03", 4);
  const Texts forms = {
      "007 is not ",           "000000000000000000 ", "0 00 000 ", "0000000000000000001 ",
      "12345678901234567890 ", specials + "99999",    "\x01\x08",  "",
      "999999999999999999 "};
  std::mt19937_64 random(11);
  Texts texts(2000);
  for (size_t i = 0; i < texts.size(); ++i) {
    texts[i] = "request number " + forms[i % forms.size()] + "x" +
               std::to_string(random() % 100'000) + "/" + std::to_string(random() % 1'000'000'000);
    if (i % 50 == 0) texts[i] = forms[random() % forms.size()];
  }
  ExpectRoundTrip(texts, TextEncoding::kPatterned);
}

TEST(PatternedText, AnyTextOfDigitsAndPlaces) {
  std::mt19937_64 random(12);
  Texts forms(20);
  for (std::string& form : forms)
    form = RandomText(&random, random() % 30, std::string_view("\x00\x01\x02 ab0019", 10));
  Texts texts(3000);
  for (std::string& text : texts)
    text = forms[random() % forms.size()] + " order " + RandomText(&random, 12, "0123456789");
  ExpectRoundTrip(texts, TextEncoding::kPatterned);
  for (const uint32_t digits : {1, 2, 3, 18}) ExpectHoldsPatterned(texts, digits);
}

TEST(PatternedText, TooManyPatternsAndTooLargeValuesAreCompressed) {
  std::mt19937_64 random(13);
  Texts texts = CompanyUrls(1000);
  texts[700] += std::string(5000, 'x');
  ExpectRoundTrip(texts, TextEncoding::kCompressed);
  for (std::string& text : texts) text += RandomText(&random, 8, "abcdefgh");
  ExpectRoundTrip(texts, TextEncoding::kCompressed);
  ExpectRoundTrip({"a1 b2", "a2 b2", "a1 b3 "}, TextEncoding::kCompressed);
}

TEST(PatternedText, DamagedStartsAreDataLossOrOtherValues) {
  const Texts texts = CompanyUrls(300);
  const std::string bytes = EncodePlain(texts);
  for (size_t at = 8; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    const auto column = TextColumn::Parse(damaged, 1 << 20);
    if (!column.ok() || column->size() != texts.size()) continue;
    (void)column->Visit(0, column->size(), [](uint32_t, std::string_view) {}).ok();
    (void)column->FindEqual(texts[200], 0, column->size()).ok();
    (void)column->At(299).ok();
  }
}

TEST(PatternedText, RefusesTruncatedAndLengthenedBytes) {
  const std::string bytes = EncodePlain(CompanyUrls(200));
  ASSERT_EQ(TextColumn::Parse(bytes)->encoding(), TextEncoding::kPatterned);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(TextColumn::Parse(std::string_view(bytes).substr(0, size)).ok()) << size;
  EXPECT_FALSE(TextColumn::Parse(bytes + '\0').ok());
}

// The bytes of docs/formats/columns.md; a change here breaks every store.
TEST(PatternedText, BytesStayAsTheyAre) {
  const Texts texts = {std::string("n\1", 2), "a5", "a7-07"};
  EXPECT_EQ(base::HexEncode(EncodePatterned(texts, 1)),
            "0600000003000000"
            "01000000"
            "02000000"
            "70000000"
            "01000000030000000a0000000a00000029000000030000000000000002000000"
            "00000000050000000000000000000000020000310000000000000000006e0201"
            "610061002d010203000000000000000000000000000000020000000000000000"
            "0000000200002400000000000000000018000000010000000000000000000000"
            "0000000000000000000000002900000002000000000000000500000000000000"
            "0700000000000000000000000200000800000000000000000018000000010000"
            "0000000000000000000000000000000000000000001800000001000000000000"
            "0007000000000000000700000000000000");
}

}  // namespace
}  // namespace spandrel::columns
