// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "columnar/part/seal.h"
#include "columnar/read/snapshot.h"
#include "columnar/test_directory.h"
#include "conformance/reference_store.h"
#include "conformance/test_spans.h"

namespace spandrel::columnar {

// Spans in parts and heads as a test puts them there, and a reference store with the same spans.
class TestPlaces {
 public:
  void AddPart(const std::vector<conformance::TestSpan>& spans) {
    const auto head = MakeHead(spans);
    const std::string path = directory_.path() + "/" + std::to_string(snapshot_.parts.size());
    if (!SealHead(*head, path).ok()) std::abort();
    snapshot_.parts.push_back(Part::Open(path, snapshot_.parts.size()).value());
  }
  void AddHead(const std::vector<conformance::TestSpan>& spans) {
    snapshot_.heads.emplace_back(MakeHead(spans));
  }
  // Deals spans out to `parts` parts and a head, so that many traces lie in several places.
  void Scatter(const std::vector<conformance::TestSpan>& spans, size_t parts,
               std::mt19937_64& random) {
    std::vector<std::vector<conformance::TestSpan>> dealt(parts + 1);
    for (const auto& span : spans) dealt[random() % dealt.size()].push_back(span);
    for (size_t i = 0; i < parts; ++i) AddPart(dealt[i]);
    AddHead(dealt[parts]);
  }

  const Snapshot& snapshot() const { return snapshot_; }
  conformance::ReferenceStore& reference() { return reference_; }

 private:
  class NothingKnown final : public Head::Known {
   public:
    void Prefetch(uint64_t /*hash*/) const override {}
    bool Contains(const span::SpanEntry& /*entry*/, uint64_t /*hash*/) const override {
      return false;
    }
  };

  std::shared_ptr<Head> MakeHead(const std::vector<conformance::TestSpan>& spans) {
    auto head = std::make_shared<Head>();
    const span::SpanBatch batch = conformance::MakeBatch(spans);
    for (const auto& chunk : batch.chunks()) head->Add(chunk, NothingKnown());
    reference_.Append(span::SpanBatch(batch), [](const base::Status&) {});
    return head;
  }

  TestDirectory directory_;
  Snapshot snapshot_;
  conformance::ReferenceStore reference_;
};

}  // namespace spandrel::columnar
