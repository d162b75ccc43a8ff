// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "api/http/response_sink.h"
#include "base/status.h"
#include "span/span_batch.h"

namespace spandrel::api {

// Writes traces as one OTLP/JSON document, `{"resourceSpans":[...]}`, in pieces: a trace that is
// large is cut, so that its text is never whole in memory.
class OtlpJsonStream {
 public:
  explicit OtlpJsonStream(ResponseSink& sink) : sink_(sink) {}

  // Appends a trace that is not empty. The first one begins the document.
  base::Status Add(span::SpanBatch&& trace);
  // Ends the document; one that was never begun is an empty one.
  base::Status End();
  bool empty() const { return empty_; }

 private:
  ResponseSink& sink_;
  bool empty_ = true;
};

}  // namespace spandrel::api
