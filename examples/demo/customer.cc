// SPDX-License-Identifier: Apache-2.0
#include "customer.h"

#include <map>
#include <string>

namespace spandrel::demo {
namespace {

struct Row {
  const char* name;
  const char* place;
};

const std::map<std::string, Row>& Table() {
  static const std::map<std::string, Row> table = {{"123", {"Rachel's Floral Designs", "115,277"}},
                                                   {"392", {"Trom Chocolatier", "577,322"}},
                                                   {"567", {"Amazing Coffee Roasters", "211,653"}},
                                                   {"731", {"Japanese Desserts", "728,326"}}};
  return table;
}

}  // namespace

Customer::Customer(const Flags& flags)
    : service_("customer", flags.endpoint),
      database_(service_.tracer(), flags.database_delay, flags.database_lock) {
  service_.server().Get(
      "/customer", [this](const ::httplib::Request& request, ::httplib::Response& response) {
        const std::string id = request.get_param_value("id");
        database_.Select("SELECT * FROM customer WHERE customer_id = ?", "customer");
        const auto row = Table().find(id);
        if (row == Table().end()) {
          response.status = 404;
          return;
        }
        response.set_content("{" + JsonField("name", row->second.name) + "," +
                                 JsonField("place", row->second.place) + "}",
                             "application/json");
      });
}

}  // namespace spandrel::demo
