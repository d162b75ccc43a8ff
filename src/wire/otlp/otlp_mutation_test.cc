// SPDX-License-Identifier: Apache-2.0
// Damaged requests: never a crash, and the same verdict as libprotobuf where both follow the
// specification.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "span/span_view.h"
#include "wire/jaeger/jaeger.h"
#include "wire/otlp/otlp.h"
#include "wire/testing/random_request.h"

namespace spandrel::wire {
namespace {

namespace gp = google::protobuf;

// OTLP's messages with every string made bytes: libprotobuf refuses strings that are not UTF-8, and
// we take them.
class LenientPeer {
 public:
  LenientPeer() {
    AddFile(*pb::ExportTraceServiceRequest::descriptor()->file());
    const auto* type = pool_.FindMessageTypeByName(
        "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest");
    prototype_ = factory_.GetPrototype(type);
  }

  bool Accepts(const std::string& bytes) const {
    const std::unique_ptr<gp::Message> message(prototype_->New());
    return message->ParseFromString(bytes);
  }

 private:
  void AddFile(const gp::FileDescriptor& file) {
    if (!added_.insert(file.name()).second) return;
    for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i));
    gp::FileDescriptorProto proto;
    file.CopyTo(&proto);
    for (auto& message : *proto.mutable_message_type()) MakeStringsBytes(&message);
    pool_.BuildFile(proto);
  }

  static void MakeStringsBytes(gp::DescriptorProto* message) {
    for (auto& field : *message->mutable_field()) {
      if (field.type() == gp::FieldDescriptorProto::TYPE_STRING) {
        field.set_type(gp::FieldDescriptorProto::TYPE_BYTES);
      }
    }
    for (auto& nested : *message->mutable_nested_type()) MakeStringsBytes(&nested);
  }

  gp::DescriptorPool pool_;
  gp::DynamicMessageFactory factory_;
  std::set<std::string> added_;
  const gp::Message* prototype_ = nullptr;
};

// Reads everything there is to read of a request that passed.
void ReadAll(const span::SpanBatch& batch) {
  span::ForEachSpan(batch, [](const span::SpanRef& ref) {
    EXPECT_LE(ref.name().size(), ref.message().size());
    EXPECT_LE(ref.scope().name.size(), ref.scope().message.size());
  });
  EXPECT_FALSE(EncodeOtlpJson(batch).empty());
  EncodePostSpansRequests(batch);
  for (const auto& piece : SplitBatch(span::SpanBatch(batch), 2, 0)) {
    EXPECT_TRUE(DecodeOtlpProtobuf(base::MakeSharedBytes(EncodeOtlpProtobuf(piece))).ok());
  }
}

// The verdict, after reading what was accepted.
base::Status Verdict(const std::string& bytes) {
  auto decoded = DecodeOtlpProtobuf(base::MakeSharedBytes(bytes));
  if (decoded.ok()) ReadAll(span::SpanBatch(decoded->chunk));
  return decoded.status();
}

// True for the same verdict, and for the one difference that is meant: singular messages given
// twice, which libprotobuf merges. What the peer refuses, we must refuse.
bool SameVerdict(const LenientPeer& peer, const std::string& bytes) {
  const base::Status ours = Verdict(bytes);
  const bool theirs = peer.Accepts(bytes);
  EXPECT_TRUE(theirs || !ours.ok());
  return ours.ok() == theirs || ours.message().find("given twice") != std::string::npos;
}

TEST(OtlpMutation, EveryPrefixHasTheSameVerdict) {
  const LenientPeer peer;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const std::string request = RandomRequest(seed + 30).Make().SerializeAsString();
    for (size_t size = 0; size <= request.size(); ++size) {
      SCOPED_TRACE(size);
      EXPECT_TRUE(SameVerdict(peer, request.substr(0, size)));
    }
  }
}

TEST(OtlpMutation, FlippedBitsHaveTheSameVerdict) {
  const LenientPeer peer;
  RandomRequest random(7);
  int stricter = 0;
  for (int round = 0; round < 40; ++round) {
    const std::string request = random.Make().SerializeAsString();
    if (request.empty()) continue;
    for (int i = 0; i < 100; ++i) {
      std::string damaged = request;
      for (size_t flips = 1 + random.Below(3); flips-- > 0;) {
        damaged[random.Below(damaged.size())] ^= static_cast<char>(1 << random.Below(8));
      }
      stricter += SameVerdict(peer, damaged) ? 0 : 1;
    }
  }
  // Field keys of more than 32 bits, which libprotobuf cuts and we refuse.
  EXPECT_LE(stricter, 2);
}

TEST(OtlpMutation, NoiseIsRefusedOrRead) {
  RandomRequest random(8);
  for (int i = 0; i < 3000; ++i) (void)Verdict(random.Bytes(random.Below(40)));
}

TEST(OtlpMutation, DamagedJsonNeverCrashes) {
  RandomRequest random(9);
  for (int round = 0; round < 10; ++round) {
    auto decoded = DecodeOtlpProtobuf(base::MakeSharedBytes(random.Make().SerializeAsString()));
    ASSERT_TRUE(decoded.ok());
    const std::string json = EncodeOtlpJson(span::SpanBatch(decoded->chunk));
    for (int i = 0; i < 100; ++i) {
      std::string damaged = json;
      damaged[random.Below(damaged.size())] ^= static_cast<char>(1 << random.Below(8));
      if (random.Maybe()) damaged.resize(random.Below(damaged.size()));
      auto read = DecodeOtlpJson(damaged);
      if (read.ok()) ReadAll(span::SpanBatch(read->chunk));
    }
  }
}

}  // namespace
}  // namespace spandrel::wire
