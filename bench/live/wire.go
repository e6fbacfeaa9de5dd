// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// httpCaller is a lean client of HTTP/1.1 over one connection: requests are written as they lie, answers are framed and not looked at.
type httpCaller struct {
	conn     net.Conn
	in       *bufio.Reader
	requests [][]byte
	keep     []byte // of the last answer, where kept is set
	kept     bool
}

func dialHTTP(address string, requests [][]byte) (*httpCaller, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &httpCaller{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), requests: requests}, nil
}

// httpRequest is a POST as bytes.
func httpRequest(path, body string) []byte {
	return []byte("POST " + path + " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func (c *httpCaller) Close() error { return c.conn.Close() }

func (c *httpCaller) call(i int) (bool, error) {
	if _, err := c.conn.Write(c.requests[i]); err != nil {
		return false, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	if len(line) < 12 {
		return false, fmt.Errorf("answer begins with %q", line)
	}
	code := string(line[9:12])
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		if len(line) <= 2 {
			break
		}
		if name := []byte("Content-Length: "); len(line) > len(name) && bytes.EqualFold(line[:len(name)], name) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(name):]))); err != nil {
				return false, err
			}
		}
	}
	if length < 0 {
		return false, fmt.Errorf("answer without length, status %s", code)
	}
	if c.kept || code != "200" {
		c.keep = make([]byte, length)
		_, err = io.ReadFull(c.in, c.keep)
	} else {
		_, err = c.in.Discard(length)
	}
	if err != nil || code == "200" {
		return false, err
	}
	if code == "429" {
		return true, nil
	}
	return false, fmt.Errorf("status %s: %s", code, c.keep)
}

// raw is a codec that hands bytes through.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *[]byte:
		*v = data.Materialize()
	case *int:
		*v = data.Len()
	}
	return nil
}

// grpcCaller calls GetFeatures by grpc-go with requests that are bytes already; answers are received whole and not looked at.
type grpcCaller struct {
	conn     *grpc.ClientConn
	requests [][]byte
	shared   bool
}

const getFeatures = "/selfsame.v1.Features/GetFeatures"

func connect(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(raw{}), grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20)))
}

func (c *grpcCaller) call(i int) (bool, error) {
	var n int
	err := c.conn.Invoke(context.Background(), getFeatures, &c.requests[i], &n)
	if status.Code(err) == codes.ResourceExhausted {
		return true, nil
	}
	return false, err
}

func (c *grpcCaller) Close() error {
	if c.shared {
		return nil
	}
	return c.conn.Close()
}
