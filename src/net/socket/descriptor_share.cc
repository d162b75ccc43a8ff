// SPDX-License-Identifier: Apache-2.0
#include "net/socket/descriptor_share.h"

#include <sys/resource.h>

#include <algorithm>

namespace spandrel::net {
namespace {

constexpr size_t kReserve = 256;  // a store with some hundred parts, its log, a few exporters

size_t OpenFilesLimit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
}

// Where there are few, half are for connections.
size_t ShareOf(size_t open_files) {
  const size_t reserve = std::max(open_files / 4, std::min(open_files / 2, kReserve));
  return std::max<size_t>(open_files - reserve, 1);
}

}  // namespace

DescriptorShare::DescriptorShare() : DescriptorShare(OpenFilesLimit()) {}

DescriptorShare::DescriptorShare(size_t open_files) : max_(ShareOf(open_files)) {}

}  // namespace spandrel::net
