package telemetry

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// The disk fills up in the middle of a line: requests go on, the half line is cut off, and what waited is written when there is room again.
func TestFault31_DiskFull(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		truncate error // when the half line cannot be cut at once
	}{{"cut at once", nil}, {"cut when opened again", syscall.EIO}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := openDesk(t, RecordsOptions{})
				line := len(sampleRecord().appendLine(nil, true))
				d.disk.set(func(k *disk) { k.full, k.room, k.truncate = true, 5*line+line/2, test.truncate })
				d.send(20)
				synctest.Wait()
				d.degraded(1)
				if n := d.metrics.written.Get(); n != 5 && n != 4 {
					t.Errorf("%d lines counted as written where about 5 had room", n)
				}
				time.Sleep(time.Minute)
				d.degraded(1)
				d.disk.set(func(k *disk) { k.full, k.truncate = false, nil })
				time.Sleep(maxBackoff + time.Second)
				d.degraded(0)
				d.send(10)
				if err := d.close(); err != nil {
					t.Fatal(err)
				}
				if n := d.inOrder(d.ids(d.path)); n != 30 {
					t.Errorf("%d lines of 30", n)
				}
				d.settled(30)
				if text := d.log.String(); strings.Count(text, "\n") != 2 {
					t.Errorf("not one line for the failure and one for the recovery: %s", text)
				}
			})
		})
	}
}

// What cannot be cut off either, as in an append-only file, is at least ended: it spoils no other line.
func TestFault31_HalfLineThatStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, RecordsOptions{})
		d.disk.set(func(k *disk) { k.full, k.room, k.truncate = true, 100, syscall.EPERM })
		d.send(1)
		synctest.Wait()
		d.disk.set(func(k *disk) { k.full = false })
		time.Sleep(maxBackoff + time.Second)
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		half, rest, _ := strings.Cut(string(text), "\n")
		if len(half) != 100 || parse(t, []byte(rest)).RequestID != "req-000000" {
			t.Errorf("%d bytes, then %q", len(half), rest)
		}
	})
}

// While nothing can be written, memory is bounded: what finds no room in the queue is dropped and counted.
func TestFault31_QueueBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, RecordsOptions{QueueBytes: 64 << 10})
		d.disk.set(func(k *disk) { k.full = true })
		d.send(5000)
		d.records.mu.Lock()
		pending := cap(d.records.pending)
		d.records.mu.Unlock()
		if pending > 128<<10 {
			t.Errorf("%d bytes wait", pending)
		}
		d.disk.set(func(k *disk) { k.full = false })
		time.Sleep(maxBackoff + time.Second)
		d.send(10)
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		ids := d.ids(d.path)
		if n := d.inOrder(ids); n < 50 || n >= 5000 || ids[n-1] != "req-005009" {
			t.Errorf("%d lines, the last is %s", n, ids[n-1])
		}
		d.settled(len(ids))
	})
}

func TestFault31_ReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, RecordsOptions{}, func(d *desk) { d.disk.open = syscall.EROFS })
		d.send(10)
		time.Sleep(time.Minute)
		d.degraded(1)
		if err := d.records.Err(); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), d.path) {
			t.Errorf("the reason: %v", err)
		}
		d.disk.set(func(k *disk) { k.open = nil })
		time.Sleep(maxBackoff + time.Second)
		d.degraded(0)
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		if n := d.inOrder(d.ids(d.path)); n != 10 {
			t.Errorf("%d lines", n)
		}
	})
}

// A path that cannot be opened at the start is tried again although no requests come.
func TestFault31_OpenedLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, RecordsOptions{}, func(d *desk) { d.disk.open = syscall.EACCES })
		d.degraded(1)
		time.Sleep(time.Minute)
		d.degraded(1)
		d.disk.set(func(k *disk) { k.open = nil })
		time.Sleep(maxBackoff + time.Second)
		d.degraded(0)
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFault31_DirectoryVanishes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "log")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		d := openDesk(t, RecordsOptions{Path: filepath.Join(dir, "r.jsonl")})
		d.send(5)
		synctest.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * identityFor)
		d.send(5)
		synctest.Wait()
		d.degraded(1)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(maxBackoff + time.Second)
		d.degraded(0)
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		if ids := d.ids(d.path); d.inOrder(ids) != 5 || ids[0] != "req-000005" {
			t.Errorf("found again: %v", ids)
		}
	})
}

// Closing over a disk that stays full ends at once and says what was lost.
func TestFault31_CloseWhileFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, RecordsOptions{})
		d.disk.set(func(k *disk) { k.full = true })
		d.send(20)
		synctest.Wait()
		began := time.Now()
		if err := d.close(); !errors.Is(err, errUnwritten) {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("Close took %v", took)
		}
		d.settled(0)
	})
}

// A disk that hangs holds up Close no longer than its deadline, and requests not at all.
func TestFault31_DiskHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, RecordsOptions{})
		stall := make(chan struct{})
		d.disk.set(func(k *disk) { k.stall = stall })
		began := time.Now()
		d.send(100)
		if took := time.Since(began); took != 0 {
			t.Errorf("requests waited %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.records.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		close(stall)
		<-d.records.done
		d.settled(d.inOrder(d.ids(d.path)))
	})
}

// The kernel's own full device.
func TestFault31_DevFull(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here: ", err)
	}
	m := NewMetrics(Build{}, Limits{})
	w, err := OpenRecords(RecordsOptions{Path: "/dev/full"}, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSink(m, w, SinkOptions{Sample: 1})
	for range 100 {
		done := sampleRecord()
		s.Begin()
		s.Done(done)
	}
	if err := w.Close(t.Context()); !errors.Is(err, errUnwritten) {
		t.Errorf("Close: %v", err)
	}
	if err := w.Err(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Err: %v", err)
	}
	scrape(t, m).want(t, map[string]float64{`weir_degraded{part="records"}`: 0, `weir_records_dropped_total`: 100}) // the trouble has ended with the writer
}
