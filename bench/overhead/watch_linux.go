package main

import (
	"time"

	"weir/bench/overhead/machine"
)

// A watch keeps the most memory a process had while it ran.
type watch struct {
	pid  int
	most int64
	err  error
	quit chan struct{}
	done chan struct{}
}

func (w *watch) start() error {
	w.quit, w.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(w.done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			n, err := machine.Resident(w.pid)
			if w.most = max(w.most, n); err != nil {
				w.err = err
				return
			}
			select {
			case <-tick.C:
			case <-w.quit:
				return
			}
		}
	}()
	return nil
}

// stop ends the watch and tells what failed.
func (w *watch) stop() error {
	w.close()
	return w.err
}

// close ends the watch, if it was begun and not ended.
func (w *watch) close() {
	if w.quit != nil {
		close(w.quit)
		<-w.done
		w.quit = nil
	}
}
