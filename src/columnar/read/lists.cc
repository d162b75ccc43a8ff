// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/lists.h"

#include <array>
#include <functional>
#include <set>
#include <tuple>
#include <unordered_set>

#include "columnar/read/scan.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::AttributeName;
using storage::AttributeScope;

// (service, span name, kind); views of what the snapshot holds.
using OperationKey = std::tuple<std::string_view, std::string_view, span::SpanKind>;

void VisitHeadSpans(const Snapshot& snapshot, const SpanVisitor& visit) {
  for (const HeadView& head : snapshot.heads) {
    for (const HeadChunk& chunk : head.chunks()) {
      for (size_t i = 0; i < chunk.chunk->spans.size(); ++i) visit({*chunk.chunk, i});
    }
  }
}

Status VisitOperations(const Snapshot& snapshot,
                       const std::function<void(const OperationKey&)>& visit) {
  for (const PartPtr& part : snapshot.parts) {
    const auto dictionary = part->LoadDictionary();
    if (!dictionary.ok()) return dictionary.status();
    for (const OperationRecord& operation : (*dictionary)->operations) {
      visit({(*dictionary)->ServiceAt(operation.resource), (*dictionary)->NameAt(operation.name),
             static_cast<span::SpanKind>(operation.kind)});
    }
  }
  OperationKey last;
  bool is_first = true;
  VisitHeadSpans(snapshot, [&](const span::SpanRef& span) {
    const OperationKey key{span.service_name(), span.name(), span.entry().kind};
    if (!is_first && key == last) return;
    is_first = false;
    last = key;
    visit(key);
  });
  return {};
}

// Distinct keys in the order of first sight, without a string for each span.
class NameSet {
 public:
  void Add(span::AttributeReader attributes, AttributeScope scope) {
    Texts& texts = by_scope_[static_cast<size_t>(scope)];
    while (const auto attribute = attributes.Next()) {
      if (texts.find(attribute->key) == texts.end()) texts.emplace(attribute->key);
    }
  }

  std::set<AttributeName> Sorted() const {
    std::set<AttributeName> names;
    for (size_t scope = 0; scope < by_scope_.size(); ++scope) {
      for (const std::string& key : by_scope_[scope]) {
        names.insert({static_cast<AttributeScope>(scope), key});
      }
    }
    return names;
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Texts = std::unordered_set<std::string, Hash, std::equal_to<>>;
  std::array<Texts, 5> by_scope_;
};

void AddNames(const span::SpanRef& ref, NameSet* names) {
  const span::SpanView span = ref.span();
  names->Add(span.attributes(), AttributeScope::kSpan);
  names->Add(ref.resource().attributes(), AttributeScope::kResource);
  names->Add(ref.scope().attributes(), AttributeScope::kInstrumentation);
  auto events = span.events();
  while (const auto event = events.Next()) {
    names->Add(span::EventView(*event).attributes(), AttributeScope::kEvent);
  }
  auto links = span.links();
  while (const auto link = links.Next()) {
    names->Add(span::LinkView(*link).attributes(), AttributeScope::kLink);
  }
}

template <typename T>
std::vector<T> FirstOf(const std::set<T>& all, size_t limit) {
  std::vector<T> first;
  for (const T& item : all) {
    if (first.size() == limit) break;
    first.push_back(item);
  }
  return first;
}

}  // namespace

Result<std::vector<std::string>> ListServices(const Snapshot& snapshot) {
  std::set<std::string> services;
  SPANDREL_RETURN_IF_ERROR(VisitOperations(
      snapshot, [&](const OperationKey& key) { services.emplace(std::get<0>(key)); }));
  return std::vector<std::string>(services.begin(), services.end());
}

Result<std::vector<storage::Operation>> ListOperations(const Snapshot& snapshot,
                                                       std::string_view service) {
  std::set<storage::Operation> operations;
  SPANDREL_RETURN_IF_ERROR(VisitOperations(snapshot, [&](const OperationKey& key) {
    const auto& [owner, name, kind] = key;
    if (service.empty() || owner == service) operations.insert({std::string(name), kind});
  }));
  return std::vector<storage::Operation>(operations.begin(), operations.end());
}

Result<std::vector<AttributeName>> ListTagNames(const Snapshot& snapshot,
                                                const storage::Predicate& where,
                                                storage::TimeRange range, size_t limit) {
  const Result<Matcher> matcher = Matcher::Make(where, range);
  if (!matcher.ok()) return matcher.status();
  Scan scan(snapshot);
  NameSet names;
  SPANDREL_RETURN_IF_ERROR(scan.VisitAll(
      *matcher, Content::kFull, [&](const span::SpanRef& span) { AddNames(span, &names); }));
  return FirstOf(names.Sorted(), limit);
}

Result<std::vector<std::string>> ListTagValues(const Snapshot& snapshot,
                                               const storage::Field& field,
                                               const storage::Predicate& where,
                                               storage::TimeRange range, size_t limit) {
  const Result<Matcher> matcher = Matcher::Make(where, range);
  if (!matcher.ok()) return matcher.status();
  Scan scan(snapshot);
  const Content content = IsPayloadField(field) ? Content::kFull : Content::kLight;
  std::set<std::string> values;
  SPANDREL_RETURN_IF_ERROR(scan.VisitAll(*matcher, content, [&](const span::SpanRef& span) {
    auto text = storage::FieldText(field, span);
    if (!text) return;
    // Of all values the first `limit` are wanted, so no more need be kept.
    values.insert(*std::move(text));
    if (values.size() > limit) values.erase(std::prev(values.end()));
  }));
  return std::vector<std::string>(values.begin(), values.end());
}

}  // namespace spandrel::columnar
