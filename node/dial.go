// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"selfsame"
	"selfsame/api"
)

// Client asks the server that owns a data directory; where none runs it opens the directory itself and answers in this process. The verbs of the
// command line speak HTTP with it either way.
type Client struct {
	// Address of the server; empty: this process answers.
	Address string

	base  string
	token string
	http  *http.Client
	stop  func() error
}

// Dial finds the server of a data directory, or opens the directory.
func Dial(ctx context.Context, cfg LiveConfig) (*Client, error) {
	dir := cfg.Config.Dir
	if dir == "" {
		dir = DefaultData(cfg.Project)
	}
	if address, token := FindServer(dir); address != "" {
		return dialServer(address, token), nil
	}
	return open(ctx, cfg)
}

// dialServer asks the server at an address.
func dialServer(address, token string) *Client {
	return &Client{Address: address, base: "http://" + address, token: token, http: &http.Client{}, stop: func() error { return nil }}
}

// open answers in this process, over the wire's own code without a wire.
func open(ctx context.Context, cfg LiveConfig) (*Client, error) {
	l, err := OpenLive(ctx, cfg)
	if err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- l.Run(run) }()
	l.ready.Store(true)
	token := rand.Text()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		return nil, errors.Join(err, <-done, l.Close())
	}
	served := make(chan error, 1)
	handler := api.New(l.options(token)).HTTP()
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	go func() { served <- handler.Serve(serving, listener) }()
	c := &Client{base: "http://" + listener.Addr().String(), token: token, http: &http.Client{}}
	c.stop = func() error {
		c.http.CloseIdleConnections()
		end()
		err := <-served
		stop()
		return errors.Join(err, <-done, l.Close())
	}
	return c, nil
}

// Close ends what Dial opened.
func (c *Client) Close() error { return c.stop() }

// Do asks for a verb and hands over the lines of its answer.
func (c *Client) Do(ctx context.Context, verb string, args any, line func([]byte) error) error {
	body, err := json.Marshal(args)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/admin/"+url.PathEscape(verb), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	return c.lines(r, line)
}

func (c *Client) lines(r *http.Request, line func([]byte) error) error {
	resp, err := c.send(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := bufio.NewReaderSize(resp.Body, 1<<16)
	for {
		b, err := in.ReadBytes('\n')
		if b = bytes.TrimSpace(b); len(b) > 0 {
			var last struct{ Error *problem }
			if bytes.HasPrefix(b, []byte(`{"error":`)) && json.Unmarshal(b, &last) == nil && last.Error != nil {
				return last.Error.err()
			}
			if err := line(b); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return c.broken(err)
		}
	}
}

// Post sends a body to a path and returns the answer's.
func (c *Client) Post(ctx context.Context, path, contentType string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := c.send(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.broken(err)
	}
	return b, nil
}

// send sends a request and turns problems into errors.
func (c *Client) send(r *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.broken(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.broken(err)
	}
	p := &problem{Detail: strings.TrimSpace(string(b))}
	if json.Unmarshal(b, p) != nil || p.Class == "" {
		p.Class = string(selfsame.ClassInternal)
	}
	return nil, p.err()
}

func (c *Client) broken(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, os.ErrDeadlineExceeded) {
		return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "stopped", Err: err}
	}
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: "server at " + c.base, Message: "cannot be asked", Err: err, Hint: "see whether it still runs"}
}

// problem is an error as the wire writes it (RFC 9457).
type problem struct {
	Class  string `json:"type"`
	Detail string `json:"detail"`
	Hint   string `json:"hint"`
}

func (p *problem) err() error {
	return &selfsame.Error{Class: selfsame.ErrorClass(p.Class), Message: p.Detail, Hint: p.Hint}
}
