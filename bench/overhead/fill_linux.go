package main

// describe notes what the run is made of.
func (r *report) describe(h *harness) {
	for _, p := range h.peers {
		r.Peers = append(r.Peers, peerReport{p.name, p.version, p.binary})
	}
	if h.proxyCPU != nil {
		r.Pinned = &pinned{h.proxyCPU, h.loadCPU}
		return
	}
	r.NotMeasured = append(r.NotMeasured, "saturation of the proxy alone: there is one processor, which it shares with clients and upstream; throughput and latencies are of all three")
}

// fill notes what was measured.
func (r *report) fill(h *harness) {
	r.summarize(h.samples)
	r.Errors = append(r.Errors, h.faults...)
}
