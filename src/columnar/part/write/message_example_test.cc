// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/message_example.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>

#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {
namespace {

// Span messages of few shapes, so that two of them are often alike.
class MessageMaker {
 public:
  std::string Make() {
    std::string message;
    proto::Writer writer(&message);
    writer.Bytes(span::otlp::kSpanTraceId, std::string(16, Pick("ab")));
    if (OneIn(50)) writer.Bytes(span::otlp::kSpanTraceState, Text());
    writer.Bytes(span::otlp::kSpanSpanId, std::string(8, Pick("cd")));
    if (OneIn(2)) writer.Bytes(span::otlp::kSpanParentSpanId, std::string(8, Pick("ef")));
    writer.Bytes(span::otlp::kSpanName, OneIn(8) ? "other" : "name");
    writer.Varint(span::otlp::kSpanKind, OneIn(8) ? 2 : 1);
    writer.Fixed64(span::otlp::kSpanStartTime, random_() % 3);
    writer.Fixed64(span::otlp::kSpanEndTime, random_() % 3);
    for (size_t count = random_() % 3; count > 0; --count) Attribute(&writer);
    for (size_t count = random_() % 3; count > 0; --count) {
      const size_t event = writer.Open(span::otlp::kSpanEvents);
      writer.Bytes(span::otlp::kEventName, Text());
      writer.Close(event);
    }
    if (OneIn(20)) Attribute(&writer);
    if (OneIn(2)) writer.Varint(span::otlp::kSpanDroppedEventsCount, random_() % 300);
    if (OneIn(2)) writer.Fixed32(span::otlp::kSpanFlags, random_() % 2);
    return message;
  }

  // A message with a byte that is another one.
  std::string Spoil(std::string message) {
    message[random_() % message.size()] = static_cast<char>(random_());
    return message;
  }

 private:
  bool OneIn(unsigned count) { return random_() % count == 0; }
  char Pick(std::string_view from) { return from[random_() % from.size()]; }
  std::string Text() {
    std::string text(OneIn(10) ? 120 + random_() % 20 : random_() % 3, Pick("xy"));
    return text;
  }

  void Attribute(proto::Writer* writer) {
    const size_t attribute = writer->Open(span::otlp::kSpanAttributes);
    writer->Bytes(span::otlp::kKeyValueKey, OneIn(4) ? "second" : "key");
    const size_t value = writer->Open(span::otlp::kKeyValueValue);
    switch (random_() % 8) {
      case 0:
        writer->Varint(span::otlp::kAnyValueInt, random_() % 300);
        break;
      case 1:
        writer->Varint(span::otlp::kAnyValueBool, random_() % 2);
        break;
      case 2:
        break;
      default:
        writer->Bytes(span::otlp::kAnyValueString, Text());
    }
    writer->Close(value);
    writer->Close(attribute);
  }

  std::mt19937_64 random_{20261123};
};

// What the decoder makes of a message; nothing when it refuses it.
struct Taken {
  bool is_canonical = false;
  span::SpanEntry entry;
  std::vector<MessageField> fields;
  std::shared_ptr<const std::string> message;  // `fields` are views of it
};

std::optional<Taken> Take(const std::string& message) {
  std::string request;
  proto::Writer writer(&request);
  const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
  const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
  writer.Bytes(span::otlp::kScopeSpansSpans, message);
  writer.Close(scope_spans);
  writer.Close(resource_spans);
  const auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(request));
  if (!decoded.ok() || decoded->chunk->spans.size() != 1) return std::nullopt;
  Taken taken;
  taken.entry = decoded->chunk->spans[0];
  taken.message = std::make_shared<const std::string>(message);
  taken.is_canonical = TakeApart(*taken.message, taken.entry, &taken.fields);
  return taken;
}

bool IsAlike(const MessageField& a, const MessageField& b) {
  const bool is_name = a.kind == FieldKind::kName;
  return a.kind == b.kind && a.number == b.number && a.type == b.type && a.key == b.key &&
         (!is_name || a.text == b.text);
}

bool AreAlike(const Taken& a, const Taken& b) {
  return b.is_canonical && a.entry.kind == b.entry.kind &&
         std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(), IsAlike);
}

bool IsSameValue(const MessageField& field, const MatchedCell& cell) {
  return IsText(field.type) ? field.text == cell.text : field.scalar == cell.scalar;
}

void ExpectCells(const Taken& example, const Taken& taken, const std::vector<MatchedCell>& cells) {
  size_t next = 0;
  for (size_t i = 0; i < taken.fields.size(); ++i) {
    const MessageField& field = taken.fields[i];
    if (field.type == CellType::kNone) continue;
    ASSERT_LT(next, cells.size());
    const MatchedCell& cell = cells[next++];
    const MessageField& known = example.fields[i];
    if (cell.is_same) {
      EXPECT_TRUE(field.text == known.text && field.scalar == known.scalar) << "field " << i;
    } else {
      EXPECT_TRUE(IsSameValue(field, cell)) << "field " << i;
    }
  }
  EXPECT_EQ(next, cells.size());
}

TEST(MessageExampleTest, AgreesWithTakingMessagesApart) {
  MessageMaker maker;
  size_t alike = 0;
  size_t refused = 0;
  for (int round = 0; round < 200; ++round) {
    const auto example = Take(maker.Make());
    ASSERT_TRUE(example && example->is_canonical);
    MessageExample matcher(*example->message, example->fields);
    std::vector<MatchedCell> cells;
    for (int i = 0; i < 1000; ++i) {
      const std::string message = maker.Make();
      const auto taken = Take(i % 10 == 0 ? maker.Spoil(message) : message);
      if (!taken) continue;
      const bool expected = AreAlike(*example, *taken);
      ASSERT_EQ(matcher.Match(*taken->message, &cells), expected);
      if (expected) ExpectCells(*example, *taken, cells);
      (expected ? alike : refused) += 1;
    }
  }
  EXPECT_GT(alike, 500u);
  EXPECT_GT(refused, 500u);
}

TEST(MessageExampleTest, ReadsNothingBehindTheEnd) {
  MessageMaker maker;
  for (int round = 0; round < 50; ++round) {
    const auto example = Take(maker.Make());
    ASSERT_TRUE(example);
    MessageExample matcher(*example->message, example->fields);
    std::vector<MatchedCell> cells;
    for (size_t size = 0; size < example->message->size(); ++size) {
      // A copy of its own, so that a sanitizer sees a byte too far.
      const std::vector<char> part(example->message->begin(),
                                   example->message->begin() + static_cast<ptrdiff_t>(size));
      const auto taken = Take({part.begin(), part.end()});
      const bool expected = taken && AreAlike(*example, *taken);
      EXPECT_EQ(matcher.Match({part.data(), part.size()}, &cells), expected) << size;
    }
    EXPECT_TRUE(matcher.Match(*example->message, &cells));
  }
}

}  // namespace
}  // namespace spandrel::columnar
