// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/list/lists.h"

#include <functional>
#include <set>
#include <tuple>

#include "columnar/read/list/name_set.h"
#include "columnar/read/list/value_set.h"
#include "columnar/read/match/row_matcher.h"
#include "columnar/read/scan/scan.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::AttributeName;

// (service, span name, kind); views of what is being visited.
using OperationKey = std::tuple<std::string_view, std::string_view, span::SpanKind>;

// What is returned ends the visit unless it is OK.
using OperationVisitor = std::function<Status(const OperationKey&)>;

// What a set takes for a name beside its text.
constexpr size_t kNameBytes = 96;

Status VisitOperationsOf(const span::SpanChunk& chunk, const OperationVisitor& visit) {
  OperationKey last;
  for (size_t i = 0; i < chunk.spans.size(); ++i) {
    const span::SpanRef span(chunk, i);
    const OperationKey key{span.service_name(), span.name(), span.entry().kind};
    if (i == 0 || key != last) SPANDREL_RETURN_IF_ERROR(visit(key));
    last = key;
  }
  return {};
}

Status VisitOperations(const storage::QueryContext& context, const Snapshot& snapshot,
                       const OperationVisitor& visit) {
  for (const PartPtr& part : snapshot.parts) {
    SPANDREL_RETURN_IF_ERROR(context.Check());
    const auto dictionary = part->LoadDictionary();
    if (!dictionary.ok()) return dictionary.status();
    for (const OperationRecord& operation : (*dictionary)->operations) {
      SPANDREL_RETURN_IF_ERROR(visit({(*dictionary)->ServiceAt(operation.resource),
                                      (*dictionary)->NameAt(operation.name),
                                      static_cast<span::SpanKind>(operation.kind)}));
    }
  }
  for (const HeadView& head : snapshot.heads) {
    for (const HeadChunk& chunk : head.chunks()) {
      SPANDREL_RETURN_IF_ERROR(context.Check());
      const auto loaded = head.Load(chunk);
      if (loaded != nullptr) SPANDREL_RETURN_IF_ERROR(VisitOperationsOf(*loaded, visit));
    }
  }
  return {};
}

// Adds all matching rows of a row group to a NameSet or ValueSet; false when it cannot be read.
template <typename Set>
bool AddGroup(const Snapshot& snapshot, const ScanUnit& unit, RowMatcher& matcher, Set* set) {
  const Result<RowGroupPtr> group = snapshot.parts[unit.source]->Group(unit.index);
  if (!group.ok()) return false;
  const auto rows = matcher.RowsOf(*group, unit.source);
  if (!rows.ok()) return false;
  MatchedRows matched;
  return matched.Load(**group, *rows).ok() && set->AddRows(**group, matched).ok();
}

// Adds all matching spans, those of row groups by their columns where the set can.
template <typename Set>
Status AddAll(const storage::QueryContext& context, const Snapshot& snapshot,
              const Matcher& matcher, const Content& content, bool by_columns, Set* set) {
  Scan scan(context, snapshot);
  storage::QueryMemory memory(context);
  const Result<std::vector<ScanUnit>> units = scan.Units(matcher);
  if (!units.ok()) return units.status();
  RowMatcher rows(matcher);
  for (const ScanUnit& unit : *units) {
    SPANDREL_RETURN_IF_ERROR(context.Check());
    const bool is_group = unit.source < scan.part_count();
    if (is_group && by_columns && AddGroup(snapshot, unit, rows, set)) {
      scan.CountScanned(snapshot.parts[unit.source]->footer().groups[unit.index].row_count);
    } else {
      SPANDREL_RETURN_IF_ERROR(scan.Visit(unit, matcher, content, [&](const span::SpanRef& span) {
        set->AddSpan(span);
        return Status();
      }));
    }
    SPANDREL_RETURN_IF_ERROR(memory.GrowTo(set->byte_size()));
  }
  return {};
}

// What every span meets that has a value to list: see WithValues of the catalog.
storage::Predicate WithValue(const storage::Predicate& where, const storage::Field& field) {
  if (!std::holds_alternative<storage::AttributeField>(field)) return where;
  storage::Predicate both = storage::Predicate::And({where, storage::Predicate::Exists(field)});
  return storage::ValidateShape(both).ok() ? both : where;
}

}  // namespace

Result<std::vector<std::string>> ListServices(const storage::QueryContext& context,
                                              const Snapshot& snapshot) {
  std::set<std::string, std::less<>> services;
  storage::QueryMemory memory(context);
  SPANDREL_RETURN_IF_ERROR(VisitOperations(context, snapshot, [&](const OperationKey& key) {
    const std::string_view service = std::get<0>(key);
    if (services.find(service) != services.end()) return Status();
    services.emplace(service);
    return memory.Grow(kNameBytes + service.size());
  }));
  return std::vector<std::string>(services.begin(), services.end());
}

Result<std::vector<storage::Operation>> ListOperations(const storage::QueryContext& context,
                                                       const Snapshot& snapshot,
                                                       std::string_view service) {
  std::set<storage::Operation> operations;
  storage::QueryMemory memory(context);
  SPANDREL_RETURN_IF_ERROR(VisitOperations(context, snapshot, [&](const OperationKey& key) {
    const auto& [owner, name, kind] = key;
    const bool is_wanted = service.empty() || owner == service;
    if (!is_wanted || !operations.insert({std::string(name), kind}).second) return Status();
    return memory.Grow(kNameBytes + name.size());
  }));
  return std::vector<storage::Operation>(operations.begin(), operations.end());
}

Result<std::vector<AttributeName>> ListTagNames(const storage::QueryContext& context,
                                                const Snapshot& snapshot,
                                                const storage::Predicate& where,
                                                storage::TimeRange range, size_t limit) {
  const Result<Matcher> matcher = Matcher::Make(context, where, range);
  if (!matcher.ok()) return matcher.status();
  NameSet names(limit);
  SPANDREL_RETURN_IF_ERROR(AddAll(context, snapshot, *matcher, Content::kFull, true, &names));
  return names.Sorted();
}

Result<std::vector<std::string>> ListTagValues(const storage::QueryContext& context,
                                               const Snapshot& snapshot,
                                               const storage::Field& field,
                                               const storage::Predicate& where,
                                               storage::TimeRange range, size_t limit) {
  const Result<Matcher> matcher = Matcher::Make(context, WithValue(where, field), range);
  if (!matcher.ok()) return matcher.status();
  Content content;
  content.Add(field);
  ValueSet values(field, limit);
  SPANDREL_RETURN_IF_ERROR(
      AddAll(context, snapshot, *matcher, content, values.HasColumns(), &values));
  return values.Sorted();
}

}  // namespace spandrel::columnar
