package load

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp's housekeepers end some time after what they keep, or never; they belong to the peer bare.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).workerFunc"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*TCPDialer).tcpAddrsClean"))
}

// A rig is Serve with its pipes.
type rig struct {
	t        *testing.T
	in       *io.PipeWriter
	lines    *bufio.Scanner
	upstream string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	in, w := io.Pipe()
	r, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Serve(in, out)
		_ = out.Close()
		ended <- err
	}()
	g := &rig{t: t, in: w, lines: bufio.NewScanner(r)}
	t.Cleanup(func() {
		_ = w.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	g.upstream = g.next().Upstream
	return g
}

func (g *rig) next() (m Message) {
	g.t.Helper()
	if !g.lines.Scan() {
		g.t.Fatal("Serve has ended")
	}
	if err := json.Unmarshal(g.lines.Bytes(), &m); err != nil {
		g.t.Fatal(err)
	}
	return m
}

func (g *rig) write(v any) {
	g.t.Helper()
	if err := json.NewEncoder(g.in).Encode(v); err != nil {
		g.t.Fatal(err)
	}
}

// run does a command and returns the messages between Ready and its end, and its end.
func (g *rig) run(c Command) (between []Message, last Message) {
	g.t.Helper()
	g.write(c)
	for {
		switch m := g.next(); {
		case m.Ready:
			g.write("go")
		case m.Result != nil || m.Error != "":
			return between, m
		default:
			between = append(between, m)
		}
	}
}

// right runs a command that must succeed.
func (g *rig) right(c Command) *Result {
	g.t.Helper()
	_, m := g.run(c)
	if m.Error != "" {
		g.t.Fatalf("%+v: %s", c, m.Error)
	}
	return m.Result
}

// wrong runs a command that must end in an error.
func (g *rig) wrong(c Command, want string) {
	g.t.Helper()
	if _, m := g.run(c); !strings.Contains(m.Error, want) {
		g.t.Errorf("got %q, want an error with %q", m.Error, want)
	}
}

// fake is a proxy that reads a request's head and then does something wrong.
func fake(t *testing.T, wrong func(c net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := c.Read(make([]byte, 64<<10)); err == nil {
				wrong(c)
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return ln.Addr().String()
}
