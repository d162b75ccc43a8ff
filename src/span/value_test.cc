// SPDX-License-Identifier: Apache-2.0
#include "span/value.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "base/utf8.h"

namespace spandrel::span {
namespace {

std::string Json(std::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

TEST(JsonString, EscapesWhatMustBe) {
  EXPECT_EQ(Json(""), "\"\"");
  EXPECT_EQ(Json("plain text / <b>"), "\"plain text / <b>\"");
  EXPECT_EQ(Json("\"\\\n\r\t\b\f"), R"("\"\\\n\r\t\b\f")");
  EXPECT_EQ(Json(std::string("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(Json("\u00e9\u20ac\U0001f600"), "\"\u00e9\u20ac\U0001f600\"");
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8", "\xff"}) {
    const std::string json = Json("a" + std::string(bad) + "b");
    EXPECT_EQ(json.substr(0, 8), "\"a\\ufffd") << json;
    EXPECT_EQ(json.substr(json.size() - 2), "b\"");
  }
  EXPECT_EQ(Json("\xe2\x82"), R"("\ufffd\ufffd")");
}

// One character after the other, as the rules say it.
std::string PlainJson(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    const size_t size = base::Utf8SequenceSize(text);
    static constexpr std::string_view kShort = "\"\\\n\r\t\b\f";
    if (const size_t at = kShort.find(c); at != std::string_view::npos) {
      json += {'\\', "\"\\nrtbf"[at]};
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      json += escape.data();
    } else if (size == 0) {
      json += "\\ufffd";
    } else {
      json += text.substr(0, size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return json + "\"";
}

TEST(JsonString, IsTheSameAsOneCharacterAfterTheOther) {
  static constexpr std::array<std::string_view, 12> kOdd = {
      "\"",   "\\",   "\n",       "\x01",         "\x1f", "\x7f",
      "\x80", "\xff", "\xc3\xa9", "\xe2\x82\xac", "\xe2", " "};
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t left = random() % 40; left > 0; --left) {
      if (random() % 8 == 0) {
        text += kOdd[random() % kOdd.size()];
      } else {
        text += static_cast<char>(' ' + random() % 95);
      }
    }
    ASSERT_EQ(Json(text), PlainJson(text));
  }
  for (int c = 0; c < 256; ++c) {
    for (size_t at = 0; at < 17; ++at) {
      std::string text(17, 'x');
      text[at] = static_cast<char>(c);
      ASSERT_EQ(Json(text), PlainJson(text)) << c;
    }
  }
}

std::string Field(char key, const std::string& bytes) {
  return std::string(1, key) + static_cast<char>(bytes.size()) + bytes;
}
std::string String(const std::string& text) {
  return Field(0x0a, text);
}
std::string Array(const std::string& elements) {
  return Field(0x2a, elements);
}
std::string Map(const std::string& entries) {
  return Field(0x32, entries);
}
std::string Element(const std::string& value) {
  return Field(0x0a, value);
}
std::string Entry(const std::string& key, const std::string& value) {
  return Field(0x0a, Field(0x0a, key) + Field(0x12, value));
}

TEST(ValueView, ReadsScalars) {
  EXPECT_EQ(ValueView::FromMessage("").type(), ValueType::kEmpty);
  EXPECT_EQ(ValueView::FromMessage(String("x")), ValueView::OfString("x"));
  EXPECT_TRUE(ValueView::FromMessage("\x10\x01").as_bool());
  EXPECT_EQ(ValueView::FromMessage("\x18\x2a"), ValueView::OfInt(42));
  EXPECT_EQ(ValueView::FromMessage("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").as_int(), -1);
  EXPECT_EQ(ValueView::FromMessage(Field(0x3a, "\xff")).type(), ValueType::kBytes);
  EXPECT_EQ(ValueView::FromMessage(String("first") + "\x18\x01").type(), ValueType::kInt);
  EXPECT_EQ(ValueView::FromMessage(Field(0x12, "wrong wire type")).type(), ValueType::kEmpty);
}

TEST(ValueView, WritesTextAsPeopleDo) {
  const auto text = [](const std::string& message) {
    return ValueView::FromMessage(message).ToText();
  };
  EXPECT_EQ(text(""), "");
  EXPECT_EQ(text(String("a \"b\"")), "a \"b\"");
  EXPECT_EQ(text(std::string("\x10\x00", 2)), "false");
  EXPECT_EQ(text("\x18\x2a"), "42");
  EXPECT_EQ(text(std::string("\x21\0\0\0\0\0\0\xe0\x3f", 9)), "0.5");
  EXPECT_EQ(text(std::string("\x21\0\0\0\0\0\0\xf0\xff", 9)), "-Infinity");
  EXPECT_EQ(text(Field(0x3a, "foo")), "Zm9v");
  EXPECT_EQ(text(Array(Element("\x18\x01") + Element(String("x")) + Element(""))),
            R"([1,"x",null])");
  EXPECT_EQ(text(Map(Entry("k\n", Array("")) + Entry("m", Map(Entry("n", "\x10\x01"))))),
            R"({"k\n":[],"m":{"n":true}})");
}

TEST(AttributeReader, KeepsOrderAndDuplicates) {
  const std::string message = Entry("a", "\x18\x01") + Entry("b", "") + Entry("a", "\x18\x02");
  AttributeReader reader(message, 1);
  EXPECT_EQ(reader.Next()->key, "a");
  EXPECT_EQ(reader.Next()->value.type(), ValueType::kEmpty);
  EXPECT_EQ(reader.Next()->value.as_int(), 2);
  EXPECT_FALSE(reader.Next());
  EXPECT_EQ(FindAttribute({message, 1}, "a")->as_int(), 2);
  EXPECT_FALSE(FindAttribute({message, 1}, "c"));
}

}  // namespace
}  // namespace spandrel::span
