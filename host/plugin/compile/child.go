package compile

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// Exit codes of the child, beside 0 and the Go runtime's 2.
const (
	exitMemory = 3 // over its limit of memory
	exitAlone  = 4 // its parent has gone
)

// watchEvery is how often the child looks at its memory.
const watchEvery = 5 * time.Millisecond

// Child is the process that compiles one untrusted module: it reads a job from stdin, puts itself under the job's limits, leaves
// the metered module and its machine code in the working directory, and answers on stdout. It changes limits of the whole
// process, which is to end after it. When stdin ends early the parent has gone, and so goes the child. An error means that there
// was no job.
func Child(stdin io.Reader, stdout io.Writer) error {
	h, err := readHeader(stdin)
	if err != nil {
		return err
	}
	if err := confine(&h); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	wasm, err := readSized(stdin, MaxSize)
	if err != nil {
		return fmt.Errorf("module: %w", err)
	}
	go func() {
		_, _ = stdin.Read(make([]byte, 1))
		os.Exit(exitAlone)
	}()
	var answer reply
	if answer.Report, err = work(context.Background(), ".", wasm, h.Meter); err != nil {
		f := fault("", err)
		answer = reply{Kind: f.Kind, Detail: f.Detail, Setting: f.Setting, Cause: f.Err.Error()}
	}
	return json.NewEncoder(stdout).Encode(answer)
}

// confine puts the process under limits: those of the kernel where it has them, and its own watch over its memory.
func confine(h *header) error {
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(h.Memory / 8 * 7) // so that garbage is collected before the limit is reached
	debug.SetMaxStack(64 << 20)
	if err := limitProcess(h); err != nil {
		return err
	}
	go watch(h.Memory)
	return nil
}

func watch(limit int64) {
	for range time.Tick(watchEvery) {
		if n := resident(); n > limit {
			_, _ = fmt.Fprintf(os.Stderr, "%d bytes of memory, at most %d\n", n, limit)
			os.Exit(exitMemory)
		}
	}
}
