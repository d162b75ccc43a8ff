// SPDX-License-Identifier: Apache-2.0

// What Grafana's service graph and panels of services ask, by Prometheus's own Go client, of a server with spans:
//
//	prometheus_client URL
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const (
	calls   = "traces_spanmetrics_calls_total"
	seconds = "traces_service_graph_request_server_seconds_bucket"
	native  = "traces_spanmetrics_latency"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "FAIL %s: %v\n", what, err)
		os.Exit(1)
	}
}

func check(holds bool, format string, values ...any) {
	if !holds {
		must(fmt.Errorf(format, values...), "answer")
	}
}

func vector(client v1.API, query string) model.Vector {
	value, warnings, _, err := client.Query(context.Background(), query, time.Now())
	must(err, query)
	check(len(warnings) == 0, "%s: %v", query, warnings)
	result, ok := value.(model.Vector)
	check(ok, "%s: a %s", query, value.Type())
	return result
}

func main() {
	connection, err := api.NewClient(api.Config{Address: "http://" + os.Args[1]})
	must(err, "client")
	client := v1.NewAPI(connection)
	ctx := context.Background()

	info, err := client.Buildinfo(ctx)
	must(err, "buildinfo")
	check(info.Version != "", "no version")

	all := vector(client, "sum("+calls+")")
	check(len(all) == 1 && all[0].Value > 0, "no spans: %v", all)
	for _, query := range []string{
		"topk(5, sum(rate(" + calls + "{}[3600s])) by (span_name))",
		"sum by (client, server) (rate(traces_service_graph_request_total[3600s])) OR sum by (client, server) (rate(" + seconds + "[3600s]))",
		"histogram_quantile(.9, sum(rate(traces_spanmetrics_latency_bucket{}[3600s])) by (le))",
	} {
		check(len(vector(client, query)) > 0, "%s: nothing", query)
	}
	histograms := vector(client, "sum(increase("+native+"[3600s]))")
	check(len(histograms) == 1 && histograms[0].Histogram != nil, "no native histogram: %v", histograms)
	recent := vector(client, "sum(increase("+calls+"[3600s]))")
	check(float64(histograms[0].Histogram.Count) == float64(recent[0].Value), "%v of %v spans", histograms, recent)

	now := time.Now()
	matrix, _, _, err := client.QueryRange(ctx, "sum by (service) (rate("+calls+"[1m]))",
		v1.Range{Start: now.Add(-time.Hour), End: now, Step: 15 * time.Second})
	must(err, "query_range")
	check(matrix.(model.Matrix).Len() > 0, "no series over time")

	hour := now.Add(-time.Hour)
	series, _, _, err := client.Series(ctx, []string{calls, native}, hour, now)
	must(err, "series")
	check(len(series) >= 2, "series: %v", series)
	names, _, _, err := client.LabelNames(ctx, nil, hour, now)
	must(err, "labels")
	check(len(names) > 4, "labels: %v", names)
	services, _, _, err := client.LabelValues(ctx, "service", nil, hour, now)
	must(err, "values")
	check(len(services) > 0, "no services")
	metadata, err := client.Metadata(ctx, calls, "")
	must(err, "metadata")
	check(len(metadata[calls]) == 1 && metadata[calls][0].Type == v1.MetricTypeCounter, "metadata: %v", metadata)

	_, _, _, err = client.Query(ctx, "sum(rate(a[5m])", now)
	problem, ok := err.(*v1.Error)
	check(ok && problem.Type == v1.ErrBadData, "a wrong query: %v", err)
	fmt.Printf("Prometheus's Go client: %v spans of %d services\n", all[0].Value, len(services))
}
