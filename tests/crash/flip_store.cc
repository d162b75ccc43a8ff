// SPDX-License-Identifier: Apache-2.0
#include "crash/flip_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>

#include "traffic/generator.h"
#include "wire/otlp/otlp.h"

namespace spandrel::crash {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kStart = 1'700'000'000'000'000'000;
constexpr uint64_t kSpansPerRequest = 1000;
constexpr uint64_t kEveryOther = 8;  // one request in so many is the second tenant's
constexpr uint64_t kMaxSpansInLog = 20'000;
constexpr size_t kSampledTraces = 24;
constexpr const char* kSecondTenant = "second";

[[noreturn]] void Fail(const base::Status& status) {
  fmt::print("FAILED: {}\n", status.ToString());
  std::exit(1);
}

std::unique_ptr<columnar::Engine> MustOpen(const columnar::EngineOptions& options) {
  base::MetricRegistry* const metrics = new base::MetricRegistry;  // outlives the engine
  auto engine = columnar::Engine::Open(options, *metrics);
  if (!engine.ok()) Fail(engine.status());
  return *std::move(engine);
}

// Lets a few appends be under way at once.
class Sender {
 public:
  explicit Sender(columnar::Engine& engine, uint64_t spans)
      : engine_(engine), generator_({.spans = spans, .start_time_unix_nano = kStart}) {}

  void Send(uint64_t spans) {
    for (uint64_t sent = 0; sent < spans; sent += kSpansPerRequest) SendRequest();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return under_way_ == 0; });
  }

 private:
  void SendRequest() {
    auto request =
        wire::DecodeOtlpProtobuf(base::MakeSharedBytes(generator_.NextRequest(kSpansPerRequest)));
    if (!request.ok()) Fail(request.status());
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return under_way_ < 4; });
      ++under_way_;
    }
    const bool is_other = ++requests_ % kEveryOther == 0;
    Append(is_other ? kSecondTenant : "", span::SpanBatch(request->chunk));
  }

  // Where the store is behind with sealing it is asked again.
  void Append(const std::string& tenant, const span::SpanBatch& batch) {
    engine_.Append(tenant, span::SpanBatch(batch), [this, tenant, batch](const base::Status& done) {
      if (!done.ok()) Fail(done);
      std::lock_guard lock(mutex_);
      --under_way_;
      changed_.notify_all();
    });
  }

  columnar::Engine& engine_;
  traffic::SpanGenerator generator_;
  uint64_t requests_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  int under_way_ = 0;
};

std::string TenantOf(const fs::path& file) {
  return *file.begin() == "tenants" ? kSecondTenant : "";
}

std::vector<fs::path> FilesOf(const fs::path& image) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(image)) {
    if (entry.is_regular_file() && entry.file_size() > 0) {
      files.push_back(fs::relative(entry.path(), image));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

AskedFor WholeOf(columnar::Engine& store, const std::string& tenant) {
  const auto of_tenant = store.ForTenant(tenant);
  AskedFor asked{.tenant = tenant};
  asked.range = {0, UINT64_MAX};
  const auto services = of_tenant->Services({});
  if (services.ok() && !services->empty()) asked.service = services->front();
  const storage::StoreStats stats = of_tenant->Stats();
  asked.traces = SampleTraces(
      *of_tenant, {*stats.oldest_start_unix_nano, *stats.newest_start_unix_nano}, kSampledTraces);
  return asked;
}

void AskAll(columnar::Engine& store, FlipTarget* target) {
  for (const AskedFor& asked : target->asked) {
    auto answers = AskQuestions(store, asked);
    std::move(answers.begin(), answers.end(), std::back_inserter(target->answers));
  }
}

// Of a part, what is in its time.
FlipTarget PartTarget(columnar::Engine& store, const columnar::PartInfo& part, const fs::path& file,
                      const FlipTarget& whole) {
  FlipTarget target{.file = file, .bytes = part.bytes};
  const std::string tenant = TenantOf(file);
  target.asked = whole.asked;
  std::erase_if(target.asked, [&](const AskedFor& asked) { return asked.tenant != tenant; });
  AskedFor& asked = target.asked.front();
  asked.range = {part.min_start_unix_nano, part.max_start_unix_nano + 1};
  asked.traces = SampleTraces(*store.ForTenant(tenant), asked.range, kSampledTraces);
  AskAll(store, &target);
  return target;
}

void Flip(const fs::path& path, uint64_t flips, std::mt19937_64& random) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const uint64_t bits = fs::file_size(path) * 8;
  std::set<uint64_t> places;
  while (places.size() < std::min(flips, bits / 2)) places.insert(random() % bits);
  for (const uint64_t place : places) {
    file.seekg(static_cast<std::streamoff>(place / 8));
    const auto byte = static_cast<char>(file.get() ^ (1 << place % 8));
    file.seekp(static_cast<std::streamoff>(place / 8));
    file.put(byte);
  }
}

}  // namespace

columnar::EngineOptions FlipOptions(const fs::path& directory, uint64_t spans) {
  columnar::EngineOptions options;
  options.directory = directory;
  options.create_directory = true;
  options.tenants = true;
  options.durability = columnar::Durability::kOs;
  options.seal_spans = std::clamp<uint64_t>(spans / 16, 4096, options.seal_spans);
  options.seal_age = std::chrono::hours(1);
  options.max_head_bytes = uint64_t{4} << 30;  // the sender does not wait
  options.max_log_file_bytes = uint64_t{4} << 20;
  options.reserve_bytes = 0;
  options.min_free_bytes = 0;
  return options;
}

void FillStore(const fs::path& image, uint64_t spans) {
  const fs::path origin = image.string() + ".origin";
  {
    const auto engine = MustOpen(FlipOptions(origin, spans));
    Sender sender(*engine, spans);
    const uint64_t in_log = std::min(spans / 10, kMaxSpansInLog);
    sender.Send(spans - in_log);
    engine->Settle();
    sender.Send(in_log);
    fs::copy(origin, image, fs::copy_options::recursive);
  }
  fs::remove_all(origin);
}

FlipTargets FindTargets(const fs::path& image, uint64_t spans) {
  columnar::EngineOptions options = FlipOptions(image, spans);
  options.read_only = true;
  const auto engine = MustOpen(options);
  FlipTargets found;
  found.spans = engine->Verify([](uint64_t) { return true; }).spans;
  found.whole.asked = {WholeOf(*engine, ""), WholeOf(*engine, kSecondTenant)};
  AskAll(*engine, &found.whole);
  const std::vector<columnar::PartInfo> parts = engine->Parts();
  for (const fs::path& file : FilesOf(image)) {
    const auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& one) {
      return fs::path(one.file) == image / file;
    });
    if (part != parts.end()) {
      found.files.push_back(PartTarget(*engine, *part, file, found.whole));
      continue;
    }
    found.files.push_back(found.whole);
    found.files.back().file = file;
    found.files.back().bytes = fs::file_size(image / file);
  }
  return found;
}

void MakeTwin(const fs::path& image, const fs::path& twin, const Flips& flips,
              std::mt19937_64& random) {
  fs::remove_all(twin);
  fs::copy(image, twin, fs::copy_options::recursive | fs::copy_options::directories_only);
  for (const fs::path& file : FilesOf(image)) {
    const bool is_flipped =
        std::find(flips.files.begin(), flips.files.end(), file) != flips.files.end();
    if (file.extension() == ".part" && !is_flipped) {
      fs::create_hard_link(image / file, twin / file);
    } else {
      fs::copy_file(image / file, twin / file);
    }
    if (is_flipped) Flip(twin / file, flips.in_each, random);
  }
}

}  // namespace spandrel::crash
