// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/component.h"

// Components for tests of the graph: they write down what happens to them.
namespace spandrel::pipeline::fakes {

struct Journal {
  std::vector<std::string> lines;
  std::string fails_to_start;    // the id of a component
  std::string fails_to_be_made;  // the id of a component
  base::Status exporter_says;    // what exporters answer
  std::vector<std::shared_ptr<Consumer>>
      received;  // what each receiver feeds, in order of creation
};

struct Config final : ConfigBase {
  std::string endpoint;
};

inline std::shared_ptr<const ConfigBase> Decode(config::Decoder& decoder) {
  auto config = std::make_shared<Config>();
  decoder.Read("endpoint", &config->endpoint);
  config::Decoder protocols = decoder.Child("protocols");
  protocols.Ignore("grpc");
  protocols.Ignore("http");
  decoder.Child("tls").Ignore("insecure");
  return config;
}

template <typename Base>
class Fake : public Base {
 public:
  Fake(Journal* journal, std::string id, std::shared_ptr<Consumer> next)
      : journal_(journal), id_(std::move(id)), next_(std::move(next)) {}
  ~Fake() override { Note("destroy"); }

  base::Status Start() override {
    if (journal_->fails_to_start == id_) {
      return {base::StatusCode::kUnavailable, "127.0.0.1:4317: address in use"};
    }
    Note("start");
    return {};
  }
  void Shutdown(std::chrono::steady_clock::time_point) override { Note("stop"); }

 protected:
  void Note(const std::string& what) { journal_->lines.push_back(what + " " + id_); }

  Journal* const journal_;
  const std::string id_;
  const std::shared_ptr<Consumer> next_;
};

using FakeReceiver = Fake<Receiver>;

class FakeProcessor final : public Fake<Processor> {
 public:
  using Fake::Fake;
  void Consume(span::SpanBatch&& batch, Completion done) override {
    Note("process");
    next_->Consume(std::move(batch), std::move(done));
  }
};

class FakeExporter final : public Fake<Exporter> {
 public:
  using Fake::Fake;
  void Consume(span::SpanBatch&&, Completion done) override {
    Note("export");
    done(journal_->exporter_says);
  }
};

inline base::Status MadeStatus(const Journal* journal, const std::string& id) {
  if (journal->fails_to_be_made != id) return {};
  return {base::StatusCode::kInvalidArgument, "no such certificate"};
}

// Receivers otlp; processors batch, attributes; exporters otlp_grpc (otlp), jaeger, store;
// extension query.
inline Factories MakeFactories(Journal* journal) {
  Factories factories;
  factories.receivers.push_back(
      {{"otlp", {}, "beta", "Receives OTLP."},
       Decode,
       [journal](const ComponentContext& context, std::shared_ptr<const ConfigBase>,
                 std::shared_ptr<Consumer> next) -> base::Result<std::unique_ptr<Receiver>> {
         SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
         journal->received.push_back(next);
         return std::unique_ptr<Receiver>(
             new FakeReceiver(journal, "r:" + context.id, std::move(next)));
       }});
  for (const char* type : {"batch", "attributes"}) {
    factories.processors.push_back(
        {{type, {}, "beta", "Processes."},
         Decode,
         [journal](const ComponentContext& context, std::shared_ptr<const ConfigBase>,
                   std::shared_ptr<Consumer> next) -> base::Result<std::unique_ptr<Processor>> {
           SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
           return std::unique_ptr<Processor>(
               new FakeProcessor(journal, "p:" + context.id, std::move(next)));
         }});
  }
  const auto make_exporter =
      [journal](const ComponentContext& context,
                std::shared_ptr<const ConfigBase>) -> base::Result<std::unique_ptr<Exporter>> {
    SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
    return std::unique_ptr<Exporter>(new FakeExporter(journal, "e:" + context.id, nullptr));
  };
  factories.exporters = {{{"otlp_grpc", {"otlp"}, "stable", "Sends OTLP."}, Decode, make_exporter},
                         {{"jaeger", {}, "beta", "Sends to Jaeger."}, Decode, make_exporter},
                         {{"store", {}, "beta", "Keeps spans."}, Decode, make_exporter}};
  factories.extensions.push_back(
      {{"query", {}, "beta", "Answers questions."},
       Decode,
       [journal](const ComponentContext& context,
                 std::shared_ptr<const ConfigBase>) -> base::Result<std::unique_ptr<Extension>> {
         SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
         return std::unique_ptr<Extension>(
             new Fake<Extension>(journal, "x:" + context.id, nullptr));
       }});
  return factories;
}

}  // namespace spandrel::pipeline::fakes
