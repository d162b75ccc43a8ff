// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "columnar/part/format/part_footer.h"

namespace spandrel::columnar {

// The footer of a part file both copies of which are damaged: the first one as its guard mends it,
// else one that is made again from what the file has of row groups and its dictionary. DATA_LOSS
// when neither can be. Reads the whole file; the times of row groups that it makes again are wider
// than they were, if anything, and what the part replaced is forgotten.
base::Result<FoundFooter> SalvagePartFooter(std::string_view file);

}  // namespace spandrel::columnar
