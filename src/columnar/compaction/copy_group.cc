// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/copy_group.h"

#include "columnar/part/format/latency_table.h"

namespace spandrel::columnar {
namespace {

using base::Result;

constexpr int kLevel = 3;

std::string MapTemplates(const TemplateTable& from, DictionaryMapping& mapping,
                         DictionaryBuilder& dictionary) {
  TemplateTable table = from;
  for (Template& made : table.templates) {
    made.scope = mapping.Scope(made.scope);
    made.name = mapping.Name(made.name);
    dictionary.AddOperation(made.scope, made.name, made.kind);
  }
  return EncodeTemplateTable(table);
}

Result<std::string> MapLatencies(const Part& part, uint32_t index, const Dictionary& dictionary,
                                 DictionaryMapping& mapping) {
  const Result<std::string> bytes = part.Latencies(index);
  if (!bytes.ok()) return bytes.status();
  LatencyTable table;
  SPANDREL_RETURN_IF_ERROR(ParseLatencyTable(*bytes, dictionary.resources.size(), &table));
  for (LatencyRecord& record : table) record.key.resource = mapping.Service(record.key.resource);
  return EncodeLatencyTable(std::move(table));
}

}  // namespace

Result<EncodedRowGroup> CopyGroup(const Part& part, uint32_t index, DictionaryMapping& mapping,
                                  DictionaryBuilder& dictionary) {
  const Result<RowGroupPtr> group = part.Group(index);
  if (!group.ok()) return group.status();
  const GroupRecord& facts = (*group)->facts();
  EncodedRowGroup copy{facts.row_count,
                       facts.trace_count,
                       facts.min_start,
                       facts.max_start,
                       facts.max_duration,
                       facts.message_bytes,
                       {}};
  for (const SectionRecord& section : (*group)->sections()) {
    if (section.kind == SectionKind::kTemplates) {
      const std::string templates = MapTemplates((*group)->table(), mapping, dictionary);
      copy.sections.push_back(CompressedSection(section.kind, templates, kLevel));
      continue;
    }
    if (section.kind == SectionKind::kLatencies) {
      const auto latencies = MapLatencies(part, index, (*group)->dictionary(), mapping);
      if (!latencies.ok()) return latencies.status();
      copy.sections.push_back(CompressedSection(section.kind, *latencies, kLevel));
      continue;
    }
    const Result<std::string_view> bytes = part.file().CheckedSection(section);
    if (!bytes.ok()) return bytes.status();
    copy.sections.push_back({section.kind, std::string(*bytes), section.raw_size});
  }
  return copy;
}

}  // namespace spandrel::columnar
