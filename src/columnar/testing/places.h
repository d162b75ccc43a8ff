// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "columnar/compaction/merge.h"
#include "columnar/part/write/seal.h"
#include "columnar/snapshot/snapshot.h"
#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

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
  // A part of which each trace stays as it is, or for as many as it stands then, or goes.
  void AddPartWithPolicy(const std::vector<conformance::TestSpan>& spans) {
    const span::SpanBatch batch = conformance::MakeBatch(spans);
    reference_.Append(conformance::Weighted(batch, WeightOf), [](const base::Status&) {});
    const std::string path = directory_.path() + "/" + std::to_string(snapshot_.parts.size());
    if (!SealHead(*HeadOf(batch), path + ".whole").ok()) std::abort();
    const PartPtr whole = Part::Open(path + ".whole", 0).value();
    std::vector<KeptTraces> kept;
    for (uint32_t i = 0; i < whole->footer().groups.size(); ++i) {
      kept.push_back(KeptOf(*whole->Group(i).value()));
    }
    if (!RewritePart(whole, kept, {}, path).ok()) std::abort();
    snapshot_.parts.push_back(Part::Open(path, snapshot_.parts.size()).value());
  }
  // What a trace stands for in judged parts: one in five goes.
  static uint16_t WeightOf(const span::TraceId& id) {
    constexpr std::array<uint16_t, 5> kWeights = {0, 1, 1, 7, 300};
    return kWeights[static_cast<uint8_t>(id.view().back()) % kWeights.size()];
  }
  void AddHead(const std::vector<conformance::TestSpan>& spans) {
    snapshot_.heads.emplace_back(MakeHead(spans));
  }
  // Deals spans out to `parts` parts, the first `judged` of them with policy, and a head, so that
  // many traces lie in several places.
  void Scatter(const std::vector<conformance::TestSpan>& spans, size_t parts,
               std::mt19937_64& random, size_t judged = 0) {
    std::vector<std::vector<conformance::TestSpan>> dealt(parts + 1);
    for (const auto& span : spans) dealt[random() % dealt.size()].push_back(span);
    for (size_t i = 0; i < parts; ++i) i < judged ? AddPartWithPolicy(dealt[i]) : AddPart(dealt[i]);
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

  static std::shared_ptr<Head> HeadOf(const span::SpanBatch& batch) {
    auto head = std::make_shared<Head>();
    for (const auto& chunk : batch.chunks()) head->Add(chunk, NothingKnown());
    return head;
  }
  std::shared_ptr<Head> MakeHead(const std::vector<conformance::TestSpan>& spans) {
    const span::SpanBatch batch = conformance::MakeBatch(spans);
    reference_.Append(span::SpanBatch(batch), [](const base::Status&) {});
    return HeadOf(batch);
  }
  static KeptTraces KeptOf(const RowGroup& group) {
    KeptTraces kept;
    const span::TraceId* const ids = group.TraceIds().value();
    const std::vector<uint32_t>& first_rows = *group.FirstRows().value();
    for (uint32_t i = 0; i < group.trace_count(); ++i) {
      kept.weights.push_back(WeightOf(ids[i]));
      if (kept.weights.back() != 0) kept.rows += first_rows[i + 1] - first_rows[i];
    }
    return kept;
  }

  disk::TestDirectory directory_;
  Snapshot snapshot_;
  conformance::ReferenceStore reference_;
};

}  // namespace spandrel::columnar
