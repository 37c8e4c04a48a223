package load

// A stream is one answer in events, seen from both ends.
type stream struct {
	*streams
	client  *client
	request []byte
	up      *upConn // while it is answered
	sent    int     // events written
	seen    int     // events received whole
	sentAt  []int64 // by event
	due     int64   // when the next event of a paced stream is to be written
}

// begin writes the first event, and what the pace says of the others.
func (s *stream) begin() error {
	s.sent, s.seen = 0, 0
	if err := s.sendNext(); err != nil {
		return err
	}
	switch s.pace {
	case Burst:
		for s.up != nil {
			if err := s.sendNext(); err != nil {
				return err
			}
		}
	case Paced:
		s.due = s.sentAt[0] + s.firstGap()
		s.loop.At(s.due, s)
	}
	return nil
}

// Due writes the next event of a paced stream.
func (s *stream) Due(int64) (int64, error) {
	if s.up == nil {
		return 0, nil
	}
	if err := s.sendNext(); err != nil || s.up == nil {
		return 0, err
	}
	s.due += s.interval // whatever the delay, the pace stays
	return s.due, nil
}

func (s *stream) sendNext() error {
	up := s.up
	s.sentAt[s.sent] = s.loop.Now()
	w := s.script.writes[s.sent]
	if s.sent++; s.sent == len(s.script.writes) { // the proxy may use the connection again
		up.stream, s.up = nil, nil
	}
	return up.write(w)
}

// received notes the events that have come whole by now.
func (s *stream) received() error {
	now := s.loop.Now()
	for s.seen < s.sent && s.client.got >= s.script.ends[s.seen] {
		if s.delays != nil {
			if err := s.delays.RecordValue(max(now-s.sentAt[s.seen], 1)); err != nil {
				return err
			}
		}
		s.seen++
		s.events++
	}
	if s.pace == Lockstep && s.seen == s.sent && s.up != nil {
		return s.sendNext()
	}
	return nil
}
