// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/adjust/shared_ids.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "span/span_view.h"

namespace spandrel::api {
namespace {

using span::SpanId;
using span::SpanKind;
using span::SpanRef;

// The id that follows, never zero.
SpanId Following(SpanId id) {
  for (size_t i = id.bytes.size(); i-- > 0;) {
    if (++id.bytes[i] != 0) break;
  }
  if (id.IsZero()) id.bytes.back() = 1;
  return id;
}

// Spans that share an id.
struct Group {
  std::string_view client_service;
  struct Server {
    std::string_view service;
    SpanId new_id;
  };
  std::vector<Server> servers;

  // Where a span of `service` below the shared id belongs; null: to the client.
  const Server* HomeOf(std::string_view service) const {
    const auto same = std::find_if(servers.begin(), servers.end(), [service](const Server& server) {
      return server.service == service;
    });
    if (same != servers.end()) return &*same;
    return service == client_service ? nullptr : &servers.front();
  }
};

class Separation {
 public:
  explicit Separation(const span::SpanBatch& trace) {
    spans_.reserve(trace.span_count());
    ids_.reserve(trace.span_count());
    span::ForEachSpan(trace, [this](const SpanRef& ref) {
      ids_.emplace_back(ref.entry().span_id, spans_.size());
      spans_.push_back(ref);
    });
    std::sort(ids_.begin(), ids_.end());
  }

  std::map<size_t, NewIds> Run() {
    for (size_t first = 0; first < ids_.size();) {
      size_t end = first + 1;
      while (end < ids_.size() && ids_[end].first == ids_[first].first) ++end;
      if (end - first > 1) Separate(first, end);
      first = end;
    }
    if (!groups_.empty()) MoveChildren();
    return std::move(changes_);
  }

 private:
  const SpanRef& SpanAt(size_t place) const { return spans_[ids_[place].second]; }

  void Separate(size_t first, size_t end) {
    Group group;
    bool has_client = false;
    for (size_t place = first; place < end; ++place) {
      if (SpanAt(place).entry().kind != SpanKind::kClient) continue;
      group.client_service = SpanAt(place).service_name();
      has_client = true;
      break;
    }
    if (!has_client) return;
    const SpanId shared = ids_[first].first;
    SpanId next = shared;
    for (size_t place = first; place < end; ++place) {
      if (SpanAt(place).entry().kind != SpanKind::kServer) continue;
      next = Unused(next);
      group.servers.push_back({SpanAt(place).service_name(), next});
      changes_[ids_[place].second] = {next, shared};
    }
    if (!group.servers.empty()) groups_.emplace(shared, std::move(group));
  }

  SpanId Unused(SpanId id) {
    const auto is_used = [this](const SpanId& candidate) {
      const auto found =
          std::lower_bound(ids_.begin(), ids_.end(), std::pair(candidate, size_t{0}));
      return (found != ids_.end() && found->first == candidate) || given_.contains(candidate);
    };
    do id = Following(id);
    while (is_used(id));
    given_.insert(id);
    return id;
  }

  void MoveChildren() {
    for (size_t i = 0; i < spans_.size(); ++i) {
      const auto group = groups_.find(spans_[i].entry().parent_span_id);
      if (group == groups_.end() || changes_.contains(i)) continue;
      // A span that is its own parent stays as odd as it is.
      if (spans_[i].entry().span_id == group->first) continue;
      const Group::Server* home = group->second.HomeOf(spans_[i].service_name());
      if (home != nullptr) changes_[i].parent = home->new_id;
    }
  }

  std::vector<SpanRef> spans_;
  std::vector<std::pair<SpanId, size_t>> ids_;  // with the places of their spans, in order
  std::set<SpanId> given_;
  std::map<SpanId, Group> groups_;
  std::map<size_t, NewIds> changes_;
};

}  // namespace

std::map<size_t, NewIds> SeparateSharedIds(const span::SpanBatch& trace) {
  return Separation(trace).Run();
}

}  // namespace spandrel::api
