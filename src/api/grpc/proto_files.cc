// SPDX-License-Identifier: Apache-2.0
#include "api/grpc/proto_files.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "proto/field_reader.h"

// Between these lies what cmake/EmbedProtos.cmake made of the .proto files.
extern "C" const char spandrel_service_protos_begin[];
extern "C" const char spandrel_service_protos_end[];

namespace spandrel::api {
namespace {

using proto::NextField;

// Field numbers of google/protobuf/descriptor.proto.
constexpr uint32_t kSetFile = 1;
constexpr uint32_t kFileName = 1;
constexpr uint32_t kFilePackage = 2;
constexpr uint32_t kFileDependency = 3;
constexpr uint32_t kName = 1;  // of every declaration

enum class Kind : uint8_t { kFile, kMessage, kEnum, kService, kOther };

// What declares what, by which field.
struct Inside {
  Kind outer;
  uint32_t field;
  Kind inner;
};
constexpr Inside kInsides[] = {
    {Kind::kFile, 4, Kind::kMessage},    {Kind::kFile, 5, Kind::kEnum},
    {Kind::kFile, 6, Kind::kService},    {Kind::kMessage, 2, Kind::kOther},  // fields
    {Kind::kMessage, 3, Kind::kMessage}, {Kind::kMessage, 4, Kind::kEnum},
    {Kind::kMessage, 8, Kind::kOther},  // oneofs
    {Kind::kEnum, 2, Kind::kOther},     // values
    {Kind::kService, 2, Kind::kOther},  // methods
};

std::string_view FirstOf(std::string_view message, uint32_t number) {
  for (proto::Field field; NextField(&message, &field);) {
    if (field.number == number && field.is_bytes()) return field.bytes;
  }
  return "";
}

std::string Join(std::string_view scope, std::string_view name) {
  std::string joined(scope);
  if (!joined.empty()) joined += '.';
  return joined.append(name);
}

}  // namespace

// Something declared, whose insides are still to be looked at.
struct ProtoFiles::Declaration {
  Kind kind;
  std::string_view bytes;
  std::string scope;  // of what is inside
};

ProtoFiles::ProtoFiles(std::string_view set) {
  for (proto::Field field; NextField(&set, &field);) {
    if (field.number == kSetFile && field.is_bytes()) AddFile(field.bytes);
  }
}

const ProtoFiles& ProtoFiles::OfServices() {
  static const ProtoFiles files(
      {spandrel_service_protos_begin,
       static_cast<size_t>(spandrel_service_protos_end - spandrel_service_protos_begin)});
  return files;
}

void ProtoFiles::AddFile(std::string_view bytes) {
  const std::string_view name = FirstOf(bytes, kFileName);
  const size_t place = files_.size();
  File& file = files_[name];
  file.bytes = bytes;
  file.place = place;
  std::string_view rest = bytes;
  for (proto::Field field; NextField(&rest, &field);) {
    if (field.number == kFileDependency && field.is_bytes()) file.imports.push_back(field.bytes);
  }
  AddDeclarations(name, {{Kind::kFile, bytes, std::string(FirstOf(bytes, kFilePackage))}});
}

void ProtoFiles::AddDeclarations(std::string_view file, std::vector<Declaration> open) {
  while (!open.empty()) {
    Declaration outer = std::move(open.back());
    open.pop_back();
    for (proto::Field field; NextField(&outer.bytes, &field);) {
      for (const Inside& inside : kInsides) {
        if (inside.outer != outer.kind || inside.field != field.number) continue;
        std::string name = Join(outer.scope, FirstOf(field.bytes, kName));
        symbols_.emplace(name, file);
        if (inside.inner == Kind::kMessage) messages_.insert(name);
        // The values of an enumeration are named beside it.
        open.push_back({inside.inner, field.bytes,
                        inside.inner == Kind::kEnum ? outer.scope : std::move(name)});
      }
    }
  }
}

std::vector<std::string_view> ProtoFiles::WithImports(std::string_view file) const {
  std::vector<const File*> found_files;
  std::vector<std::string_view> wanted = {file};
  std::set<std::string_view> seen = {file};
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto found = files_.find(wanted[i]);
    if (found == files_.end()) continue;
    found_files.push_back(&found->second);
    for (const std::string_view import : found->second.imports) {
      if (seen.insert(import).second) wanted.push_back(import);
    }
  }
  std::sort(found_files.begin(), found_files.end(),
            [](const File* a, const File* b) { return a->place > b->place; });
  std::vector<std::string_view> descriptors;
  descriptors.reserve(found_files.size());
  for (const File* const one : found_files) descriptors.push_back(one->bytes);
  return descriptors;
}

std::string_view ProtoFiles::FileOf(std::string_view symbol) const {
  const auto found = symbols_.find(symbol);
  return found == symbols_.end() ? std::string_view() : found->second;
}

}  // namespace spandrel::api
