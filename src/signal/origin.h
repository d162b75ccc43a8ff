// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace spandrel::signal {

// Where a batch came from: made by the receiver once a request, immutable, shared by all that is
// made from the request. A batch has one; null stands for "nothing is known".
struct Origin {
  std::string tenant;    // empty when there is only one
  std::string identity;  // who authenticated; empty when nobody was asked to
  // Request headers or gRPC metadata that the receiver keeps, names in lower case, in the order in
  // which they came; a name may stand more than once.
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string peer;  // address of the sender: "127.0.0.1:40112"

  friend bool operator==(const Origin&, const Origin&) = default;
};
using SharedOrigin = std::shared_ptr<const Origin>;

}  // namespace spandrel::signal
