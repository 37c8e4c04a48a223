package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cespare/xxhash/v2"
)

// fill puts a little of everything into a store.
func fill(m *Memory) {
	n := m.Namespace("acme", "p")
	n.Add([]byte("hits"), 41, time.Minute)
	n.Add([]byte("all"), math.MinInt64, 0)
	n.Set([]byte("value"), []byte("\x00\xffbytes"), time.Hour)
	n.Set([]byte("empty"), nil, 0)
	n.Once([]byte("seen"), time.Second)
	m.Namespace("", "shared").Add([]byte("hits"), 7, 0)
}

func TestSnapshotKeepsWhatIsLeft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	c := newClock()
	m := open(t, Options{Snapshot: path, Now: c.now})
	fill(m)
	c.advance(30 * time.Second) // "seen" is over
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}

	later := newClock()
	later.advance(1000 * time.Hour) // another process, another clock
	m = open(t, Options{Snapshot: path, Now: later.now})
	n := m.Namespace("acme", "p")
	if n.Add([]byte("hits"), 0, 0) != 41 || n.Add([]byte("all"), 0, 0) != math.MinInt64 || m.Namespace("", "shared").Add([]byte("hits"), 1, 0) != 8 {
		t.Error("counters are not what they were")
	}
	if v, ok := get(n, "value"); v != "\x00\xffbytes" || !ok {
		t.Errorf("%q %v", v, ok)
	}
	if v, ok := get(n, "empty"); v != "" || !ok {
		t.Errorf("%q %v", v, ok)
	}
	if !n.Once([]byte("seen"), 0) {
		t.Error("what has expired came back")
	}
	later.advance(30*time.Second - 1)
	if n.Add([]byte("hits"), 0, 0) != 41 {
		t.Error("gone before its time")
	}
	if later.advance(1); n.Add([]byte("hits"), 0, 0) != 0 {
		t.Error("there beyond its time")
	}
	check(t, m)
}

// Row 33: the wall clock may say what it likes; times to live know nothing of it. In the bubble it stands at the year 2000, the snapshot is of another year.
func TestFault33_ClockSteps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	m := open(t, Options{Snapshot: path})
	m.Namespace("acme", "p").Add([]byte("window"), 5, time.Minute)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		m := open(t, Options{Snapshot: path})
		n := m.Namespace("acme", "p")
		if got := n.Add([]byte("window"), 1, 0); got != 6 {
			t.Errorf("%d after a step of the clock", got)
		}
		time.Sleep(time.Minute)
		if got := n.Add([]byte("window"), 0, 0); got != 0 {
			t.Errorf("%d after its time", got)
		}
	})
}

// A snapshot is written while something changes, and for what is left of the times; not for nothing.
func TestSnapshotIsWrittenWhenNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		m := open(t, Options{Snapshot: path, Every: 5 * time.Second})
		written := func() bool {
			synctest.Wait()
			defer func() { _ = os.Remove(path) }()
			_, err := os.Stat(path)
			return err == nil
		}
		n := m.Namespace("acme", "p")
		for i, step := range []struct {
			do   func()
			wait time.Duration
			want bool
		}{
			{func() {}, 5 * time.Second, true}, // to see whether it can be
			{func() {}, 10 * time.Minute, false},
			{func() { n.Add([]byte("k"), 1, 0) }, 5 * time.Second, true},
			{func() { n.Add([]byte("k"), 0, 0); get(n, "k") }, 10 * time.Minute, false},
			{func() { n.Add([]byte("k"), 1, 0) }, 5 * time.Second, true},
			{func() { n.Set([]byte("t"), nil, 70*time.Second) }, 5 * time.Second, true},
			{func() {}, 55 * time.Second, false},
			{func() {}, 5 * time.Second, true}, // its time is less by now
			{func() {}, 10 * time.Second, true},
			{func() {}, 10 * time.Minute, false}, // and over
		} {
			step.do()
			time.Sleep(step.wait)
			if got := written(); got != step.want {
				t.Errorf("step %d: written %v", i, got)
			}
		}
	})
}

// Row 31: a folder that cannot be written keeps nobody from working; it is said once, and once when it is over.
func TestFault31_SnapshotCannotBeWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "not-there")
		var j journal
		m := open(t, j.into(Options{Snapshot: filepath.Join(dir, "state"), Every: time.Second}))
		n := m.Namespace("acme", "p")
		for range 10 {
			n.Add([]byte("k"), 1, 0)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		log, degraded := j.told()
		if n.Add([]byte("k"), 0, 0) != 10 || len(degraded) != 1 || !degraded[0] || strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "state.memory.snapshot") {
			t.Errorf("degraded %v, log:\n%s", degraded, log)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // nothing changed, but what could not be written still must be
		synctest.Wait()
		log, degraded = j.told()
		if len(degraded) != 2 || degraded[1] || !strings.Contains(log, "written again") {
			t.Errorf("degraded %v, log:\n%s", degraded, log)
		}
		if _, err := os.Stat(filepath.Join(dir, "state")); err != nil {
			t.Error(err)
		}
	})
}

// encode is the snapshot of a store.
func encode(tb testing.TB, m *Memory) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := (&file{}).write(&b, m.all(nil), m.opt.Now()); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// sealed gives a snapshot's beginning its sum.
func sealed(body []byte) []byte {
	return binary.LittleEndian.AppendUint64(body[:len(body):len(body)], xxhash.Sum64(body))
}

// Row 32: a file that cannot be right is set aside and told of, and the store begins empty; no part of it is taken in.
func TestFault32_CorruptSnapshots(t *testing.T) {
	t.Parallel()
	m := open(t, Options{})
	fill(m)
	good := encode(t, m)
	head := append([]byte(magic), 1, 0, 0, 0)
	space := append(bytes.Clone(head), tagSpace, 1, 'a', 1, 'p')
	with := func(b []byte, more ...byte) []byte { return append(bytes.Clone(b), more...) }
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"empty":         {nil, errFormat},
		"text":          {[]byte("{\"state\": {}, \"version\": 1}"), errFormat},
		"future":        {sealed(with([]byte(magic), 2, 0, 0, 0, tagEnd)), errVersion},
		"cut":           {good[:len(good)-9], errCut},
		"cut sum":       {good[:len(good)-1], errCut},
		"trailer":       {with(good, 0), errTrailer},
		"twice":         {with(good, good...), errTrailer},
		"sum":           {with(good[:len(good)-1], good[len(good)-1]^1), errSum},
		"no space":      {sealed(with(head, tagEntry, 1, 'k', 0, 2, tagEnd)), errEntry},
		"unknown tag":   {sealed(with(space, tagEntry+byte(kinds), 1, 'k', 0, tagEnd)), errEntry},
		"no key":        {sealed(with(space, tagEntry, 0, 0, 2, tagEnd)), errEntry},
		"long key":      {sealed(with(space, tagEntry, 0x81, 0x02)), errEntry},
		"huge key":      {sealed(with(space, tagEntry, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)), errEntry},
		"overlong":      {sealed(with(space, tagEntry, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)), errEntry},
		"huge value":    {sealed(with(space, tagEntry+byte(value), 1, 'k', 0, 0x81, 0x20)), errEntry},
		"negative time": {sealed(with(space, tagEntry+byte(once), 1, 'k', 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, tagEnd)), errEntry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := open(t, Options{}).read(bytes.NewReader(test.data)); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			var j journal
			m := open(t, j.into(Options{Snapshot: path}))
			log, _ := j.told()
			if s := m.Stats(); s != (Stats{}) {
				t.Errorf("%+v", s)
			}
			check(t, m)
			aside, _ := filepath.Glob(path + ".corrupt-*")
			if _, err := os.Stat(path); len(aside) != 1 || !errors.Is(err, os.ErrNotExist) || strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "set aside") {
				t.Fatalf("set aside %q, %v, log:\n%s", aside, err, log)
			}
			if kept, _ := os.ReadFile(aside[0]); !bytes.Equal(kept, test.data) {
				t.Error("what is set aside is not what was there")
			}
			if m.Namespace("acme", "p").Add([]byte("hits"), 1, 0) != 1 {
				t.Error("does not work on")
			}
		})
	}
	for i := range len(good) - 1 { // no flipped bit goes unseen, wherever it is
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		if err := open(t, Options{}).read(bytes.NewReader(bad)); err == nil {
			t.Errorf("a flipped bit in byte %d is unseen", i)
		}
	}
}

func TestFault32_HugeSnapshot(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, append([]byte(magic), 1, 0, 0, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, maxSnapshot+1); err != nil { // sparse
		t.Skip(err)
	}
	m := open(t, Options{Snapshot: path})
	if aside, _ := filepath.Glob(path + ".corrupt-*"); len(aside) != 1 || m.Stats() != (Stats{}) {
		t.Errorf("%q, %+v", aside, m.Stats())
	}
}

// Bounds that are lower than they were hold for what comes back, too.
func TestSnapshotBeyondTheBounds(t *testing.T) {
	t.Parallel()
	m := open(t, Options{})
	for i := range 1000 {
		m.Namespace("acme", "p").Add(key(i), 1, 0)
	}
	small := open(t, Options{NamespaceEntries: 10})
	if err := small.read(bytes.NewReader(encode(t, m))); err != nil || small.Stats().Entries != 10 {
		t.Errorf("%v, %+v", err, small.Stats())
	}
	check(t, small)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Open(Options{Snapshot: dir}); err == nil || !strings.Contains(err.Error(), "not a regular file; name a file in state.memory.snapshot") {
		t.Errorf("a folder: %v", err)
	}
	path := filepath.Join(dir, "state")
	first := open(t, Options{Snapshot: path})
	if _, err := Open(Options{Snapshot: path}); err == nil || !strings.Contains(err.Error(), "another process keeps its state there; give each its own state.memory.snapshot") {
		t.Errorf("a file in use: %v", err)
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	open(t, Options{Snapshot: path})
}

// contents is all that a store holds.
func contents(m *Memory) map[string]string {
	all := map[string]string{}
	for _, sp := range m.all(nil) {
		for i := range sp.shards {
			if s := sp.shards[i].Load(); s != nil {
				s.visit(func(_ int, e *slot) {
					all[fmt.Sprintf("%q %d %q", sp.name, e.kind, e.key)] = fmt.Sprintf("%d %q %d", e.count, e.data, e.expires)
				})
			}
		}
	}
	return all
}

// FuzzSnapshot: whatever a file holds, it is refused or read, within the store's bounds; what is read comes back the same from a snapshot of it.
func FuzzSnapshot(f *testing.F) {
	m := open(f, Options{})
	fill(m)
	f.Add(encode(f, m), true)
	f.Add([]byte(magic), false)
	f.Add(append([]byte(magic), 1, 0, 0, 0, tagSpace, 1, 'a', 0, tagEntry, 1, 'k', 0, 4, tagEnd), true)
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		if seal { // so that the fuzzer gets past the sum
			data = sealed(data)
		}
		c := newClock()
		o := Options{Now: c.now, Entries: 100, NamespaceEntries: 50, Bytes: 64 << 10}
		m := open(t, o)
		err := m.read(bytes.NewReader(data))
		check(t, m)
		if s := m.Stats(); s.Entries > 100 || s.Bytes > 64<<10 {
			t.Errorf("%+v", s)
		}
		if err != nil {
			return
		}
		again := open(t, o)
		if err := again.read(bytes.NewReader(encode(t, m))); err != nil || !maps.Equal(contents(m), contents(again)) {
			t.Errorf("%v: %v, then %v", err, contents(m), contents(again))
		}
	})
}
