// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/grpc/streaming_querier.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/testing/api.h"
#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::api {
namespace {

using proto::Writer;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr size_t kFrameHeader = 5;

class StreamingQuerierTest : public ApiTest {
 protected:
  StreamingQuerierTest() : tempo_(service_.handler(Door::kTempo)) {
    Fill({{.trace = 1,
           .service = "web",
           .name = "GET",
           .start = kTestNow - 60 * kSecond,
           .duration = 250'000'000,
           .attributes = {{"n", int64_t{5}}}},
          {.trace = 2, .service = "db", .name = "get", .start = kTestNow - 50 * kSecond}});
  }

  struct Answer {
    std::string status;
    std::vector<std::string> messages;
  };

  Answer Call(const std::string& method, const std::string& message) {
    std::string body(kFrameHeader, '\0');
    body[4] = static_cast<char>(message.size());
    net::Request request =
        MakeRequest("POST", "/tempopb.StreamingQuerier/" + method, body + message);
    request.http2 = true;
    request.headers = {{"content-type", "application/grpc"}, {"te", "trailers"}};
    const auto call = std::make_shared<TestCall>(std::move(request));
    tempo_(call);
    const net::Response response = call->Wait();
    Answer answer;
    answer.status = net::FindHeader(response.trailers, "grpc-status");
    if (answer.status.empty()) answer.status = net::FindHeader(response.headers, "grpc-status");
    for (size_t at = 0; at + kFrameHeader <= response.body.size();) {
      const auto byte = [&](size_t i) {
        return static_cast<size_t>(static_cast<unsigned char>(response.body[at + i]));
      };
      const size_t size = byte(2) << 16 | byte(3) << 8 | byte(4);
      answer.messages.push_back(response.body.substr(at + kFrameHeader, size));
      at += kFrameHeader + size;
    }
    return answer;
  }

  // The fields of that number.
  static std::vector<proto::Field> FieldsOf(std::string_view message, uint32_t number) {
    std::vector<proto::Field> fields;
    proto::Field field;
    while (proto::NextField(&message, &field)) {
      if (field.number == number) fields.push_back(field);
    }
    EXPECT_TRUE(message.empty());
    return fields;
  }
  static std::vector<std::string> TextsOf(std::string_view message, uint32_t number) {
    std::vector<std::string> texts;
    for (const proto::Field& field : FieldsOf(message, number)) texts.emplace_back(field.bytes);
    return texts;
  }

  static std::string Texts(const std::vector<std::pair<uint32_t, std::string>>& fields) {
    std::string message;
    Writer writer(&message);
    for (const auto& [number, text] : fields) writer.Bytes(number, text);
    return message;
  }

  net::Handler tempo_;
};

TEST_F(StreamingQuerierTest, StreamsWhatASearchFinds) {
  std::string request = Texts({{8, "{ .n = 5 } | count() = 1"}});
  Writer writer(&request);
  writer.Varint(4, 1);
  writer.Varint(5, kTestNow / kSecond - 900);
  writer.Varint(6, kTestNow / kSecond);
  const Answer answer = Call("Search", request);
  EXPECT_EQ(answer.status, "0");
  ASSERT_EQ(answer.messages.size(), 1U);
  const auto traces = FieldsOf(answer.messages[0], 1);
  ASSERT_EQ(traces.size(), 1U);
  EXPECT_EQ(TextsOf(traces[0].bytes, 1),
            (std::vector<std::string>{"00000000000000000000000000000001"}));
  EXPECT_EQ(TextsOf(traces[0].bytes, 2), (std::vector<std::string>{"web"}));
  EXPECT_EQ(FieldsOf(traces[0].bytes, 4)[0].scalar, kTestNow - 60 * kSecond);
  EXPECT_EQ(FieldsOf(traces[0].bytes, 5)[0].scalar, 250U);
  const auto spanset = FieldsOf(traces[0].bytes, 7);
  ASSERT_EQ(spanset.size(), 1U);
  EXPECT_EQ(FieldsOf(spanset[0].bytes, 2)[0].scalar, 1U);
  const auto span = FieldsOf(spanset[0].bytes, 1)[0].bytes;
  EXPECT_EQ(TextsOf(span, 5), (std::vector<std::string>{Texts({{1, "n"}}) + "\x12\x02\x18\x05"}));
  EXPECT_EQ(TextsOf(spanset[0].bytes, 3),
            (std::vector<std::string>{Texts({{1, "count()"}}) + "\x12\x02\x18\x01"}));
  // What Grafana sends to see whether it works, and the tags of an older page.
  EXPECT_EQ(Call("Search", Texts({{8, "{}"}})).messages.size(), 1U);
  const Answer by_tag = Call("Search", Texts({{1, Texts({{1, "n"}, {2, "5"}})}}));
  EXPECT_EQ(FieldsOf(by_tag.messages.at(0), 1).size(), 1U);
  EXPECT_EQ(Call("Search", Texts({{8, "{ .a == 1 }"}})).status, "3");
  EXPECT_EQ(Call("Search", "\x0A\xFF").status, "3");
}

TEST_F(StreamingQuerierTest, ListsNamesAndValues) {
  EXPECT_EQ(TextsOf(Call("SearchTags", "").messages.at(0), 1),
            (std::vector<std::string>{"n", "service.name"}));
  EXPECT_EQ(TextsOf(Call("SearchTagsV2", Texts({{1, "span"}})).messages.at(0), 1),
            (std::vector<std::string>{Texts({{1, "span"}, {2, "n"}})}));
  EXPECT_EQ(TextsOf(Call("SearchTagValues", Texts({{1, "service.name"}})).messages.at(0), 1),
            (std::vector<std::string>{"db", "web"}));
  EXPECT_EQ(TextsOf(Call("SearchTagValuesV2", Texts({{1, "span.n"}, {2, "{}"}})).messages.at(0), 1),
            (std::vector<std::string>{Texts({{1, "int"}, {2, "5"}})}));
  EXPECT_EQ(Call("SearchTagValuesV2", Texts({{1, "n"}})).status, "3");
}

TEST_F(StreamingQuerierTest, AnswersSeries) {
  std::string request = Texts({{1, "{} | count_over_time() by(name)"}});
  Writer writer(&request);
  writer.Varint(2, kTestNow - 120 * kSecond);
  writer.Varint(3, kTestNow);
  writer.Varint(4, 60 * kSecond);
  const Answer range = Call("MetricsQueryRange", request);
  const auto series = FieldsOf(range.messages.at(0), 1);
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(FieldsOf(series[0].bytes, 2).size(), 4U);
  const Answer point = Call("MetricsQueryInstant", request);
  const auto instant = FieldsOf(point.messages.at(0), 1);
  ASSERT_EQ(instant.size(), 2U);
  EXPECT_EQ(FieldsOf(instant[0].bytes, 2)[0].scalar, 0x3FF0000000000000);
  EXPECT_EQ(Call("MetricsQueryRange", Texts({{1, "{}"}})).status, "3");
}

}  // namespace
}  // namespace spandrel::api
