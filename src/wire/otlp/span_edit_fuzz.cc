// SPDX-License-Identifier: Apache-2.0
// Any plan of edits on any request that the decoder takes: the outcome is what libprotobuf makes of
// the same edits, and its index is what the decoder makes of it.
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "span/edit/span_editor.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"
#include "wire/testing/edit_plan.h"

using namespace spandrel;
using namespace spandrel::wire;

namespace {

std::vector<EditStep> Steps(base::FuzzInput& input) {
  std::vector<EditStep> steps(input.Byte() % 4);
  for (EditStep& step : steps) {
    step.kind =
        static_cast<EditStep::Kind>(input.Byte() % static_cast<uint8_t>(EditStep::Kind::kCount));
    step.key = input.Text();
    step.other = input.Text();
    step.number = input.Byte();
  }
  return steps;
}

EditPlan Plan(base::FuzzInput& input) {
  EditPlan plan;
  plan.resources = Steps(input);
  plan.scopes = Steps(input);
  plan.records = Steps(input);
  plan.parts = Steps(input);
  plan.dropped_records = input.Byte() % 8;
  plan.dropped_parts = input.Byte() % 8;
  plan.whole_records = input.Byte() % 8;
  return plan;
}

std::string Canonical(PeerEdit::Request request) {
  request.DiscardUnknownFields();
  return request.SerializeAsString();
}

void CheckIndex(const span::SpanChunk& chunk) {
  const auto fresh = DecodeOtlpProtobuf(base::MakeSharedBytes(std::string(chunk.bytes())));
  SPANDREL_CHECK(fresh.ok() && fresh->rejected_spans == 0);
  SPANDREL_CHECK(fresh->chunk->spans.size() == chunk.spans.size());
  SPANDREL_CHECK(fresh->chunk->scopes.size() == chunk.scopes.size());
  SPANDREL_CHECK(fresh->chunk->resources.size() == chunk.resources.size());
  for (size_t i = 0; i < chunk.spans.size(); ++i) {
    const span::SpanRef ours(chunk, i);
    const span::SpanRef theirs(*fresh->chunk, i);
    SPANDREL_CHECK(ours.message() == theirs.message() && ours.name() == theirs.name());
    SPANDREL_CHECK(ours.service_name() == theirs.service_name());
    SPANDREL_CHECK(ours.scope().message == theirs.scope().message);
    SPANDREL_CHECK(ours.resource().message == theirs.resource().message);
    SPANDREL_CHECK(ours.entry().trace_id == theirs.entry().trace_id);
    SPANDREL_CHECK(ours.entry().status == theirs.entry().status);
  }
}

}  // namespace

// libprotobuf would say of each that its text is not UTF-8.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::FuzzInput input(data, size);
  const EditPlan plan = Plan(input);
  const std::string bytes(input.Rest());
  const auto decoded = DecodeOtlpProtobuf(base::MakeSharedBytes(bytes));
  if (!decoded.ok() || decoded->chunk->spans.empty()) return 0;
  base::ByteBudget memory(64 << 20);
  {
    const auto edited = span::EditSpans(span::SpanBatch(decoded->chunk), PlannedEdit(plan), memory);
    SPANDREL_CHECK(edited.ok());
    for (const auto& chunk : edited->batch.chunks()) {
      if (chunk != decoded->chunk) CheckIndex(*chunk);
    }
    // libprotobuf takes no text that is not UTF-8.
    PeerEdit::Request theirs;
    PeerEdit::Request ours;
    if (decoded->chunk->whole && !edited->batch.empty() && theirs.ParseFromString(bytes)) {
      PeerEdit(plan).Run(&theirs);
      const std::string result(edited->batch.chunks().front()->bytes());
      if (ours.ParseFromString(result)) SPANDREL_CHECK(Canonical(ours) == Canonical(theirs));
    }
  }
  SPANDREL_CHECK(memory.used() == 0);
  return 0;
}
