// SPDX-License-Identifier: Apache-2.0
#include "query/renamed_reader.h"

#include <optional>

#include "query/attribute_names.h"

namespace spandrel::query {
namespace {

using base::Result;
using storage::QueryContext;

template <typename Item>
void AddToEach(std::vector<Item>* items) {
  for (Item& item : *items) AddOtherNames(&item);
}

// A request as it is asked: with other names, or as it is where names are exact.
template <typename Request>
class Asked {
 public:
  template <typename AddNames>
  Asked(const QueryContext& context, const Request& request, AddNames&& add_names)
      : request_(request) {
    if (context.exact_names()) return;
    renamed_ = request;
    add_names(&*renamed_);
  }

  const Request& get() const { return renamed_ ? *renamed_ : request_; }

 private:
  const Request& request_;
  std::optional<Request> renamed_;
};

// For requests of which only the condition names attributes.
constexpr auto kOfCondition = [](auto* request) { AddOtherNames(&request->where); };
constexpr auto kOfItself = [](auto* asked) { AddOtherNames(asked); };

}  // namespace

storage::Pushdown RenamedReader::PushesDown(const storage::Expression& expression) const {
  storage::Expression asked = expression;
  AddOtherNames(&asked);
  return reader_.PushesDown(asked);
}

Result<storage::SearchResult> RenamedReader::Search(const QueryContext& context,
                                                    const storage::SearchRequest& request) {
  return reader_.Search(context, Asked(context, request, kOfCondition).get());
}

base::Status RenamedReader::TraceScan(const QueryContext& context,
                                      const storage::TraceScanRequest& request,
                                      storage::TraceSink& sink) {
  const Asked asked(context, request, [](storage::TraceScanRequest* renamed) {
    AddOtherNames(&renamed->where);
    AddToEach(&renamed->fields);
    AddToEach(&renamed->conditions);
    AddToEach(&renamed->operands);
    AddToEach(&renamed->needs);
  });
  return reader_.TraceScan(context, asked.get(), sink);
}

Result<storage::AggregateResult> RenamedReader::Aggregate(
    const QueryContext& context, const storage::AggregateRequest& request) {
  const Asked asked(context, request, [](storage::AggregateRequest* renamed) {
    AddOtherNames(&renamed->where);
    AddToEach(&renamed->group_by);
  });
  return reader_.Aggregate(context, asked.get());
}

Result<storage::MeasureResult> RenamedReader::Measure(const QueryContext& context,
                                                      const storage::MeasureRequest& request) {
  const Asked asked(context, request, [](storage::MeasureRequest* renamed) {
    AddOtherNames(&renamed->where);
    AddToEach(&renamed->group_by);
    for (storage::Measure& measure : renamed->measures) {
      if (measure.field) AddOtherNames(&*measure.field);
    }
  });
  return reader_.Measure(context, asked.get());
}

Result<storage::ValueCountsResult> RenamedReader::ValueCounts(
    const QueryContext& context, const storage::ValueCountsRequest& request) {
  const Asked asked(context, request, [](storage::ValueCountsRequest* renamed) {
    AddOtherNames(&renamed->a);
    AddOtherNames(&renamed->b);
  });
  return reader_.ValueCounts(context, asked.get());
}

Result<storage::NamesResult> RenamedReader::Names(const QueryContext& context,
                                                  const storage::NamesRequest& request) {
  return reader_.Names(context, Asked(context, request, kOfCondition).get());
}

Result<storage::ValuesResult> RenamedReader::Values(const QueryContext& context,
                                                    const storage::ValuesRequest& request) {
  const Asked asked(context, request, [](storage::ValuesRequest* renamed) {
    AddOtherNames(&renamed->field);
    AddOtherNames(&renamed->where);
  });
  return reader_.Values(context, asked.get());
}

Result<std::vector<storage::AttributeName>> RenamedReader::TagNames(const QueryContext& context,
                                                                    const storage::Predicate& where,
                                                                    storage::TimeRange range,
                                                                    size_t limit) {
  return reader_.TagNames(context, Asked(context, where, kOfItself).get(), range, limit);
}

Result<std::vector<std::string>> RenamedReader::TagValues(const QueryContext& context,
                                                          const storage::Field& field,
                                                          const storage::Predicate& where,
                                                          storage::TimeRange range, size_t limit) {
  return reader_.TagValues(context, Asked(context, field, kOfItself).get(),
                           Asked(context, where, kOfItself).get(), range, limit);
}

}  // namespace spandrel::query
