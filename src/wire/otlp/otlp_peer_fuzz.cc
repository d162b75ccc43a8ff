// SPDX-License-Identifier: Apache-2.0
// libprotobuf reads the same bytes: it accepts whatever we accept, we refuse nothing that it
// accepts but for the reasons in the module's README, and every field reads the same.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/check.h"
#include "wire/otlp/otlp.h"
#include "wire/testing/random_request.h"
#include "wire/testing/same_as_peer.h"

namespace spandrel::wire {
namespace {

using google::protobuf::FieldDescriptorProto;

void TextsAsBytes(google::protobuf::DescriptorProto* message) {
  for (FieldDescriptorProto& field : *message->mutable_field()) {
    if (field.type() == FieldDescriptorProto::TYPE_STRING) {
      field.set_type(FieldDescriptorProto::TYPE_BYTES);
    }
  }
}

// The schema of a request with every `string` a `bytes`, since libprotobuf refuses texts that are
// not UTF-8 and we do not.
class LenientPeer {
 public:
  LenientPeer() {
    const auto* const file = pb::ExportTraceServiceRequest::descriptor()->file();
    Add(file);
    const auto* const type =
        pool_.FindMessageTypeByName(pb::ExportTraceServiceRequest::descriptor()->full_name());
    SPANDREL_CHECK(type != nullptr);
    prototype_ = factory_.GetPrototype(type);
  }

  // As libprotobuf writes what it has read, without unknown fields; nothing when it refuses it.
  std::optional<std::string> Rewrite(const std::string& bytes) const {
    const std::unique_ptr<google::protobuf::Message> message(prototype_->New());
    if (!message->ParseFromString(bytes)) return std::nullopt;
    message->DiscardUnknownFields();
    return message->SerializeAsString();
  }

 private:
  // Imports are four deep.
  void Add(const google::protobuf::FileDescriptor* file) {
    if (pool_.FindFileByName(file->name()) != nullptr) return;
    for (int i = 0; i < file->dependency_count(); ++i) Add(file->dependency(i));
    google::protobuf::FileDescriptorProto copy;
    file->CopyTo(&copy);
    for (auto& message : *copy.mutable_message_type()) {
      TextsAsBytes(&message);
      for (auto& nested : *message.mutable_nested_type()) TextsAsBytes(&nested);
    }
    SPANDREL_CHECK(pool_.BuildFile(copy) != nullptr);
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Message* prototype_ = nullptr;
};

void ExpectSame(const DecodedRequest& ours, const std::string& bytes) {
  pb::ExportTraceServiceRequest theirs;
  if (ours.rejected_spans == 0 && theirs.ParseFromString(bytes)) {
    ExpectSameSpans(*ours.chunk, theirs);
  }
}

void Check(const std::string& bytes) {
  static const LenientPeer peer;
  const std::optional<std::string> rewritten = peer.Rewrite(bytes);
  const auto ours = DecodeOtlpProtobuf(base::MakeSharedBytes(bytes));
  if (ours.ok()) {
    EXPECT_TRUE(rewritten);
    ExpectSame(*ours, bytes);
  }
  if (!rewritten) return;
  const auto again = DecodeOtlpProtobuf(base::MakeSharedBytes(*rewritten));
  if (again.ok()) {
    ExpectSame(*again, *rewritten);
  } else {
    EXPECT_NE(again.status().message().find("nest deeper"), std::string::npos)
        << again.status().message();
  }
}

}  // namespace
}  // namespace spandrel::wire

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  testing::GTEST_FLAG(break_on_failure) = true;
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  spandrel::wire::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
