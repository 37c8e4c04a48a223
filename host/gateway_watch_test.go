package host

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/fsnotify/fsnotify"
)

// What changes between the reading of the files and the end of a reload is
// still a change.
func TestWatcherSeesChangesDuringAReload(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "weir.yaml")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fs.Close() }()
	w := &watcher{g: &Gateway{log: slog.New(slog.DiscardHandler)}, fs: fs, files: []string{file}}
	before := w.look()
	write("two") // the reload has read "one"
	w.follow([]string{file}, before)
	if !w.changed() {
		t.Error("the change is lost")
	}
	if w.changed() {
		t.Error("one change is seen twice")
	}
}
