package state

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// childMarker makes the test binary the process that is killed.
const childMarker = "keep-saving-state"

// generationKeys is how many entries a generation of the child's state has; each holds the generation's number.
const generationKeys = 300

// keepSaving writes generation after generation of a state to a snapshot, and each one's number to standard output once it is said to be kept.
func keepSaving(path string) {
	m, err := Open(Options{Snapshot: path, Every: time.Hour}) // it alone saves
	if err != nil {
		fmt.Println(err)
		return
	}
	n := m.Namespace("acme", "p")
	for g := n.Add([]byte("generation"), 1, 0); ; g = n.Add([]byte("generation"), 1, 0) {
		for i := range generationKeys {
			n.Set(key(i), strconv.AppendInt(nil, g, 10), 0)
		}
		m.save(true)
		fmt.Println(g)
	}
}

// Row 30: a process killed at any moment leaves the state of one moment, no older than the last it said it kept, and the next one starts with it.
func TestFault30_KilledWhileSaving(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	var last int64
	for range rounds {
		said := runAndKill(t, path, 1+rand.IntN(12), time.Duration(rand.IntN(3000))*time.Microsecond)
		m, err := Open(Options{Snapshot: path})
		if err != nil {
			t.Fatal(err)
		}
		n := m.Namespace("acme", "p")
		g := n.Add([]byte("generation"), 0, 0)
		if g < said || g < last {
			t.Errorf("generation %d is there, though %d was kept and there was %d before", g, said, last)
		}
		for i := range generationKeys {
			if got, _ := get(n, string(key(i))); got != fmt.Sprint(g) {
				t.Fatalf("entry %d is of generation %s, the state of %d", i, got, g)
			}
		}
		if s := m.Stats(); s.Entries != generationKeys+1 {
			t.Errorf("%+v", s)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		last = g
	}
	if aside, _ := filepath.Glob(path + ".corrupt-*"); len(aside) > 0 {
		t.Errorf("set aside: %q", aside)
	}
}

// runAndKill lets a child keep that many generations, waits a little and kills it. It returns the last generation the child spoke of.
func runAndKill(t *testing.T, path string, generations int, after time.Duration) int64 {
	t.Helper()
	child := exec.Command(os.Args[0], childMarker, path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var said int64
	lines := bufio.NewScanner(out)
	read := func() bool {
		if !lines.Scan() {
			return false
		}
		n, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			t.Errorf("the child says %q", lines.Text())
			return false
		}
		said = n
		return true
	}
	for range generations {
		if !read() {
			t.Error("the child ended by itself")
			break
		}
	}
	killed := time.AfterFunc(after, func() { _ = child.Process.Kill() }) // somewhere in the generations that follow
	defer killed.Stop()
	for read() {
	}
	_ = child.Wait()
	return said
}
