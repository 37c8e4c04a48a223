package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// desk is a writer of records under test with its metrics, and with a disk that can be made to fail.
type desk struct {
	t       *testing.T
	path    string
	metrics *Metrics
	log     bytes.Buffer
	disk    disk
	records *Records
	sink    *Sink
	sent    int
}

// disk stands between the writer and real files.
type disk struct {
	mu       sync.Mutex
	full     bool
	room     int   // bytes left once full is set
	open     error // opening fails so
	truncate error // cutting fails so
	stall    chan struct{}
}

type faultyFile struct {
	*os.File
	disk *disk
}

func (d *disk) openFile(path string) (file, error) {
	d.mu.Lock()
	err := d.open
	d.mu.Unlock()
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	under, ok := f.(*os.File)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return &faultyFile{under, d}, nil
}

func (f *faultyFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	stall := f.disk.stall
	f.disk.mu.Unlock()
	if stall != nil {
		<-stall
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.full || len(p) <= f.disk.room {
		f.disk.room -= len(p)
		return f.File.Write(p)
	}
	n, _ := f.File.Write(p[:f.disk.room])
	f.disk.room = 0
	return n, syscall.ENOSPC
}

func (f *faultyFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.truncate != nil {
		return f.disk.truncate
	}
	return f.File.Truncate(size)
}

func (d *disk) set(change func(*disk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func openDesk(t *testing.T, o RecordsOptions, prepare ...func(*desk)) *desk {
	t.Helper()
	d := &desk{t: t, path: o.Path, metrics: NewMetrics(Build{}, Limits{})}
	if d.path == "" {
		d.path = filepath.Join(t.TempDir(), "records.jsonl")
		o.Path = d.path
	}
	for _, p := range prepare {
		p(d)
	}
	w, err := openRecords(o, d.metrics, slog.New(NewLogHandler(&d.log, LogOptions{})), d.disk.openFile)
	if err != nil {
		t.Fatal(err)
	}
	d.records = w
	d.sink = NewSink(d.metrics, w, SinkOptions{Text: true, Sample: 1})
	return d
}

// send accounts for n requests, numbered in order.
func (d *desk) send(n int) {
	for range n {
		r := sampleRecord()
		r.RequestID = fmt.Sprintf("req-%06d", d.sent)
		d.sent++
		d.sink.Begin()
		d.sink.Done(r)
	}
}

func (d *desk) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return d.records.Close(ctx)
}

// ids reads the files, oldest first, each of whole and valid lines, and returns the numbers of the requests found.
func (d *desk) ids(paths ...string) []string {
	d.t.Helper()
	var ids []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			ids = append(ids, parse(d.t, line).RequestID)
		}
	}
	return ids
}

// inOrder fails unless ids grow strictly; it returns how many there are.
func (d *desk) inOrder(ids []string) int {
	d.t.Helper()
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			d.t.Fatalf("%s comes after %s", ids[i], ids[i-1])
		}
	}
	return len(ids)
}

// settled fails unless every record sent is in the file or counted as dropped.
func (d *desk) settled(inFile int) {
	d.t.Helper()
	written, dropped := int(d.metrics.written.Get()), int(d.metrics.dropped.Get())
	if written != inFile || written+dropped != d.sent {
		d.t.Errorf("%d sent, %d in the file; counted: %d written, %d dropped", d.sent, inFile, written, dropped)
	}
}

func (d *desk) degraded(want float64) {
	d.t.Helper()
	scrape(d.t, d.metrics).want(d.t, map[string]float64{`weir_degraded{part="records"}`: want})
	if err := d.records.Err(); (err != nil) != (want == 1) {
		d.t.Errorf("Err: %v", err)
	}
}

func TestRecordsWritten(t *testing.T) {
	t.Parallel()
	d := openDesk(t, RecordsOptions{})
	d.send(1000)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if n := d.inOrder(d.ids(d.path)); n != 1000 {
		t.Errorf("%d lines", n)
	}
	d.settled(1000)
	d.degraded(0)
	if info, err := os.Stat(d.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := d.close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	d.send(1) // after closing: dropped, not lost without a trace
	d.settled(1000)
}

func TestRecordsAppend(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, before, kept string }{
		{"whole lines", "{\"time\":\"a\"}\n", "{\"time\":\"a\"}\n"},
		{"torn record", "{\"time\":\"a\"}\n{\"time\":\"b\",\"req", "{\"time\":\"a\"}\n"},
		{"only a torn record", "{\"time\":\"b\",\"req", ""},
		{"torn at once", "{", ""},
		{"a long torn record", "{}\n{\"time\":\"b\",\"x\":\"" + strings.Repeat("y", 200_000), "{}\n"},
		{"somebody else's last line", "{\"a\":1}\n{\"b\":2}", "{\"a\":1}\n{\"b\":2}\n"},
		{"empty", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "r.jsonl")
			if err := os.WriteFile(path, []byte(test.before), 0o600); err != nil {
				t.Fatal(err)
			}
			d := openDesk(t, RecordsOptions{Path: path})
			d.send(2)
			if err := d.close(); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rest, ok := strings.CutPrefix(string(text), test.kept)
			if !ok || strings.Count(rest, "\n") != 2 || !strings.HasPrefix(rest, recordStart) {
				t.Errorf("the file begins with %.100q", text)
			}
		})
	}
}

func TestRecordsRotation(t *testing.T) {
	t.Parallel()
	d := openDesk(t, RecordsOptions{MaxSize: 4000, Keep: 3})
	for range 100 {
		d.send(1)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(d.path + "*")
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Size() > 4000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	ids := d.ids(d.path+".3", d.path+".2", d.path+".1", d.path)
	if n := d.inOrder(ids); n < 10 || ids[n-1] != "req-000099" {
		t.Errorf("%d lines, the last is %s", n, ids[n-1])
	}
	d.settled(100)
}

func TestRecordsRotationFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, rotationFails)
}

func rotationFails(t *testing.T) {
	d := openDesk(t, RecordsOptions{MaxSize: 2000, Keep: 1})
	if err := os.MkdirAll(filepath.Join(d.path+".1", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.send(50)
	synctest.Wait()
	scrape(t, d.metrics).want(t, map[string]float64{`weir_degraded{part="records_rotation"}`: 1, `weir_degraded{part="records"}`: 0})
	if n := d.inOrder(d.ids(d.path)); n != 50 {
		t.Errorf("%d lines", n)
	}
	if err := os.RemoveAll(d.path + ".1"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(rotateAgain)
	d.send(1)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if n, old := len(d.ids(d.path)), len(d.ids(d.path+".1")); n != 1 || old != 50 {
		t.Errorf("%d lines, and %d rotated", n, old)
	}
	scrape(t, d.metrics).want(t, map[string]float64{`weir_degraded{part="records_rotation"}`: 0})
}

// An external logrotate moves the file away: after Reopen, or by itself after a second, the next lines go to a new one.
func TestRecordsMovedAway(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			d := openDesk(t, RecordsOptions{})
			d.send(3)
			synctest.Wait()
			if err := os.Rename(d.path, d.path+".old"); err != nil {
				t.Fatal(err)
			}
			if told {
				d.records.Reopen()
				synctest.Wait()
			} else {
				time.Sleep(2 * identityFor)
			}
			d.send(3)
			if err := d.close(); err != nil {
				t.Fatal(err)
			}
			if old, fresh := len(d.ids(d.path+".old")), len(d.ids(d.path)); old != 3 || fresh != 3 {
				t.Errorf("told %v: %d lines in the old file, %d in the new one", told, old, fresh)
			}
		})
	}
}

func TestRecordsLocked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := openDesk(t, RecordsOptions{})
		second := openDesk(t, RecordsOptions{Path: first.path})
		second.degraded(1)
		if err := second.records.Err(); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("the reason: %v", err)
		}
		first.send(10)
		second.send(10)
		if err := first.close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * maxBackoff)
		if err := second.close(); err != nil {
			t.Fatal(err)
		}
		second.degraded(0)
		if n := len(second.ids(first.path)); n != 20 {
			t.Errorf("%d lines", n)
		}
	})
}

func TestOpenRecordsFaults(t *testing.T) {
	t.Parallel()
	if _, err := OpenRecords(RecordsOptions{}, NewMetrics(Build{}, Limits{}), nil); err == nil || !strings.Contains(err.Error(), "records.file") {
		t.Errorf("no path: %v", err)
	}
}

// A pipe whose reader does not read holds up neither requests nor, beyond its deadline, Close.
func TestRecordsPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	d := openDesk(t, RecordsOptions{Path: path})
	d.send(1000) // more than a pipe holds
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.records.Close(ctx); !errors.Is(err, errUnwritten) || !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	<-d.records.done
	piped, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	whole := piped[:bytes.LastIndexByte(piped, '\n')+1]
	for line := range bytes.Lines(whole) {
		parse(t, line)
	}
	d.settled(bytes.Count(whole, newline))
}
