// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/record_groups.h"

#include <limits>
#include <map>
#include <string_view>
#include <tuple>

#include "wire/otlp/chunk_entries.h"

namespace spandrel::wire {
namespace {

// Present or not, message, schema URL, and for a scope the index of its resource group.
using Key = std::tuple<bool, std::string_view, std::string_view, size_t>;

constexpr size_t kUnknown = std::numeric_limits<size_t>::max();

struct Place {
  size_t resource = kUnknown;
  size_t scope = kUnknown;
};

template <typename Chunk>
class Grouping {
 public:
  using Ref = typename RefOfChunk<Chunk>::Type;

  void AddChunk(const Chunk& chunk) {
    std::vector<Place> places(chunk.scopes.size());
    for (size_t i = 0; i < EntriesOf(chunk).size(); ++i) {
      const Ref ref(chunk, i);
      Place& place = places[ref.entry().scope];
      if (place.resource == kUnknown) place = PlaceOf(chunk, ref);
      groups_[place.resource].scopes[place.scope].records.push_back(ref);
    }
  }

  std::vector<ResourceGroup<Ref>> Take() { return std::move(groups_); }

 private:
  Place PlaceOf(const Chunk& chunk, const Ref& ref) {
    const auto& resource = ref.resource_entry();
    const Key resource_key = {resource.present, resource.message.In(chunk.bytes()),
                              ref.resource_schema_url(), 0};
    const auto [group, new_group] = resources_.try_emplace(resource_key, groups_.size());
    if (new_group) groups_.emplace_back();

    const auto& scope = ref.scope_entry();
    const Key scope_key = {scope.present, scope.message.In(chunk.bytes()), ref.scope_schema_url(),
                           group->second};
    auto& scopes = groups_[group->second].scopes;
    const auto [member, new_scope] = scopes_.try_emplace(scope_key, scopes.size());
    if (new_scope) scopes.emplace_back();
    return {group->second, member->second};
  }

  std::vector<ResourceGroup<Ref>> groups_;
  std::map<Key, size_t> resources_;
  std::map<Key, size_t> scopes_;
};

template <typename Chunk>
auto Group(const std::vector<std::shared_ptr<const Chunk>>& chunks) {
  Grouping<Chunk> grouping;
  for (const auto& chunk : chunks) grouping.AddChunk(*chunk);
  return grouping.Take();
}

}  // namespace

std::vector<ResourceGroup<span::SpanRef>> GroupByResource(
    const std::vector<std::shared_ptr<const span::SpanChunk>>& chunks) {
  return Group(chunks);
}
std::vector<ResourceGroup<signal::RecordRef>> GroupByResource(
    const std::vector<std::shared_ptr<const signal::RecordChunk>>& chunks) {
  return Group(chunks);
}

}  // namespace spandrel::wire
