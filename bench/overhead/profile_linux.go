package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/bench/overhead/load"
)

// profile takes CPU profiles of Weir at saturation through its admin API, one for each binary and size, each in a new process. It comes after the rounds, since
// profiling costs time itself.
func (h *harness) profile(ctx context.Context) error {
	if err := os.MkdirAll(h.Profile, 0o755); err != nil { // #nosec G301 -- nothing secret
		return fmt.Errorf("--profile: %w", err)
	}
	for _, p := range h.peers {
		if !strings.HasPrefix(p.name, "weir") {
			continue
		}
		for _, size := range h.Sizes {
			if err := h.profileOne(ctx, p, size); err != nil {
				return fmt.Errorf("profile %s at %s: %w", p.name, sizeName(size), err)
			}
		}
	}
	return nil
}

func (h *harness) profileOne(ctx context.Context, p *peer, size int) (err error) {
	r, err := h.launch(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	path := filepath.Join(h.Profile, p.name+"-"+sizeName(size)+".pprof")
	fetched := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		if err != nil {
			cancel()
		}
		err = errors.Join(err, <-fetched)
		cancel()
	}()
	c := load.Command{Do: load.Closed, Connections: h.Connections, Size: size, Warmup: time.Second, Duration: h.ProfileTime + time.Second, Seed: h.Seed}
	c.Addr = r.addr
	begun := false
	result, err := h.load.run(ctx, c, during{ready: func() error {
		begun = true
		go func() { fetched <- fetchProfile(ctx, r.admin, path, h.ProfileTime) }()
		return nil
	}})
	if !begun {
		fetched <- nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(h.progress, "profile %s, %.0f requests/s: go tool pprof %s\n", path, float64(result.Requests)/result.Wall.Seconds(), path)
	return nil
}

func fetchProfile(ctx context.Context, admin, path string, d time.Duration) (err error) {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%g", admin, d.Seconds())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+adminToken)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	f, err := os.Create(path) // #nosec G304 -- the caller's folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, resp.Body)
	return err
}
