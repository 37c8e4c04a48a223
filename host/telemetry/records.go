package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// RecordsOptions says where records go and how much room they may take. Zero sizes take the defaults.
type RecordsOptions struct {
	Path       string // records.file; a regular file, or a pipe or device, which is neither rotated nor repaired
	MaxSize    int64  // rotate before the file grows past this many bytes: 100 MiB; negative = never
	Keep       int    // rotated files kept, PATH.1 (newest) to PATH.N: 5
	QueueBytes int64  // lines waiting for the disk: 16 MiB, beside as much being written; what comes beyond is dropped and counted
}

const (
	minBackoff   = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
	chunkBytes   = 256 << 10 // per write
	keptBuffer   = 1 << 20   // larger buffers are let go when a burst is over
	keptScratch  = 64 << 10
	identityFor  = time.Second        // how long the path is trusted to be still the open file
	rotateAgain  = time.Minute        // after a rotation that failed
	recordsPart  = "records"          // of weir_degraded
	rotationPart = "records_rotation" // likewise
)

var errUnwritten = errors.New("records: lines were lost because the file could not be written before the deadline")

// Records writes request records to a file, one line each, without ever making a request wait: lines queue in memory, one goroutine (ended by Close)
// writes them. While the file cannot be written — full or read-only disk, vanished directory — it retries with back-off, weir_degraded{part="records"}
// is 1, and lines beyond the queue's bound are dropped and counted. The file holds whole lines only, but for the last one while a process is being killed,
// which the next start cuts off. The file is locked (flock) so that two processes cannot interleave.
type Records struct {
	opt     RecordsOptions
	metrics *Metrics
	log     *slog.Logger
	scratch sync.Pool // *[]byte: a line is composed outside the lock

	mu      sync.Mutex
	pending []byte // lines that wait
	lines   int    // in pending
	closed  bool

	wake    chan struct{} // pending is not empty
	reopen  chan struct{}
	closing chan struct{}
	done    chan struct{} // closed when the goroutine has ended
	lastErr atomic.Pointer[error]

	// of the goroutine:
	file      *rotating
	unrotated bool
	lost      bool // read by Close after done
}

// OpenRecords starts writing to o.Path. A file that cannot be opened now is no error: it is logged, shown by Err and in the metrics, and tried again.
// A reload that leaves the options as they are should keep the Records it has; one opened beside it waits until the former is closed.
func OpenRecords(o RecordsOptions, m *Metrics, log *slog.Logger) (*Records, error) {
	return openRecords(o, m, log, openFile)
}

func openRecords(o RecordsOptions, m *Metrics, log *slog.Logger, open opener) (*Records, error) {
	if o.Path == "" {
		return nil, errors.New("records: no path; set records.file")
	}
	if o.MaxSize == 0 {
		o.MaxSize = 100 << 20
	}
	if o.Keep <= 0 {
		o.Keep = 5
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 16 << 20
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Records{
		opt: o, metrics: m, log: log,
		scratch: sync.Pool{New: func() any { return new([]byte) }},
		wake:    make(chan struct{}, 1), reopen: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
		file: newRotating(o, open),
	}
	if err := w.file.ensure(0, time.Now()); err != nil {
		w.failed(err)
	}
	go w.run()
	return w, nil
}

// write queues r's line, or drops it when there is no room.
func (w *Records) write(r *Record, text bool) {
	buf, ok := w.scratch.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	line := r.appendLine((*buf)[:0], text)
	if !w.enqueue(line) {
		w.metrics.dropped.Inc()
	}
	if cap(line) <= keptScratch {
		*buf = line
		w.scratch.Put(buf)
	}
}

func (w *Records) enqueue(line []byte) bool {
	w.mu.Lock()
	if w.closed || int64(len(w.pending)+len(line)) > w.opt.QueueBytes {
		w.mu.Unlock()
		return false
	}
	w.pending = append(w.pending, line...)
	w.lines++
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return true
}

// Reopen closes the file and opens the path anew, for an external logrotate. A moved file is also noticed without it, within about a second of writing.
func (w *Records) Reopen() {
	select {
	case w.reopen <- struct{}{}:
	default:
	}
}

// Err returns why records cannot be written at the moment, nil when they can.
func (w *Records) Err() error {
	if err := w.lastErr.Load(); err != nil {
		return *err
	}
	return nil
}

// Close writes what waits, once more trying a file that failed, and ends the goroutine. When ctx ends first, what is left is dropped and counted, and
// Close returns an error; a write that hangs in the kernel may then outlive the call. Later records are dropped. Further calls wait likewise.
func (w *Records) Close(ctx context.Context) error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.closing)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-ctx.Done():
		w.file.abort()
		return errors.Join(errUnwritten, ctx.Err())
	}
	if w.lost {
		return errUnwritten
	}
	return nil
}

func (w *Records) run() {
	defer close(w.done)
	defer w.leave()
	defer w.file.close()
	var spare []byte
	for closing := false; ; {
		select {
		case <-w.reopen: // also when lines never cease
			w.file.close()
		default:
		}
		batch, lines := w.take(spare)
		if len(batch) > 0 {
			w.writeOut(batch, lines)
			if spare = batch[:0]; cap(batch) > max(keptBuffer, 8*len(batch)) {
				spare = nil
			}
			continue
		}
		spare = batch
		if closing {
			return
		}
		var retry <-chan time.Time
		if w.lastErr.Load() != nil { // with nothing to write: only the open failed
			retry = time.After(maxBackoff)
		}
		select {
		case <-w.wake:
		case <-retry:
			w.retryOpen()
		case <-w.reopen:
			w.Reopen() // for the top of the loop
		case <-w.closing:
			closing = true // nothing is queued any more: one more look
		}
	}
}

func (w *Records) retryOpen() {
	if err := w.file.ensure(0, time.Now()); err != nil {
		w.failed(err)
		return
	}
	w.recovered()
}

// take hands over what waits and leaves spare in its place.
func (w *Records) take(spare []byte) (batch []byte, lines int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch, lines = w.pending, w.lines
	w.pending, w.lines = spare, 0
	return batch, lines
}

// writeOut writes whole lines, retrying until they are written or the writer is closing.
func (w *Records) writeOut(batch []byte, lines int) {
	backoff, most := minBackoff, chunkBytes
	if w.opt.MaxSize > 0 {
		most = int(min(chunkBytes, w.opt.MaxSize))
	}
	for len(batch) > 0 {
		chunk := firstLines(batch, most)
		n, err := w.file.write(chunk, time.Now())
		if n > 0 {
			written := bytes.Count(batch[:n], newline)
			w.metrics.written.Add(written)
			lines -= written
			batch = batch[n:]
		}
		if err == nil {
			w.recovered()
			backoff = minBackoff
			continue
		}
		w.failed(err)
		if !w.pause(backoff) {
			w.lost = true
			w.metrics.dropped.Add(lines)
			return
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// pause waits before the next try; it reports false when the writer is closing, but grants one last try if it was not closing before.
func (w *Records) pause(d time.Duration) bool {
	select {
	case <-w.closing:
		return false
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.reopen:
	case <-w.closing:
	}
	return true
}

func (w *Records) failed(err error) {
	if w.lastErr.Swap(&err) == nil {
		w.metrics.failing.Add(1)
		w.log.Error("records cannot be written; requests are served, records queue and then are dropped", "file", w.opt.Path, "setting", "records.file", "error", err)
	}
}

func (w *Records) recovered() {
	if w.lastErr.Swap(nil) != nil {
		w.metrics.failing.Add(-1)
		w.log.Info("records are written again", "file", w.opt.Path, "dropped_total", w.metrics.dropped.Get())
	}
	switch failing := w.file.rotateErr != nil; {
	case failing && !w.unrotated:
		w.metrics.unrotated.Add(1)
		w.log.Error("records file cannot be rotated and grows past its bound", "file", w.opt.Path, "error", w.file.rotateErr)
		w.unrotated = true
	case !failing && w.unrotated:
		w.metrics.unrotated.Add(-1)
		w.unrotated = false
	}
}

// leave takes the writer's troubles out of the metrics: they end with it. Err still tells the last one.
func (w *Records) leave() {
	if w.lastErr.Load() != nil {
		w.metrics.failing.Add(-1)
	}
	if w.unrotated {
		w.metrics.unrotated.Add(-1)
	}
}

var newline = []byte("\n")

// firstLines returns as many whole lines of p as fit in limit bytes, at least one.
func firstLines(p []byte, limit int) []byte {
	if len(p) <= limit {
		return p
	}
	if end := bytes.LastIndexByte(p[:limit], '\n'); end >= 0 {
		return p[:end+1]
	}
	return p[:bytes.IndexByte(p, '\n')+1]
}
