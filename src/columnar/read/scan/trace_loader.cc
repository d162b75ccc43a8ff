// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/trace_loader.h"

#include <utility>

namespace spandrel::columnar {
namespace {

using base::Result;

void NoteMatch(size_t span, LoadedTrace* loaded) {
  loaded->matched[span] = 1;
  // Spans are ordered by start.
  loaded->newest_match = loaded->trace.span(span).entry().start_time_unix_nano;
}

LoadedTrace NothingMatchesIn(std::vector<span::SpanRef> spans) {
  const size_t count = spans.size();
  return {storage::TraceFields(std::move(spans)), std::vector<uint8_t>(count), std::nullopt};
}

}  // namespace

Result<LoadedTrace> TraceLoader::Load(const span::TraceId& id) {
  return question_.is_exact ? LoadExact(id) : LoadAndEvaluate(id);
}

Result<LoadedTrace> TraceLoader::LoadExact(const span::TraceId& id) {
  const auto found = fetch_.LoadMatching(id, question_.matcher, question_.content);
  if (!found.ok()) return found.status();
  std::vector<span::SpanRef> spans;
  spans.reserve((*found)->size());
  for (const FoundSpan& span : **found) spans.push_back(span.span);
  LoadedTrace loaded = NothingMatchesIn(std::move(spans));
  for (size_t i = 0; i < loaded.matched.size(); ++i) {
    if ((**found)[i].matches) NoteMatch(i, &loaded);
  }
  return loaded;
}

Result<LoadedTrace> TraceLoader::LoadAndEvaluate(const span::TraceId& id) {
  const auto spans = fetch_.Load(id, {question_.content});
  if (!spans.ok()) return spans.status();
  LoadedTrace loaded = NothingMatchesIn(**spans);
  for (size_t i = 0; i < loaded.matched.size(); ++i) {
    const uint64_t start = loaded.trace.span(i).entry().start_time_unix_nano;
    if (!question_.matcher.range().Contains(start)) continue;
    if (!question_.evaluator->Matches(storage::TraceFields::Row(loaded.trace, i))) continue;
    NoteMatch(i, &loaded);
  }
  return loaded;
}

}  // namespace spandrel::columnar
