package stream

import (
	"weir/host/policy"
	"weir/sdk/abi"
)

// Whole takes an answer that is not streamed, between Begin and Close and instead of Event and Flush: plugins are shown all of it
// in one batch each. It gives the answer as edited, appended to dst, or body itself where no edit was made; or a refusal to send
// in its place. An error means that body is not an answer of the endpoint.
func (s *Stream) Whole(dst, body []byte, now int64) ([]byte, *policy.Refusal, error) {
	if s.alive == 0 {
		return body, nil, nil
	}
	w := newScratch()
	defer w.free()
	d := &w.deltas
	if err := d.Body(s.endpoint, body); err != nil {
		return nil, nil, err
	}
	if len(d.Items) == 0 {
		return body, nil, nil
	}
	s.q = newQueue()
	if err := s.take(d); err != nil {
		s.stop()
		return nil, nil, err
	}
	s.flags |= abi.DeltaComplete
	s.q.settle(now, true)
	stop := s.run(w, &now, true)
	if stop == nil {
		stop = s.replace(w, s.q.segments)
	}
	if stop == nil && len(w.list) > 0 {
		var err error
		s.edited = true
		if body, err = d.AppendEdited(dst, body, w.list); err != nil {
			panic("stream: edits that were checked cannot be made: " + err.Error())
		}
	}
	s.stop()
	if stop != nil {
		return nil, stop, nil
	}
	return body, nil, nil
}
