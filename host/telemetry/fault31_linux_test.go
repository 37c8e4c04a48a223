package telemetry

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A real file system of 128 KiB that fills up and gets room again.
func TestFault31_SmallFileSystem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skip("mounting needs root: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := openDesk(t, RecordsOptions{Path: filepath.Join(dir, "r.jsonl"), MaxSize: -1})
		d.send(150) // some 90 KiB
		synctest.Wait()
		d.degraded(1)
		if err := d.records.Err(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("the reason: %v", err)
		}
		d.inOrder(d.ids(d.path)) // whole lines only, even now
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		time.Sleep(maxBackoff + time.Second)
		d.degraded(0)
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		if n := d.inOrder(d.ids(d.path)); n != 150 {
			t.Errorf("%d lines of 150", n)
		}
		d.settled(150)
	})
}
