package upstream

import (
	"context"
	"errors"
	"time"
)

// connect finds a connection for the call: an idle one, a new one, or one that
// another request gives back in time. Whether an idle one is still good it
// looks, unless that is done when the question is asked. waited tells whether it
// may have taken long.
func (t *Target) connect(c *Call) (cn *conn, waited bool, err error) {
	cn, w := t.pool.take()
	if w != nil {
		if cn, err = t.await(c, w); err != nil {
			return nil, true, err
		}
	}
	for cn != nil && !cn.plain() && !cn.alive() {
		cn = t.instead(cn)
	}
	if cn != nil {
		return cn, w != nil, nil
	}
	cn, err = t.dial(c)
	return cn, true, err
}

// instead closes a connection that has died and gives the next idle one, nil
// when there is none: then one may be dialled.
func (t *Target) instead(cn *conn) *conn {
	_ = cn.raw.Close()
	return t.pool.next()
}

// await waits for a connection to be given back, or nil: the right to dial one.
func (t *Target) await(c *Call, w *waiter) (*conn, error) {
	gone := make(chan struct{})
	if !c.begin(func() { close(gone) }) {
		t.pool.leave(w, time.Now())
		return nil, t.cancelled(Connecting)
	}
	timer := time.NewTimer(t.opt.FirstByte)
	defer timer.Stop()
	select {
	case cn := <-w.ch:
		c.begin(nil)
		return cn, nil
	case <-gone:
		t.pool.leave(w, time.Now())
		return nil, t.cancelled(Connecting)
	case <-timer.C:
		c.begin(nil)
		t.pool.leave(w, time.Now())
		return nil, &Failure{Target: t.Name, Reason: "busy", Timeout: true, Err: errBusy}
	}
}

// dial opens a connection with a right that the pool gave.
func (t *Target) dial(c *Call) (*conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !c.begin(cancel) {
		t.pool.forget()
		return nil, t.cancelled(Connecting)
	}
	cn, err := t.dialer.dial(ctx)
	if err == nil {
		return cn, nil
	}
	t.pool.forget()
	switch {
	case c.Cancelled():
		return nil, t.cancelled(Connecting)
	case errors.Is(err, ErrAddressRefused):
		return nil, &Failure{Target: t.Name, Reason: "address_refused", Err: err}
	}
	return nil, &Failure{Target: t.Name, Reason: "dial", Timeout: isTimeout(err), Retry: true, Err: err}
}

func (t *Target) cancelled(p Phase) *Failure {
	return &Failure{Target: t.Name, Phase: p, Reason: "cancelled", Err: ErrCancelled}
}
