// SPDX-License-Identifier: Apache-2.0

// Package jaegerspan writes spans of Jaeger's model down as ../../verify_jaeger.mjs reads them.
package jaegerspan

import (
	"fmt"

	model "github.com/jaegertracing/jaeger-idl/model/v1"
)

func tagMap(tags []model.KeyValue) map[string]any {
	result := map[string]any{}
	for _, tag := range tags {
		result[tag.Key] = tag.AsString()
	}
	return result
}

// Line is what is kept of a span.
func Line(span *model.Span, service string) map[string]any {
	parent := ""
	if id := span.ParentSpanID(); id != 0 {
		parent = id.String()
	}
	logs := []map[string]any{}
	for _, log := range span.Logs {
		logs = append(logs, tagMap(log.Fields))
	}
	return map[string]any{
		"traceId": span.TraceID.String(), "spanId": span.SpanID.String(), "parentSpanId": parent,
		"name": span.OperationName, "service": service,
		"startTimeUnixNano": fmt.Sprint(span.StartTime.UnixNano()), "durationNano": fmt.Sprint(span.Duration.Nanoseconds()),
		"references": len(span.References), "tags": tagMap(span.Tags), "logs": logs,
	}
}
