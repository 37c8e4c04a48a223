package admin

import (
	"context"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

const (
	maxProfile = 60 * time.Second // of CPU
	maxTrace   = 10 * time.Second
)

// profile serves what net/http/pprof does, but for two things: it registers nothing on http.DefaultServeMux, and there is no cmdline, because arguments
// can hold secrets. Fetch with curl and the token, then open the file with go tool pprof or go tool trace.
func profile(w http.ResponseWriter, r *http.Request, name string) {
	switch name {
	case "":
		names := []string{"profile", "trace"}
		for _, p := range pprof.Profiles() {
			names = append(names, p.Name())
		}
		reply(w, r, http.StatusOK, map[string]any{"profiles": names})
	case "profile":
		record(w, r, 30*time.Second, maxProfile, func() error { return pprof.StartCPUProfile(w) }, pprof.StopCPUProfile)
	case "trace":
		record(w, r, time.Second, maxTrace, func() error { return trace.Start(w) }, trace.Stop)
	default:
		lookup(w, r, name)
	}
}

// record runs a profile for as many seconds as asked for, or until the client leaves or the server closes.
func record(w http.ResponseWriter, r *http.Request, seconds, most time.Duration, start func() error, stop func()) {
	if given := r.URL.Query().Get("seconds"); given != "" {
		s, err := strconv.ParseFloat(given, 64)
		if seconds = time.Duration(s * float64(time.Second)); err != nil || !(s > 0 && s <= most.Seconds()) {
			fail(w, http.StatusBadRequest, "seconds_out_of_range", "seconds must be above 0 and at most "+strconv.Itoa(int(most.Seconds())))
			return
		}
	}
	extend(w, seconds)
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := start(); err != nil {
		fail(w, http.StatusConflict, "profile_running", err.Error())
		return
	}
	defer stop()
	ctx, cancel := context.WithTimeout(r.Context(), seconds)
	defer cancel()
	<-ctx.Done()
}

// lookup writes one of the runtime's named profiles as it stands.
func lookup(w http.ResponseWriter, r *http.Request, name string) {
	p := pprof.Lookup(name)
	if p == nil {
		fail(w, http.StatusNotFound, "not_found", "no such profile")
		return
	}
	query := r.URL.Query()
	if query.Has("seconds") {
		fail(w, http.StatusBadRequest, "seconds_out_of_range", "only profile and trace take seconds")
		return
	}
	level, contentType := 0, "application/octet-stream"
	if given := query.Get("debug"); given != "" && given != "0" {
		var err error
		if level, err = strconv.Atoi(given); err != nil || level < 0 || level > 2 {
			fail(w, http.StatusBadRequest, "debug_out_of_range", "debug must be 0, 1 or 2")
			return
		}
		contentType = "text/plain; charset=utf-8"
	}
	if name == "heap" && query.Get("gc") == "1" {
		runtime.GC()
	}
	w.Header().Set("Content-Type", contentType)
	_ = p.WriteTo(w, level) // a client that has gone
}
