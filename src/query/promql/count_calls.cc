// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "query/promql/counts.h"
#include "storage/trace_fields.h"
#include "storage/trace_scan.h"
#include "storage/value.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using storage::CompareOp;
using storage::FieldColumn;
using storage::Intrinsic;
using storage::Predicate;
using storage::TraceSlice;

// What a bucket and a group take, about.
constexpr size_t kBucketBytes = sizeof(TimedCounts) + 256;
constexpr size_t kGroupBytes = 1'024;

constexpr std::string_view kUser = "user";
constexpr std::string_view kVirtualNode = "virtual_node";
constexpr std::string_view kDatabase = "database";
constexpr std::string_view kMessaging = "messaging_system";

struct Call {
  std::string_view client;
  std::string_view server;
  std::string_view connection_type;
  uint64_t start_unix_nano = 0;
  bool failed = false;
  std::array<std::optional<uint64_t>, 2> durations;  // by side
  uint64_t weight = 1;
};

// Calls added up by labels and time.
class CallTable {
 public:
  CallTable(const storage::QueryContext& context, const CountsRequest& request)
      : request_(request), memory_(context) {}

  Status Add(const Call& call) {
    const auto group = GroupOf(call);
    if (!group.ok()) return group.status();
    if (*group == kRefused) return {};
    const uint64_t number = (call.start_unix_nano - request_.min_unix_nano) / request_.step_nano;
    const auto [place, is_new] = groups_[*group].buckets.try_emplace(number);
    if (is_new) SPANDREL_RETURN_IF_ERROR(memory_.Grow(kBucketBytes));
    TimedCounts& counts = place->second;
    counts.total += call.weight;
    counts.failed += call.failed ? call.weight : 0;
    for (const size_t side : {kServerSide, kClientSide}) {
      if (call.durations[side]) {
        AddDuration(*call.durations[side], call.weight, &counts.durations[side]);
      }
    }
    return {};
  }

  std::vector<LabelledCounts> Take() {
    std::vector<LabelledCounts> all;
    for (Group& group : groups_) {
      LabelledCounts& counts = all.emplace_back();
      counts.labels = std::move(group.labels);
      for (auto& [number, bucket] : group.buckets) {
        const uint64_t start = request_.min_unix_nano + number * request_.step_nano;
        bucket.last_unix_nano = std::min(start + (request_.step_nano - 1), request_.max_unix_nano);
        counts.buckets.push_back(std::move(bucket));
      }
    }
    return all;
  }

 private:
  static constexpr size_t kRefused = SIZE_MAX;
  using Key = std::tuple<std::string, std::string, std::string>;
  using KeyView = std::tuple<std::string_view, std::string_view, std::string_view>;
  struct KeyLess {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return KeyView(a) < KeyView(b);
    }
  };
  struct Group {
    PromLabels labels;
    std::map<uint64_t, TimedCounts> buckets;
  };

  // The group of the labels that are told apart, or kRefused.
  Result<size_t> GroupOf(const Call& call) {
    const KeyView key(call.client, call.server, call.connection_type);
    const auto known = group_of_.find(key);
    if (known != group_of_.end()) return known->second;
    SPANDREL_RETURN_IF_ERROR(memory_.Grow(kGroupBytes));
    auto group = NewGroupOf(call);
    if (group.ok()) group_of_.emplace(Key(key), *group);
    return group;
  }

  Result<size_t> NewGroupOf(const Call& call) {
    PromLabels labels;
    const std::array<std::pair<std::string_view, std::string_view>, 3> all = {
        {{"client", call.client},
         {"connection_type", call.connection_type},
         {"server", call.server}}};
    for (const auto& [label, value] : all) {
      if (!request_.matchers.Hold(label, value)) return kRefused;
      const auto& kept = request_.labels;
      const bool is_kept = std::find(kept.begin(), kept.end(), label) != kept.end();
      if (is_kept) AddLabel(label, std::string(value), &labels);
    }
    const auto [place, is_new] = by_labels_.try_emplace(labels, groups_.size());
    if (!is_new) return place->second;
    if (groups_.size() >= request_.max_groups) return TooManySeries(request_.max_groups);
    groups_.push_back({std::move(labels), {}});
    return place->second;
  }

  void AddDuration(uint64_t duration, uint64_t weight, DurationCounts* counts) const {
    counts->count += weight;
    counts->sum_nano += duration * weight;
    if (request_.native) counts->native.Add(static_cast<double>(duration), weight);
    if (!request_.bounds) return;
    const auto bounds = BoundsOf(MetricFamily::kCalls);
    counts->up_to.resize(bounds.size());
    for (size_t i = bounds.size(); i-- > 0 && duration <= bounds[i];) counts->up_to[i] += weight;
  }

  const CountsRequest& request_;
  storage::QueryMemory memory_;
  std::map<Key, size_t, KeyLess> group_of_;
  std::map<PromLabels, size_t> by_labels_;
  std::vector<Group> groups_;
};

Predicate IsKind(std::string_view one, std::string_view other) {
  const auto is = [](std::string_view kind) {
    return Predicate::Compare(Intrinsic::kKind, CompareOp::kEqual, std::string(kind));
  };
  return Predicate::Or({is(one), is(other)});
}
Predicate IsServing() {
  return IsKind("server", "consumer");
}
Predicate IsCalling() {
  return IsKind("client", "producer");
}

// The first value of a field in a row, a text; empty when it is absent.
std::string_view TextAt(const FieldColumn& column, uint32_t row) {
  const size_t begin = row == 0 ? 0 : column.ends[row - 1];
  if (begin == column.ends[row]) return {};
  const auto* const text = std::get_if<std::string>(&column.values[begin]);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// Conditions that both scans ask of each row, in their order.
enum Asked : size_t { kFailed, kServing, kCalling, kQueued };

storage::TraceScanRequest ScanOf(const CountsRequest& request, const Predicate& where) {
  storage::TraceScanRequest scan;
  scan.where = where;
  scan.start_time = {request.min_unix_nano, request.max_unix_nano + 1};
  scan.whole_traces = true;
  scan.fields.emplace_back(Intrinsic::kServiceName);
  scan.conditions.emplace_back(
      Predicate::Compare(Intrinsic::kStatus, CompareOp::kEqual, std::string("error")));
  scan.conditions.emplace_back(IsServing());
  scan.conditions.emplace_back(IsCalling());
  scan.conditions.emplace_back(IsKind("producer", "consumer"));
  return scan;
}

class CallSink : public storage::TraceSink {
 public:
  CallSink(const storage::QueryContext& context, CallTable* table)
      : context_(context), table_(table) {}

  bool OnTrace(TraceSlice&& slice) final {
    status_ = context_.Check();
    if (status_.ok()) status_ = Add(slice);
    return status_.ok();
  }
  const Status& status() const { return status_; }

 protected:
  virtual Status Add(const TraceSlice& slice) = 0;

  static bool Holds(const TraceSlice& slice, Asked asked, uint32_t row) {
    return slice.holds[asked][row] != 0;
  }
  CallTable& table() { return *table_; }

 private:
  const storage::QueryContext& context_;
  CallTable* const table_;
  Status status_;
};

// Calls that have a server.
class ServedCalls final : public CallSink {
 public:
  using CallSink::CallSink;

 private:
  Status Add(const TraceSlice& slice) override {
    for (uint32_t row = 0; row < slice.row_count(); ++row) {
      if (slice.matched[row] != 0) SPANDREL_RETURN_IF_ERROR(AddServed(slice, row));
    }
    return {};
  }

  Status AddServed(const TraceSlice& slice, uint32_t row) {
    Call call;
    call.server = TextAt(slice.fields[0], row);
    call.start_unix_nano = slice.starts[row];
    call.failed = Holds(slice, kFailed, row);
    call.weight = slice.weight;
    call.durations[kServerSide] = slice.durations[row];
    const int32_t parent = slice.parents[row];
    if (parent == storage::kNoParent) {
      call.client = kUser;
      call.connection_type = kVirtualNode;
      return table().Add(call);
    }
    if (parent < 0) return {};
    const auto client = static_cast<uint32_t>(parent);
    if (!Holds(slice, kCalling, client)) return {};
    call.client = TextAt(slice.fields[0], client);
    call.failed = call.failed || Holds(slice, kFailed, client);
    call.durations[kClientSide] = slice.durations[client];
    if (Holds(slice, kQueued, row) || Holds(slice, kQueued, client)) {
      call.connection_type = kMessaging;
    }
    return table().Add(call);
  }
};

// What says whom a client calls, behind the service among the fields.
constexpr std::array<std::string_view, 8> kPeerKeys = {
    "db.namespace", "db.name",        "db.system.name",       "db.system",
    "peer.service", "server.address", "network.peer.address", "network.peer.port"};
enum PeerKey : size_t {
  kFirstDatabase = 1,
  kPeerService = 5,
  kServerAddress,
  kPeerAddress,
  kPeerPort
};

storage::FieldRef AttributeOf(std::string_view key) {
  storage::AttributeField attribute;
  attribute.key = key;
  return {std::move(attribute)};
}

// Calls of which there is only the client, to what is named by it.
class LoneCalls final : public CallSink {
 public:
  using CallSink::CallSink;

  static storage::TraceScanRequest Request(const CountsRequest& request) {
    std::vector<Predicate> named;
    for (size_t i = 0; i < kPeerService; ++i) {
      named.push_back(Predicate::Exists(AttributeOf(kPeerKeys[i]).field));
    }
    auto scan = ScanOf(request, Predicate::And({IsCalling(), Predicate::Or(std::move(named))}));
    for (const std::string_view key : kPeerKeys) scan.fields.push_back(AttributeOf(key));
    return scan;
  }

 private:
  Status Add(const TraceSlice& slice) override {
    std::vector<uint8_t> is_served(slice.row_count());
    for (uint32_t row = 0; row < slice.row_count(); ++row) {
      if (slice.parents[row] >= 0 && Holds(slice, kServing, row)) {
        is_served[static_cast<uint32_t>(slice.parents[row])] = 1;
      }
    }
    for (uint32_t row = 0; row < slice.row_count(); ++row) {
      if (slice.matched[row] == 0 || is_served[row] != 0) continue;
      SPANDREL_RETURN_IF_ERROR(AddLone(slice, row));
    }
    return {};
  }

  Status AddLone(const TraceSlice& slice, uint32_t row) {
    std::string database;
    for (size_t i = kFirstDatabase; i < kPeerService && database.empty(); ++i) {
      database = TextAt(slice.fields[i], row);
    }
    const bool is_database = !database.empty();
    const std::string server = PeerOf(slice, row, is_database).value_or(database);
    if (server.empty()) return {};
    Call call;
    call.client = TextAt(slice.fields[0], row);
    call.server = server;
    call.connection_type = is_database ? kDatabase : kVirtualNode;
    call.start_unix_nano = slice.starts[row];
    call.failed = Holds(slice, kFailed, row);
    call.weight = slice.weight;
    call.durations[kClientSide] = slice.durations[row];
    if (is_database) call.durations[kServerSide] = slice.durations[row];
    return table().Add(call);
  }

  // By peer.service; of a database by its address as well.
  static std::optional<std::string> PeerOf(const TraceSlice& slice, uint32_t row,
                                           bool is_database) {
    for (const PeerKey key : {kPeerService, kServerAddress}) {
      if (key != kPeerService && !is_database) return std::nullopt;
      const std::string_view name = TextAt(slice.fields[key], row);
      if (!name.empty()) return std::string(name);
    }
    std::string address(TextAt(slice.fields[kPeerAddress], row));
    if (address.empty()) return std::nullopt;
    const std::string port = ValueAt(slice.fields[kPeerPort], row);
    return port.empty() ? address : address + ":" + port;
  }

  static std::string ValueAt(const FieldColumn& column, uint32_t row) {
    const size_t begin = row == 0 ? 0 : column.ends[row - 1];
    return begin == column.ends[row] ? std::string() : storage::ValueText(column.values[begin]);
  }
};

}  // namespace

Result<std::vector<LabelledCounts>> CountCalls(const storage::QueryContext& context,
                                               storage::Reader& reader,
                                               const CountsRequest& request) {
  CallTable table(context, request);
  ServedCalls served(context, &table);
  SPANDREL_RETURN_IF_ERROR(reader.TraceScan(context, ScanOf(request, IsServing()), served));
  SPANDREL_RETURN_IF_ERROR(served.status());
  LoneCalls lone(context, &table);
  SPANDREL_RETURN_IF_ERROR(reader.TraceScan(context, LoneCalls::Request(request), lone));
  SPANDREL_RETURN_IF_ERROR(lone.status());
  return table.Take();
}

}  // namespace spandrel::query
