// SPDX-License-Identifier: Apache-2.0

// Sends the spans of one HTTP request, client and server side traced by otelhttp, through the official
// Go SDK, and prints what the store should hold of them (the form that ../verify.mjs reads).
//
//	sender grpc|http ENDPOINT
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type object = map[string]any

// keeper remembers every span that ends.
type keeper struct {
	mutex sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

func (k *keeper) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (k *keeper) Shutdown(context.Context) error                  { return nil }
func (k *keeper) ForceFlush(context.Context) error                { return nil }
func (k *keeper) OnEnd(span sdktrace.ReadOnlySpan) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.spans = append(k.spans, span)
}

func newExporter(ctx context.Context, transport, endpoint string) (sdktrace.SpanExporter, error) {
	switch transport {
	case "grpc":
		return otlptrace.New(ctx, otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(endpoint),
			otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip")))
	case "http":
		return otlptrace.New(ctx, otlptracehttp.NewClient(otlptracehttp.WithEndpoint(endpoint),
			otlptracehttp.WithInsecure(), otlptracehttp.WithCompression(otlptracehttp.GzipCompression)))
	}
	return nil, fmt.Errorf("unknown transport %q", transport)
}

// oneRequest calls a traced server with a traced client; the handler makes a span of its own.
func oneRequest(tracer trace.Tracer) error {
	work := func(writer http.ResponseWriter, request *http.Request) {
		_, span := tracer.Start(request.Context(), "work", trace.WithLinks(trace.Link{
			SpanContext: trace.SpanContextFromContext(request.Context()),
			Attributes:  []attribute.KeyValue{attribute.String("why", "same request")},
		}))
		defer span.End()
		span.SetAttributes(attribute.String("text", "é€"), attribute.Bool("yes", true), attribute.Int64("large", 1<<62),
			attribute.Float64("real", 0.1), attribute.StringSlice("texts", []string{"a", ""}),
			attribute.Int64Slice("numbers", []int64{-1, 2}), attribute.BoolSlice("flags", []bool{true, false}),
			attribute.Float64Slice("reals", []float64{1.5, -2}))
		span.AddEvent("half way", trace.WithAttributes(attribute.Int("percent", 50)))
		span.RecordError(errors.New("card declined"))
		span.SetStatus(codes.Error, "declined")
		fmt.Fprintln(writer, "hello")
	}
	server := httptest.NewServer(otelhttp.NewHandler(http.HandlerFunc(work), "checkout"))
	defer server.Close()
	client := http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport)}
	response, err := client.Get(server.URL + "/checkout?id=1")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func anyValue(value attribute.Value) object {
	list := func(count int, item func(int) object) object {
		values := make([]object, count)
		for i := range values {
			values[i] = item(i)
		}
		return object{"arrayValue": object{"values": values}}
	}
	number := func(n int64) object { return object{"intValue": strconv.FormatInt(n, 10)} }
	switch value.Type() {
	case attribute.BOOL:
		return object{"boolValue": value.AsBool()}
	case attribute.INT64:
		return number(value.AsInt64())
	case attribute.FLOAT64:
		return object{"doubleValue": value.AsFloat64()}
	case attribute.STRING:
		return object{"stringValue": value.AsString()}
	case attribute.BOOLSLICE:
		s := value.AsBoolSlice()
		return list(len(s), func(i int) object { return object{"boolValue": s[i]} })
	case attribute.INT64SLICE:
		s := value.AsInt64Slice()
		return list(len(s), func(i int) object { return number(s[i]) })
	case attribute.FLOAT64SLICE:
		s := value.AsFloat64Slice()
		return list(len(s), func(i int) object { return object{"doubleValue": s[i]} })
	case attribute.STRINGSLICE:
		s := value.AsStringSlice()
		return list(len(s), func(i int) object { return object{"stringValue": s[i]} })
	}
	panic("attribute type " + value.Type().String())
}

func attributeMap(attributes []attribute.KeyValue) object {
	result := object{}
	for _, kv := range attributes {
		result[string(kv.Key)] = anyValue(kv.Value)
	}
	return result
}

func statusCode(code codes.Code) int {
	switch code {
	case codes.Ok:
		return 1
	case codes.Error:
		return 2
	}
	return 0
}

func expected(span sdktrace.ReadOnlySpan) object {
	parent := ""
	if span.Parent().SpanID().IsValid() {
		parent = span.Parent().SpanID().String()
	}
	events := []object{}
	for _, event := range span.Events() {
		events = append(events, object{"timeUnixNano": strconv.FormatInt(event.Time.UnixNano(), 10),
			"name": event.Name, "attributes": attributeMap(event.Attributes),
			"droppedAttributesCount": event.DroppedAttributeCount})
	}
	links := []object{}
	for _, link := range span.Links() {
		links = append(links, object{"traceId": link.SpanContext.TraceID().String(),
			"spanId": link.SpanContext.SpanID().String(), "traceState": link.SpanContext.TraceState().String(),
			"attributes": attributeMap(link.Attributes), "droppedAttributesCount": link.DroppedAttributeCount})
	}
	return object{
		"traceId": span.SpanContext().TraceID().String(), "spanId": span.SpanContext().SpanID().String(),
		"parentSpanId": parent, "traceState": span.SpanContext().TraceState().String(),
		"name": span.Name(), "kind": int(span.SpanKind()),
		"startTimeUnixNano":      strconv.FormatInt(span.StartTime().UnixNano(), 10),
		"endTimeUnixNano":        strconv.FormatInt(span.EndTime().UnixNano(), 10),
		"attributes":             attributeMap(span.Attributes()),
		"droppedAttributesCount": span.DroppedAttributes(),
		"events":                 events, "droppedEventsCount": span.DroppedEvents(),
		"links": links, "droppedLinksCount": span.DroppedLinks(),
		"status":             object{"code": statusCode(span.Status().Code), "message": span.Status().Description},
		"resourceAttributes": attributeMap(span.Resource().Attributes()),
		"resourceSchemaUrl":  span.Resource().SchemaURL(),
		"scopeName":          span.InstrumentationScope().Name, "scopeVersion": span.InstrumentationScope().Version,
		"scopeSchemaUrl": span.InstrumentationScope().SchemaURL,
	}
}

func run(transport, endpoint string) error {
	ctx := context.Background()
	exporter, err := newExporter(ctx, transport, endpoint)
	if err != nil {
		return err
	}
	own, err := resource.Merge(resource.Default(),
		resource.NewSchemaless(attribute.String("service.name", "interop-go-"+transport), attribute.Int("shard", 3)))
	if err != nil {
		return err
	}
	kept := &keeper{}
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(own), sdktrace.WithSpanProcessor(kept),
		sdktrace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	failed := make(chan error, 16)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { failed <- err }))

	if err := oneRequest(provider.Tracer("interop", trace.WithInstrumentationVersion("0.9"))); err != nil {
		return err
	}
	if err := provider.Shutdown(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
	}
	spans := []object{}
	for _, span := range kept.spans {
		spans = append(spans, expected(span))
	}
	return json.NewEncoder(os.Stdout).Encode(object{"label": "go over " + transport, "spans": spans})
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sender grpc|http ENDPOINT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
