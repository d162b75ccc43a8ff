// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/config.h"

#include <fmt/format.h>

#include "config/words.h"
#include "pipeline/extensions.h"

namespace spandrel::exporters {

std::vector<pipeline::ExtensionUse> StoreExporterConfig::extension_uses() const {
  if (store.id.empty()) return {};
  return {pipeline::UseAs<TraceStoreExtension>(store)};
}

config::Reference ReadStoreName(config::Decoder& decoder) {
  config::Reference name = config::ReadReference(decoder, "store");
  if (name.id.empty()) return name;
  for (const char* key : {"directory", "durability", "retention", "tenants", "max_tenants"}) {
    if (!decoder.Has(key)) continue;
    decoder.Error(key, fmt::format("'{}' belongs to the extension {}, which is the store", key,
                                   config::Quote(name.id)));
  }
  return name;
}

std::shared_ptr<const StoreExporterConfig> DecodeStoreExporterConfig(
    config::Decoder& decoder, const DecodeStore& decode_store) {
  auto config = std::make_shared<StoreExporterConfig>();
  config->store = ReadStoreName(decoder);
  if (config->store.id.empty()) config->own_store = decode_store(decoder);
  return config;
}

}  // namespace spandrel::exporters
