package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// ask asks Weir's admin listener.
func (r *running) ask(ctx context.Context, method, path string) ([]byte, error) {
	url := "http://" + r.admin + path
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+adminToken)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %.500s", url, resp.Status, body)
	}
	return body, err
}

// metric is the sum of a metric's series.
func (r *running) metric(ctx context.Context, name string) (float64, error) {
	page, err := r.ask(ctx, http.MethodGet, "/metrics")
	if err != nil {
		return 0, err
	}
	return sumOf(page, name)
}

// sumOf adds the values of a metric's series on a page of the Prometheus text format.
func sumOf(page []byte, name string) (sum float64, err error) {
	found := false
	for line := range bytes.Lines(page) {
		rest, ok := bytes.CutPrefix(line, []byte(name))
		if !ok || len(rest) == 0 || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		v, err := strconv.ParseFloat(string(bytes.TrimSpace(rest[bytes.LastIndexByte(rest, ' ')+1:])), 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		sum, found = sum+v, true
	}
	if !found {
		return 0, fmt.Errorf("there is no metric %s", name)
	}
	return sum, nil
}
