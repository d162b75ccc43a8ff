// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace spandrel::api {

// What .proto files declare, out of their descriptors. Immutable.
class ProtoFiles {
 public:
  // `set` is a google.protobuf.FileDescriptorSet with all that its files import, each before those
  // that import it, as protoc writes it. It outlives this.
  explicit ProtoFiles(std::string_view set);
  // Those of all services of this module (src/api/grpc/protos), as they were built into it.
  static const ProtoFiles& OfServices();

  // The FileDescriptorProto of that file and those of all that it imports, each behind those that
  // import it; empty when there is no such file.
  std::vector<std::string_view> WithImports(std::string_view file) const;
  // The file that declares "package.Service", "package.Service.Method", or anything else that has a
  // name; empty when none does.
  std::string_view FileOf(std::string_view symbol) const;
  bool HasMessage(std::string_view name) const { return messages_.find(name) != messages_.end(); }

 private:
  struct File {
    std::string_view bytes;
    size_t place = 0;  // in the set
    std::vector<std::string_view> imports;
  };
  struct Declaration;

  void AddFile(std::string_view bytes);
  void AddDeclarations(std::string_view file, std::vector<Declaration> open);

  std::map<std::string_view, File> files_;
  std::map<std::string, std::string_view, std::less<>> symbols_;  // to the file
  std::set<std::string, std::less<>> messages_;
};

}  // namespace spandrel::api
