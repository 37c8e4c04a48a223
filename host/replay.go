package host

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"weir/host/config"
)

// ReplayOptions say what Replay does.
type ReplayOptions struct {
	Records  string         // file of records with texts
	Plugin   string         // module: a .wasm file, or builtin:NAME
	Name     string         // the plugin of the records that it takes the place of, as verdicts name it; "": see Replay
	Config   *config.Config // settings and limits of plugins.NAME, targets, routes, cache_dir; nil: there is none
	Limit    int            // records to read; 0: all
	Parallel int            // requests at a time; 0: as many as there are processors. 1 keeps the order of the records, for plugins that keep state

	Changed  func(*ReplayChange) error // takes each record whose verdict differs, in the order of the records
	Progress func(ReplayProgress)      // told every other second; may be nil
	Log      *slog.Logger              // hears of faults; nil: nobody
}

// ReplayProgress is how far a replay has come.
type ReplayProgress struct {
	Records, Changed int64
	Share            float64 // of the file, 0 to 1; NaN: unknown
}

// Replay runs a plugin offline over recorded requests and tells what it would have said otherwise than the plugin of that name did when
// they were recorded. Requests are made from the records' texts, so records need records.content: text; frames carry FRAME_REPLAY.
//
// Without a Name it is the only plugin that the records tell of, or the one named as the file or as its manifest says. A name TENANT/NAME
// is a tenant's own plugin, and is replayed over that tenant's records. Where a record has no verdict of the plugin, what it would have said
// is compared to nothing said.
//
// Limits are those of the configuration, but for time: a call may take a second, and what took longer than limits.deadline is counted. Faults do
// not open breakers, and nothing is remembered of messages. State begins empty. Without a configuration the plugin gets the capabilities it asks for.
//
// Lines that are no records are counted, and the replay goes on. It holds at most some 100 MiB of lines. Errors are those of files and of the
// plugin itself, of Changed, and ctx's.
func Replay(ctx context.Context, o ReplayOptions) (*ReplaySummary, error) {
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	o.Parallel = min(o.Parallel, replayWindow)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	in, err := os.Open(o.Records)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	p, err := openReplay(ctx, in, &o)
	if err != nil {
		return nil, err
	}
	r := &replay{options: &o, plugin: p, budget: make(chan struct{}, replayBudget)}
	summary, err := r.run(ctx, in)
	if closing := p.close(); err == nil {
		err = closing
	}
	return summary, err
}

// What a replay holds of lines at a time: replayWindow of them, and no more than replayBudget MiB that are not yet replayed.
const (
	replayWindow = 256
	replayBudget = 64
)

// replay is one in progress.
type replay struct {
	options *ReplayOptions
	plugin  *replayPlugin
	budget  chan struct{} // a token for each MiB of lines in hand
	read    error         // what ended the reading; see reader
}

// replayTask is a line on its way.
type replayTask struct {
	number int
	at     int64 // bytes of the file read with it
	line   []byte
	tokens int
	result replayResult
	done   chan struct{}
}

// run has the lines read by one goroutine, replayed by several, and takes what came of them in their order.
func (r *replay) run(ctx context.Context, in *os.File) (*ReplaySummary, error) {
	inner, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	queue, order := make(chan *replayTask), make(chan *replayTask, replayWindow)
	work.Go(func() { r.reader(inner, in, queue, order) })
	for range r.options.Parallel {
		work.Go(func() { r.worker(queue) })
	}
	sum := newReplaySum(r.plugin)
	told := time.Now()
	size := fileSize(in)
	for t := range order {
		select {
		case <-t.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if err := sum.add(t, r.options.Changed); err != nil {
			return nil, err
		}
		if now := time.Now(); r.options.Progress != nil && now.Sub(told) >= 2*time.Second {
			told = now
			r.options.Progress(sum.progress(t.at, size))
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.read != nil { // order is closed behind it
		return nil, r.read
	}
	return sum.summary(), nil
}

// fileSize is a regular file's, in bytes; 0 for others.
func fileSize(f *os.File) int64 {
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

// reader hands out the lines until the last, the limit, or the end of ctx.
func (r *replay) reader(ctx context.Context, in io.Reader, queue, order chan<- *replayTask) {
	defer close(order)
	defer close(queue)
	lines := newRecordLines(in)
	for n := 0; r.options.Limit <= 0 || n < r.options.Limit; n++ {
		line, err := lines.next()
		if err != nil && !errors.Is(err, errLongLine) {
			if !errors.Is(err, io.EOF) {
				r.read = err
			}
			return
		}
		t := &replayTask{number: lines.n, at: lines.bytes, line: line, done: make(chan struct{})}
		if err != nil {
			t.result.bad = err
		}
		if !r.hold(ctx, t) || !send(ctx, order, t) || !send(ctx, queue, t) {
			return
		}
	}
}

// hold waits until there is room for a line.
func (r *replay) hold(ctx context.Context, t *replayTask) bool {
	for want := min(1+len(t.line)>>20, cap(r.budget)); t.tokens < want; t.tokens++ {
		select {
		case r.budget <- struct{}{}:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func send[T any](ctx context.Context, to chan<- T, x T) bool {
	select {
	case to <- x:
		return true
	case <-ctx.Done():
		return false
	}
}

// worker replays lines, one at a time.
func (r *replay) worker(queue <-chan *replayTask) {
	w := newReplayWorker(r.plugin)
	defer w.stream.Close()
	for t := range queue {
		if t.result.bad == nil {
			t.result = w.replay(t.line)
		}
		t.line = nil
		for range t.tokens {
			<-r.budget
		}
		close(t.done)
	}
}
