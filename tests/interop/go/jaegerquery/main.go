// SPDX-License-Identifier: Apache-2.0

// A client of Jaeger's query service, of Jaeger's own generated code: fetches the traces that senders say they
// sent and writes their spans to a file, a line of JSON each. Then asks gRPC's reflection for all services, with
// one call that goes on, and builds their descriptors.
//
//	jaegerquery HOST:PORT SPANS_FILE EXPECTED.json...
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	gogo "github.com/gogo/protobuf/proto"
	model "github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"spandrel/tests/interop/go/jaegerspan"
)

// Jaeger's generated code has types of its own for ids and times, which only gogo's protobuf knows.
type gogoCodec struct{}

func (gogoCodec) Marshal(message any) ([]byte, error) { return gogo.Marshal(message.(gogo.Message)) }
func (gogoCodec) Unmarshal(bytes []byte, message any) error {
	return gogo.Unmarshal(bytes, message.(gogo.Message))
}
func (gogoCodec) Name() string { return "proto" }

type expectation struct {
	Spans []struct {
		TraceID string `json:"traceId"`
	} `json:"spans"`
}

func traceIDs(files []string) ([]model.TraceID, error) {
	var ids []model.TraceID
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var expected expectation
		if err := json.Unmarshal(text, &expected); err != nil {
			return nil, err
		}
		for _, span := range expected.Spans {
			id, err := model.TraceIDFromString(span.TraceID)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

func fetch(ctx context.Context, client api_v2.QueryServiceClient, id model.TraceID, lines *json.Encoder) error {
	stream, err := client.GetTrace(ctx, &api_v2.GetTraceRequest{TraceID: id, RawTraces: true})
	if err != nil {
		return err
	}
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("trace %s: %w", id, err)
		}
		for i := range chunk.Spans {
			span := &chunk.Spans[i]
			if err := lines.Encode(jaegerspan.Line(span, span.Process.ServiceName)); err != nil {
				return err
			}
		}
	}
}

// What else the service answers, each in its own words.
func checkOthers(ctx context.Context, client api_v2.QueryServiceClient) error {
	services, err := client.GetServices(ctx, &api_v2.GetServicesRequest{})
	if err != nil {
		return err
	}
	if len(services.Services) == 0 {
		return errors.New("no services")
	}
	operations, err := client.GetOperations(ctx, &api_v2.GetOperationsRequest{Service: services.Services[0]})
	if err != nil {
		return err
	}
	if len(operations.Operations) == 0 || len(operations.OperationNames) == 0 {
		return fmt.Errorf("no operations of %s", services.Services[0])
	}
	found, err := client.FindTraces(ctx, &api_v2.FindTracesRequest{Query: &api_v2.TraceQueryParameters{
		ServiceName: services.Services[0], StartTimeMin: time.Now().Add(-time.Hour), StartTimeMax: time.Now().Add(time.Hour),
		SearchDepth: 1,
	}})
	if err != nil {
		return err
	}
	if chunk, err := found.Recv(); err != nil || len(chunk.Spans) == 0 {
		return fmt.Errorf("no traces of %s: %w", services.Services[0], err)
	}
	if _, err := client.GetDependencies(ctx, &api_v2.GetDependenciesRequest{
		StartTime: time.Now().Add(-time.Hour), EndTime: time.Now(),
	}); err != nil {
		return err
	}
	_, err = client.ArchiveTrace(ctx, &api_v2.ArchiveTraceRequest{TraceID: model.NewTraceID(1, 1)})
	if status.Code(err) != codes.Unimplemented {
		return fmt.Errorf("ArchiveTrace: %w", err)
	}
	return nil
}

// Asks one question and waits for its answer.
func ask(stream reflection.ServerReflection_ServerReflectionInfoClient, request *reflection.ServerReflectionRequest) (*reflection.ServerReflectionResponse, error) {
	if err := stream.Send(request); err != nil {
		return nil, err
	}
	return stream.Recv()
}

func describe(stream reflection.ServerReflection_ServerReflectionInfoClient, name string) error {
	answer, err := ask(stream, &reflection.ServerReflectionRequest{
		MessageRequest: &reflection.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}})
	if err != nil {
		return err
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, bytes := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(bytes, file); err != nil {
			return err
		}
		set.File = append(set.File, file)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	found, err := files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, is := found.(protoreflect.ServiceDescriptor); !is {
		return fmt.Errorf("%s is no service", name)
	}
	return nil
}

func checkReflection(ctx context.Context, connection *grpc.ClientConn) (int, error) {
	stream, err := reflection.NewServerReflectionClient(connection).ServerReflectionInfo(ctx)
	if err != nil {
		return 0, err
	}
	answer, err := ask(stream, &reflection.ServerReflectionRequest{
		MessageRequest: &reflection.ServerReflectionRequest_ListServices{}})
	if err != nil {
		return 0, err
	}
	services := answer.GetListServicesResponse().GetService()
	for _, service := range services {
		if err := describe(stream, service.Name); err != nil {
			return 0, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("reflection did not end: %w", err)
	}
	if len(services) == 0 {
		return 0, errors.New("no services are listed")
	}
	return len(services), nil
}

func run(address, spansFile string, expectations []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ids, err := traceIDs(expectations)
	if err != nil {
		return err
	}
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	connection, err := grpc.NewClient(address, plain)
	if err != nil {
		return err
	}
	defer connection.Close()
	jaegers, err := grpc.NewClient(address, plain, grpc.WithDefaultCallOptions(grpc.ForceCodec(gogoCodec{})))
	if err != nil {
		return err
	}
	defer jaegers.Close()
	file, err := os.Create(spansFile)
	if err != nil {
		return err
	}
	defer file.Close()
	client := api_v2.NewQueryServiceClient(jaegers)
	lines := json.NewEncoder(file)
	for _, id := range ids {
		if err := fetch(ctx, client, id, lines); err != nil {
			return err
		}
	}
	if err := checkOthers(ctx, client); err != nil {
		return err
	}
	services, err := checkReflection(ctx, connection)
	if err != nil {
		return err
	}
	fmt.Printf("%d traces by Jaeger's client, %d services by reflection\n", len(ids), services)
	return nil
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: jaegerquery HOST:PORT SPANS_FILE EXPECTED.json...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
