// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/factories.h"

// Components for tests of the graph: they write down what happens to them.
namespace spandrel::pipeline::fakes {

struct Journal {
  std::vector<std::string> lines;
  std::string fails_to_start;     // the id of a component
  std::string fails_to_be_made;   // the id of a component
  base::Status exporter_says;     // what exporters answer
  std::vector<Outputs> received;  // what each receiver feeds, in order of creation
};

struct Config final : ConfigBase {
  std::string endpoint;
  HeldDirectory directory;
  int64_t port = 0;
  bool idle = false;
  ExtensionUse auth;

  std::vector<ListenAddress> listens() const override {
    if (port == 0) return {};
    return {{"localhost", static_cast<uint16_t>(port), "tcp"}};
  }
  std::vector<HeldDirectory> directories() const override {
    if (directory.directory.empty()) return {};
    return {directory};
  }
  std::vector<ExtensionUse> extension_uses() const override {
    if (auth.id.empty()) return {};
    return {auth};
  }
  std::string_view lacks(std::string_view) const override { return idle ? "it is idle" : ""; }
};

// What the extension `auth` is for others.
class Authenticator {
 public:
  static constexpr std::string_view kInterfaceName = "server authenticator";
  virtual ~Authenticator() = default;
};

inline std::shared_ptr<const ConfigBase> Decode(config::Decoder& decoder) {
  auto config = std::make_shared<Config>();
  decoder.Read("endpoint", &config->endpoint);
  decoder.Read("directory", &config->directory.directory);
  config->directory.where = decoder.WhereOf("directory");
  config->directory.path = decoder.PathOf("directory");
  decoder.Read("port", &config->port);
  decoder.Read("idle", &config->idle);
  decoder.Read("auth", &config->auth.id);
  config->auth.interface_name = Authenticator::kInterfaceName;
  config->auth.where = decoder.WhereOf("auth");
  config->auth.path = decoder.PathOf("auth");
  config::Decoder protocols = decoder.Child("protocols");
  protocols.Ignore("grpc");
  protocols.Ignore("http");
  decoder.Child("tls").Ignore("insecure");
  return config;
}

template <typename Base>
class Fake : public Base {
 public:
  Fake(Journal* journal, std::string id) : journal_(journal), id_(std::move(id)) {}
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
};

using FakeReceiver = Fake<Receiver>;

class FakeAuthenticator final : public Fake<Extension>, public Authenticator {
 public:
  using Fake::Fake;
};

template <typename Batch>
class FakeProcessor final : public Fake<Processor<Batch>> {
 public:
  FakeProcessor(Journal* journal, std::string id, ConsumerPtr<Batch> next)
      : Fake<Processor<Batch>>(journal, std::move(id)), next_(std::move(next)) {}
  void Consume(Batch&& batch, Completion done) override {
    this->Note("process");
    next_->Consume(std::move(batch), std::move(done));
  }

 private:
  const ConsumerPtr<Batch> next_;
};

template <typename Batch>
class FakeExporter final : public Fake<Exporter<Batch>> {
 public:
  using Fake<Exporter<Batch>>::Fake;
  void Consume(Batch&&, Completion done) override {
    this->Note("export");
    done(this->journal_->exporter_says);
  }
};

// Hands each batch to all pipelines, as a batch of `To` that is empty when it is of another signal.
template <typename From, typename To>
class FakeConnector final : public Fake<Connector<From>> {
 public:
  FakeConnector(Journal* journal, std::string id, std::vector<PipelineInput<To>> next)
      : Fake<Connector<From>>(journal, std::move(id)), next_(std::move(next)) {}
  void Consume(From&&, Completion done) override {
    for (const auto& input : next_) {
      this->Note("connect to " + input.pipeline + " from");
      input.first->Consume(To(), [](base::Status) {});
    }
    done({});
  }

 private:
  const std::vector<PipelineInput<To>> next_;
};

// The end of a component's name in the journal: nothing for traces.
template <typename Batch>
std::string Suffix() {
  if (signal::kSignalOf<Batch> == signal::Signal::kTraces) return "";
  return "(" + std::string(signal::SignalName(signal::kSignalOf<Batch>)) + ")";
}

inline base::Status MadeStatus(const Journal* journal, const std::string& id) {
  if (journal->fails_to_be_made != id) return {};
  return {base::StatusCode::kInvalidArgument, "no such certificate"};
}

template <typename Batch>
MakeExporter<Batch> ExporterMaker(Journal* journal) {
  return [journal](
             const ComponentContext& context,
             std::shared_ptr<const ConfigBase>) -> base::Result<std::unique_ptr<Exporter<Batch>>> {
    SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
    return std::unique_ptr<Exporter<Batch>>(
        new FakeExporter<Batch>(journal, "e:" + context.id + Suffix<Batch>()));
  };
}

template <typename Batch>
MakeProcessor<Batch> ProcessorMaker(Journal* journal) {
  return [journal](const ComponentContext& context, std::shared_ptr<const ConfigBase>,
                   ConsumerPtr<Batch> next) -> base::Result<std::unique_ptr<Processor<Batch>>> {
    SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
    return std::unique_ptr<Processor<Batch>>(
        new FakeProcessor<Batch>(journal, "p:" + context.id + Suffix<Batch>(), std::move(next)));
  };
}

template <typename From, typename To>
MakeConnector<From, To> ConnectorMaker(Journal* journal) {
  return
      [journal](
          const ComponentContext& context, std::shared_ptr<const ConfigBase>,
          std::vector<PipelineInput<To>> next) -> base::Result<std::unique_ptr<Connector<From>>> {
        return std::unique_ptr<Connector<From>>(new FakeConnector<From, To>(
            journal, "c:" + context.id + Suffix<From>(), std::move(next)));
      };
}

template <typename Interface>
ExtensionFactory FakeExtensionFactory(Journal* journal, const char* type) {
  return {{type, {}, "beta", "Stands beside the pipelines."},
          Decode,
          [journal](const ComponentContext& context,
                    std::shared_ptr<const ConfigBase>) -> base::Result<std::unique_ptr<Extension>> {
            SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
            return std::unique_ptr<Extension>(new Interface(journal, "x:" + context.id));
          }};
}

// Receivers otlp (all signals), spans (traces); processors batch, attributes; exporters otlp_grpc
// (otlp; all signals), jaeger, store (traces); connectors forward, count (traces to metrics);
// extensions query, auth (a server authenticator). All know the keys endpoint, port, idle and auth.
inline Factories MakeFactories(Journal* journal) {
  using span::SpanBatch;
  Factories factories;
  const auto make_receiver = [journal](const ComponentContext& context,
                                       std::shared_ptr<const ConfigBase>,
                                       Outputs outputs) -> base::Result<std::unique_ptr<Receiver>> {
    SPANDREL_RETURN_IF_ERROR(MadeStatus(journal, context.id));
    journal->received.push_back(std::move(outputs));
    return std::unique_ptr<Receiver>(new FakeReceiver(journal, "r:" + context.id));
  };
  const std::vector<signal::Signal> all(std::begin(signal::kAllSignals),
                                        std::end(signal::kAllSignals));
  factories.receivers = {
      {{"otlp", {}, "beta", "Receives OTLP."}, Decode, all, make_receiver},
      {{"spans", {}, "beta", "Receives spans."}, Decode, {signal::Signal::kTraces}, make_receiver}};
  for (const char* type : {"batch", "attributes"}) {
    factories.processors.push_back({{type, {}, "beta", "Processes."},
                                    Decode,
                                    ForAllSignals<MakeProcessor>([journal]<typename Batch>() {
                                      return ProcessorMaker<Batch>(journal);
                                    })});
  }
  const PerSignal<MakeExporter> all_signals = ForAllSignals<MakeExporter>(
      [journal]<typename Batch>() { return ExporterMaker<Batch>(journal); });
  const PerSignal<MakeExporter> traces = {ExporterMaker<SpanBatch>(journal), {}, {}};
  factories.exporters = {{{"otlp_grpc", {"otlp"}, "stable", "Sends OTLP."}, Decode, all_signals},
                         {{"jaeger", {}, "beta", "Sends to Jaeger."}, Decode, traces},
                         {{"store", {}, "beta", "Keeps spans."}, Decode, traces}};
  ConnectorFactory forward{{"forward", {}, "beta", "Hands on."}, Decode, {}};
  forward.create.Set(ConnectorMaker<SpanBatch, SpanBatch>(journal));
  forward.create.Set(ConnectorMaker<signal::LogBatch, signal::LogBatch>(journal));
  ConnectorFactory count{{"count", {}, "beta", "Counts."}, Decode, {}};
  count.create.Set(ConnectorMaker<SpanBatch, signal::MetricBatch>(journal));
  factories.connectors = {forward, count};
  factories.extensions = {FakeExtensionFactory<Fake<Extension>>(journal, "query"),
                          FakeExtensionFactory<FakeAuthenticator>(journal, "auth")};
  factories.extensions[1].provides = {Authenticator::kInterfaceName};
  return factories;
}

}  // namespace spandrel::pipeline::fakes
