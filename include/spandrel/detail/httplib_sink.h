// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <cstdint>
#include <type_traits>
#include <utility>

#include "spandrel/detail/httplib_headers.h"
#include "spandrel/http.h"

// What becomes of a body that a content provider writes through a cpp-httplib sink. For
// spandrel/httplib.h.
namespace spandrel::httplib {

// How far it got.
struct StreamProgress {
  http::ServerSpan* span = nullptr;  // is told of bytes written; null: they are not those sent
  uint64_t written = 0;
  bool done = false;  // the provider said so
  bool lost = false;  // a write failed, or would have
};

// Sees what a provider does with a sink, during one call of the provider.
class WatchedSink {
 public:
  WatchedSink(::httplib::DataSink& sink, StreamProgress& progress)
      : sink_(sink),
        progress_(progress),
        write_(std::move(sink.write)),
        is_writable_(std::move(sink.is_writable)),
        done_(std::move(sink.done)),
        trailer_(sink, progress) {
    sink.write = [this](const char* data, size_t size) { return Write(data, size); };
    sink.is_writable = [this] { return IsWritable(); };
    if (!done_) return;
    sink.done = [this] {
      progress_.done = true;
      done_();
    };
  }
  WatchedSink(const WatchedSink&) = delete;
  WatchedSink& operator=(const WatchedSink&) = delete;
  ~WatchedSink() {
    sink_.write = std::move(write_);
    sink_.is_writable = std::move(is_writable_);
    sink_.done = std::move(done_);
  }

 private:
  // Old versions of httplib have no trailers.
  template <typename Sink, typename = void>
  struct Trailer {
    Trailer(Sink&, StreamProgress&) {}
  };
  template <typename Sink>
  struct Trailer<Sink, std::void_t<decltype(std::declval<Sink&>().done_with_trailer)>> {
    Trailer(Sink& given, StreamProgress& progress)
        : sink(given), done(std::move(given.done_with_trailer)), progress(progress) {
      if (!done) return;
      sink.done_with_trailer = [this](const ::httplib::Headers& trailer) {
        this->progress.done = true;
        done(trailer);
      };
    }
    Trailer(const Trailer&) = delete;
    Trailer& operator=(const Trailer&) = delete;
    ~Trailer() { sink.done_with_trailer = std::move(done); }

    Sink& sink;
    decltype(std::declval<Sink&>().done_with_trailer) done;
    StreamProgress& progress;
  };

  bool Write(const char* data, size_t size) {
    if (!write_(data, size)) {
      progress_.lost = true;
      return false;
    }
    progress_.written += size;
    if (size == 0) progress_.done = true;  // of a chunked answer
    if (progress_.span != nullptr) Quietly([&] { progress_.span->AddWritten(size); });
    return true;
  }
  bool IsWritable() {
    const bool writable = is_writable_();
    if (!writable) progress_.lost = true;
    return writable;
  }

  ::httplib::DataSink& sink_;
  StreamProgress& progress_;
  decltype(::httplib::DataSink::write) write_;
  decltype(::httplib::DataSink::is_writable) is_writable_;
  decltype(::httplib::DataSink::done) done_;
  Trailer<::httplib::DataSink> trailer_;
};

}  // namespace spandrel::httplib
