// SPDX-License-Identifier: Apache-2.0
#include "span/edit/attribute_list.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace spandrel::span {
namespace {

constexpr uint32_t kField = otlp::kSpanAttributes;

std::string Message(const std::vector<std::pair<std::string, std::string>>& texts) {
  std::string message;
  proto::Writer writer(&message);
  for (const auto& [key, text] : texts) {
    const proto::NestedMessage attribute(writer, kField);
    writer.Bytes(otlp::kKeyValueKey, key);
    const proto::NestedMessage value(writer, otlp::kKeyValueValue);
    writer.Bytes(otlp::kAnyValueString, text);
  }
  return message;
}

std::string Written(const AttributeList& list) {
  std::string message;
  proto::Writer writer(&message);
  for (size_t i = 0; i < list.loaded(); ++i) list.WriteLoaded(i, &writer);
  list.WriteAdded(&writer);
  return message;
}

class AttributeListTest : public ::testing::Test {
 protected:
  void Load(const std::vector<std::pair<std::string, std::string>>& texts) {
    message_ = Message(texts);
    list_.Load(message_, kField);
  }
  void ExpectWritten(const std::vector<std::pair<std::string, std::string>>& texts) {
    EXPECT_EQ(Written(list_), Message(texts));
    EXPECT_EQ(list_.size(), texts.size());
  }
  std::string message_;
  AttributeList list_;
};

TEST_F(AttributeListTest, IsUnchangedUntilSomethingDiffers) {
  Load({{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(list_.Find("b")->bytes(), "2");
  EXPECT_FALSE(list_.Find("c"));
  EXPECT_FALSE(list_.Erase("c"));
  EXPECT_FALSE(list_.Rename("c", "a"));
  EXPECT_TRUE(list_.Rename("a", "a"));
  list_.SetText("a", "1");
  list_.TruncateTexts(1);
  EXPECT_FALSE(list_.changed());
  ExpectWritten({{"a", "1"}, {"b", "2"}});
}

TEST_F(AttributeListTest, SetsInPlaceOrAtTheEnd) {
  Load({{"a", "1"}, {"b", "2"}});
  list_.SetText("a", "one");
  list_.SetText("c", "3");
  list_.SetText("c", "three");
  EXPECT_TRUE(list_.changed());
  EXPECT_EQ(list_.Find("c")->bytes(), "three");
  ExpectWritten({{"a", "one"}, {"b", "2"}, {"c", "three"}});
}

TEST_F(AttributeListTest, TheLastOfARepeatedKeyCounts) {
  Load({{"k", "1"}, {"a", "x"}, {"k", "2"}});
  EXPECT_EQ(list_.Find("k")->bytes(), "2");
  list_.SetText("k", "3");
  ExpectWritten({{"a", "x"}, {"k", "3"}});
  Load({{"k", "1"}, {"a", "x"}, {"k", "2"}});
  list_.SetText("k", "2");
  ExpectWritten({{"a", "x"}, {"k", "2"}});
  Load({{"k", "1"}, {"k", "2"}, {"to", "x"}, {"to", "y"}});
  EXPECT_TRUE(list_.Rename("k", "to"));
  ExpectWritten({{"to", "2"}});
  Load({{"k", "1"}, {"k", "2"}});
  EXPECT_TRUE(list_.Erase("k"));
  ExpectWritten({});
}

TEST_F(AttributeListTest, ErasesAndSetsAgain) {
  Load({{"a", "1"}, {"b", "2"}});
  list_.Erase("a");
  list_.SetText("a", "again");
  list_.EraseIf([](std::string_view key) { return key == "b"; });
  ExpectWritten({{"a", "again"}});
}

TEST_F(AttributeListTest, TruncatesBetweenCharacters) {
  Load({{"a", "x\u20ac\u20ac"}, {"b", "12345"}});
  list_.SetInt("n", 123456);
  list_.TruncateTexts(5);
  EXPECT_EQ(list_.Find("a")->bytes(), "x\u20ac");
  EXPECT_EQ(list_.Find("b")->bytes(), "12345");
  EXPECT_EQ(list_.Find("n")->as_int(), 123456);
}

TEST_F(AttributeListTest, KeepsValuesOfEveryType) {
  Load({});
  list_.SetBool("bool", true);
  list_.SetInt("int", -1);
  list_.SetDouble("double", 0.5);
  list_.SetMessage("none", "");
  EXPECT_TRUE(list_.Find("bool")->as_bool());
  EXPECT_EQ(list_.Find("int")->as_int(), -1);
  EXPECT_EQ(list_.Find("double")->as_double(), 0.5);
  EXPECT_EQ(list_.Find("none")->type(), ValueType::kEmpty);
  EXPECT_EQ(list_.FindMessage("none"), "");
}

// An unchanged attribute is written with the bytes that it had, whatever they are.
TEST_F(AttributeListTest, SplicesWhatItDoesNotKnow) {
  std::string odd;
  proto::Writer writer(&odd);
  {
    const proto::NestedMessage attribute(writer, kField);
    writer.Bytes(otlp::kKeyValueKey, "odd");
    writer.Fixed32(77, 5);
  }
  message_ = odd + Message({{"a", "1"}});
  list_.Load(message_, kField);
  list_.SetText("a", "2");
  EXPECT_EQ(Written(list_), odd + Message({{"a", "2"}}));
}

TEST_F(AttributeListTest, SaysWhenItIsOverALimit) {
  AttributeList few({.max_bytes = 1000, .max_attributes = 2});
  message_ = Message({{"a", "1"}});
  few.Load(message_, kField);
  few.SetText("b", "2");
  EXPECT_FALSE(few.over_limit());
  few.SetText("c", "3");
  EXPECT_TRUE(few.over_limit());
  few.Load(message_, kField);
  EXPECT_FALSE(few.over_limit());
  few.SetText("a", std::string(2000, 'x'));
  EXPECT_TRUE(few.over_limit());
  // What was beyond the limit before may be replaced.
  message_ = Message({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  few.Load(message_, kField);
  few.Erase("a");
  few.SetText("d", "4");
  EXPECT_FALSE(few.over_limit());
}

}  // namespace
}  // namespace spandrel::span
