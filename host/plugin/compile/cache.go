package compile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"

	"weir/host/plugin/meter"
)

// Compile gives the module's machine code: out of the cache, or compiled. Errors are *Error; when ctx ends, the child is stopped
// and ctx's error is returned.
func (c *Cache) Compile(ctx context.Context, job Job) (*Code, error) {
	began := time.Now()
	err := looksLike(job.Wasm)
	var sum string
	if err == nil {
		sum, err = digest(job.Wasm, job.SHA256)
	}
	if err != nil {
		return nil, refused(job.Name, err)
	}
	code, err := c.compile(ctx, &job, sum)
	if err != nil {
		return nil, err
	}
	if err := job.Rules.check(code.Report); err != nil { // of a cached module these may be new
		_ = code.Close(ctx)
		return nil, refused(job.Name, err)
	}
	code.Digest, code.Took = sum, time.Since(began)
	if c != nil && c.tell != nil {
		c.tell(code, code.wasm)
	}
	code.wasm = nil
	return code, nil
}

func (c *Cache) compile(ctx context.Context, job *Job, sum string) (*Code, error) {
	if c == nil || c.why != nil {
		if job.Trusted {
			return inMemory(ctx, job)
		}
		why := errNoDirectory
		if c != nil {
			why = c.why
		}
		return nil, unavailable(job.Name, SettingDir, why)
	}
	c.open.RLock()
	defer c.open.RUnlock()
	if c.life.Err() != nil {
		return nil, unavailable(job.Name, "", errClosed)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	code, err := c.find(inner, job, entryKey(sum, job.Meter))
	switch {
	case err == nil || inner.Err() == nil:
		return code, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, unavailable(job.Name, "", errClosed)
	}
}

var (
	errNoDirectory = errors.New("there is no directory for what is compiled")
	errClosed      = errors.New("the cache is closed")
)

// find loads the entry of that key, and makes it when it is not there.
func (c *Cache) find(ctx context.Context, job *Job, key string) (*Code, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	code, err := c.cached(ctx, job, key)
	if !errors.Is(err, errStale) {
		return code, err
	}
	if job.Trusted { // it is well known, and does not wait for what is not
		return c.make(ctx, job, key)
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.one:
	}
	defer func() { c.one <- struct{}{} }()
	code, err = c.cached(ctx, job, key) // whoever had the token may have made it
	if !errors.Is(err, errStale) {
		return code, err
	}
	return c.make(ctx, job, key)
}

// cached loads the entry of that key; errStale: there is none, any more.
func (c *Cache) cached(ctx context.Context, job *Job, key string) (*Code, error) {
	code, err := c.load(ctx, key, key)
	switch {
	case err == nil:
		code.Cached = true
		c.used(key)
		return code, nil
	case !errors.Is(err, errStale):
		return c.without(ctx, job, err)
	case err == errStale: //nolint:errorlint // bare: there was nothing
		return nil, err
	}
	c.log.Warn("a compiled plugin is not used, and compiled again", "plugin", job.Name, "entry", key, "err", err)
	if err := c.dir.remove(key); err != nil {
		c.log.Warn("a compiled plugin cannot be removed", "plugin", job.Name, "entry", key, "err", err)
	}
	return nil, err
}

// Close stops what is being compiled and gives back what the Cache holds open. Modules that were compiled stay usable; no more
// can be. It may be called again.
func (c *Cache) Close() error {
	if c == nil || c.life == nil {
		return nil
	}
	c.end()
	c.open.Lock()
	defer c.open.Unlock()
	if c.dir != nil {
		c.dir.close()
	}
	if c.top != nil {
		_ = c.top.Close()
	}
	c.dir, c.top = nil, nil
	return nil
}

// entryKey names the entry of a module: what comes of it depends on the build, the module and the meter's options alone.
func entryKey(digest string, opt meter.Options) string {
	h := sha256.New()
	_, _ = io.WriteString(h, digest)
	_ = json.NewEncoder(h).Encode(opt) // a struct of numbers
	return hex.EncodeToString(h.Sum(nil))
}

// without goes on without the cache, where that is allowed.
func (c *Cache) without(ctx context.Context, job *Job, err error) (*Code, error) {
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case job.Trusted:
		c.log.Warn("a plugin is compiled without the cache", "plugin", job.Name, "err", err)
		return inMemory(ctx, job)
	case errors.Is(err, errExecutable), !errors.Is(err, errDisk) && !errors.As(err, new(syscall.Errno)):
		return nil, unavailable(job.Name, "", err)
	default:
		return nil, unavailable(job.Name, SettingDir, err)
	}
}

// make compiles a module that is not in the cache, and puts it there.
func (c *Cache) make(ctx context.Context, job *Job, key string) (*Code, error) {
	if _, err := Inspect(job.Name, job.Wasm, job.Rules); err != nil {
		return nil, err
	}
	name, err := c.dir.temporary(jobPrefix)
	if err != nil {
		return c.without(ctx, job, err)
	}
	defer func() { _ = c.dir.RemoveAll(name) }() // unless it has been moved
	var report *meter.Report
	if job.Trusted {
		if report, err = work(ctx, c.dir.path(name), job.Wasm, job.Meter); err != nil {
			err = fault(job.Name, err)
		}
	} else {
		report, err = c.child(ctx, job, name)
	}
	var e *Error
	switch {
	case err == nil:
	case errors.As(err, &e) && e.Kind == Unavailable && job.Trusted:
		return c.without(ctx, job, e.Err)
	default:
		return nil, err
	}
	if err := c.seal(name, key, report); err != nil {
		return c.without(ctx, job, err)
	}
	code, err := c.load(ctx, name, key)
	if err != nil {
		return c.without(ctx, job, err)
	}
	if err := c.dir.Rename(name, key); err != nil && !errors.Is(err, fs.ErrExist) { // where it exists, another process was faster
		c.log.Warn("a compiled plugin is not kept", "plugin", job.Name, "err", err)
	}
	c.sweep(time.Now())
	return code, nil
}

// inMemory compiles a trusted module in this process and keeps nothing. Where no machine code can run, it is interpreted.
func inMemory(ctx context.Context, job *Job) (*Code, error) {
	if _, err := Inspect(job.Name, job.Wasm, job.Rules); err != nil {
		return nil, err
	}
	engine := config()
	why := compilerRuns(ctx)
	if why != nil {
		engine = interpreter()
	}
	metered, report, err := prepare(ctx, engine, job.Wasm, job.Meter)
	if err != nil {
		return nil, fault(job.Name, err)
	}
	code, err := makeCode(ctx, engine, "", metered)
	if err != nil {
		return nil, fault(job.Name, err)
	}
	code.Report, code.Interpreted = report, why
	return code, nil
}
