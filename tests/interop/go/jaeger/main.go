// SPDX-License-Identifier: Apache-2.0

// A Jaeger collector of Jaeger's own generated code: takes PostSpans and appends each span to a file, a
// line of JSON each (the form that ../../verify_jaeger.mjs reads).
//
//	jaeger ADDRESS_FILE SPANS_FILE [HOST:PORT]
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"google.golang.org/grpc"

	"spandrel/tests/interop/go/jaegerspan"
)

type collector struct {
	api_v2.UnimplementedCollectorServiceServer
	mutex sync.Mutex
	file  *os.File
}

func (c *collector) PostSpans(_ context.Context, request *api_v2.PostSpansRequest) (*api_v2.PostSpansResponse, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	encoder := json.NewEncoder(c.file)
	for _, span := range request.Batch.Spans {
		line := jaegerspan.Line(span, request.Batch.Process.ServiceName)
		if err := encoder.Encode(line); err != nil {
			return nil, err
		}
	}
	return &api_v2.PostSpansResponse{}, nil
}

func run(addressFile, spansFile, address string) error {
	file, err := os.Create(spansFile)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	api_v2.RegisterCollectorServiceServer(server, &collector{file: file})
	if err := os.WriteFile(addressFile+".new", []byte(listener.Addr().String()), 0o600); err != nil {
		return err
	}
	if err := os.Rename(addressFile+".new", addressFile); err != nil {
		return err
	}
	return server.Serve(listener)
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: jaeger ADDRESS_FILE SPANS_FILE [HOST:PORT]")
		os.Exit(2)
	}
	address := "127.0.0.1:0"
	if len(os.Args) == 4 {
		address = os.Args[3]
	}
	if err := run(os.Args[1], os.Args[2], address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
