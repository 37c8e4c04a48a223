package telemetry

import (
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"
)

// requestKey names the series of weir_* metrics a request counts in.
type requestKey struct{ tenant, route, endpoint string }

// requestSeries are the handles of one requestKey, made when first needed so that no series is exposed that never counted.
type requestSeries struct {
	key                requestKey // as shown
	outcomes           [outcomes]atomic.Pointer[metrics.Counter]
	duration, overhead lazyHistogram
	tokens             [2]atomic.Pointer[tokenCounters] // reported, estimated
	prompt             atomic.Pointer[promptCounters]
}

// tokenCounters are the counters of one source: input, cached, cache_write, output, reasoning.
type tokenCounters [5]*metrics.Counter

// promptCounters are the bytes of prompts whose beginnings were seen before, and were not.
type promptCounters struct{ seen, unseen *metrics.Counter }

// operationKey names the series of gen_ai_* metrics.
type operationKey struct{ operation, provider, requestModel, responseModel, errorType string }

type operationSeries struct {
	key                                      operationKey // as shown
	duration, input, output, ttft, perOutput lazyHistogram
}

type lazyHistogram struct {
	p atomic.Pointer[metrics.PrometheusHistogram]
}

// of returns the histogram, made in f under the label values shown if it is not there yet. Whoever else makes it at this moment gets the same one.
func (l *lazyHistogram) of(f *family, shown ...string) *metrics.PrometheusHistogram {
	if h := l.p.Load(); h != nil {
		return h
	}
	h := f.histogram(shown...)
	l.p.Store(h)
	return h
}

// observe counts one request that has ended.
func (m *Metrics) observe(r *Record) {
	outcome := r.Outcome
	if outcome >= outcomes {
		outcome = Internal
	}
	s := m.requestsOf(r)
	k := &s.key
	m.outcomeOf(s, outcome).Inc()
	s.duration.of(m.duration, k.route, k.endpoint).Update(r.Total.Seconds())
	if r.Gateway > 0 {
		s.overhead.of(m.overhead, k.endpoint).Update(r.Gateway.Seconds())
	}
	if r.Input|r.Output != 0 {
		m.countTokens(s, r)
	}
	if r.PromptBytes > 0 {
		m.countPrompt(s, r)
	}
	if len(r.Signals)|len(r.Phrases) != 0 {
		countRequests(m.signalsBy, r.Tenant, r.Signals)
		countRequests(m.phrasesBy, r.Tenant, r.Phrases)
	}
	m.countAttempts(r)
	if outcome == ClientLeft {
		if r.TTFT > 0 {
			m.leftInStream.Inc()
		} else {
			m.leftEarly.Inc()
		}
	}
	if r.TTFT > 0 && (outcome == UpstreamCut || outcome == UpstreamTimeout || outcome == UpstreamError) {
		m.streamErrorsBy.of(r.Target, r.errorType()).Inc()
	}
	if r.Uninspected != (Uninspected{}) {
		for i, part := range r.Uninspected.kinds() {
			m.uninspectedParts[i].Add(int(part.count))
		}
	}
	if r.Target != "" {
		m.observeOperation(r)
	}
}

// recent remembers the handles a pooled record counted in last: the next request it serves often has the same names, and comparing them costs
// less than hashing them.
type recent struct {
	of         *Metrics
	requests   *requestSeries
	operations *operationSeries
}

// requestsOf returns the handles of the request: at most one lookup when its names were seen before.
func (m *Metrics) requestsOf(r *Record) *requestSeries {
	if r.recent.of != m {
		r.recent = recent{of: m, requests: m.restRequests, operations: m.restOperations}
	}
	k := requestKey{r.Tenant, r.Route, r.Endpoint}
	if s := r.recent.requests; s.key == k {
		return s
	}
	s := m.lookupRequests(k)
	r.recent.requests = s
	return s
}

func (m *Metrics) lookupRequests(k requestKey) *requestSeries {
	if s := m.requestSets.get(k); s != nil {
		return s
	}
	shown := requestKey{m.tenants.label(k.tenant, true), m.routes.label(k.route, true), m.endpoints.label(k.endpoint, true)}
	if s := m.requestSets.get(shown); s != nil {
		return s
	}
	if s := m.requestSets.put(shown, &requestSeries{key: shown}); s != nil {
		return s
	}
	return m.restRequests
}

func (m *Metrics) outcomeOf(s *requestSeries, o Outcome) *metrics.Counter {
	if c := s.outcomes[o].Load(); c != nil {
		return c
	}
	c := m.requests.counter(s.key.tenant, s.key.route, s.key.endpoint, o.String())
	s.outcomes[o].Store(c)
	return c
}

func (m *Metrics) countTokens(s *requestSeries, r *Record) {
	which, source := 0, "reported"
	if r.Estimated {
		which, source = 1, "estimated"
	}
	c := s.tokens[which].Load()
	if c == nil {
		c = new(tokenCounters)
		for i, kind := range [...]string{"input", "cached", "cache_write", "output", "reasoning"} {
			c[i] = m.tokens.counter(s.key.tenant, s.key.route, kind, source)
		}
		s.tokens[which].Store(c)
	}
	for i, n := range [...]int64{r.Input, r.Cached, r.CacheWrite, r.Output, r.Reasoning} {
		if n > 0 {
			c[i].AddInt64(n)
		}
	}
}

// countPrompt counts the bytes of a prompt. Series of one tenant share the counters.
func (m *Metrics) countPrompt(s *requestSeries, r *Record) {
	c := s.prompt.Load()
	if c == nil {
		c = &promptCounters{seen: m.promptBytes.counter(s.key.tenant, "true"), unseen: m.promptBytes.counter(s.key.tenant, "false")}
		s.prompt.Store(c)
	}
	seen := r.promptSeen()
	if seen > 0 {
		c.seen.AddInt64(seen)
	}
	if seen < r.PromptBytes {
		c.unseen.AddInt64(r.PromptBytes - seen)
	}
}

// countRequests counts one request for each thing found in it.
func countRequests(by *counters, tenant string, found []Count) {
	for i := range found {
		if found[i].N > 0 {
			by.of(tenant, found[i].Name).Inc()
		}
	}
}

func (m *Metrics) countAttempts(r *Record) {
	for i := range r.Attempts {
		a := &r.Attempts[i]
		m.attemptsBy.of(a.Target, a.result()).Inc()
		if i > 0 {
			m.retriesBy.of(a.Target, r.Attempts[i-1].result()).Inc()
		}
	}
}

// result returns what came of an attempt in one word: why it failed, else the class of its status.
func (a *Attempt) result() string {
	switch {
	case a.Reason != "":
		return a.Reason
	case a.Status == 429:
		return "status_429"
	case a.Status >= 500:
		return "status_5xx"
	case a.Status >= 400:
		return "status_4xx"
	case a.Status == 0:
		return "no_answer"
	}
	return "ok"
}

// observeOperation counts what the OpenTelemetry conventions call a GenAI operation: a request that reached a model.
func (m *Metrics) observeOperation(r *Record) {
	operation := operationOf(r.Endpoint)
	if operation == "" {
		return
	}
	s := m.operationsOf(r, operation)
	k := &s.key
	s.duration.of(m.operationDuration, k.operation, k.provider, k.requestModel, k.responseModel, k.errorType).Update(r.Total.Seconds())
	if !r.Estimated { // the conventions: no usage rather than a guess
		if r.Input > 0 {
			s.input.of(m.tokenUsage, k.operation, k.provider, k.requestModel, k.responseModel, "input").Update(float64(r.Input))
		}
		if r.Output > 0 {
			s.output.of(m.tokenUsage, k.operation, k.provider, k.requestModel, k.responseModel, "output").Update(float64(r.Output))
		}
	}
	if !r.Stream || r.Outcome != OK || r.TTFT <= 0 {
		return
	}
	s.ttft.of(m.timeToFirstToken, k.operation, k.provider, k.requestModel, k.responseModel).Update(r.TTFT.Seconds())
	if per := r.perOutputToken(); per > 0 {
		s.perOutput.of(m.timePerOutputTok, k.operation, k.provider, k.requestModel, k.responseModel).Update(per.Seconds())
	}
}

// operationOf returns the gen_ai.operation.name of an endpoint, "" for one that asks no model.
func operationOf(endpoint string) string {
	switch endpoint {
	case "chat", "messages", "responses":
		return "chat"
	case "completions":
		return "text_completion"
	case "embeddings":
		return "embeddings"
	}
	return ""
}

// operationsOf returns the handles of the operation: one lookup when its names were seen before. A model's name takes one of the places only when an
// answer shows that there is such a model; otherwise names made up by clients would fill them.
func (m *Metrics) operationsOf(r *Record, operation string) *operationSeries {
	k := operationKey{operation, r.Provider, r.Model, r.ModelReturned, r.errorType()}
	if s := r.recent.operations; s.key == k {
		return s
	}
	s := m.lookupOperations(k, r.Outcome == OK)
	r.recent.operations = s
	return s
}

func (m *Metrics) lookupOperations(k operationKey, exists bool) *operationSeries {
	if s := m.operationSets.get(k); s != nil {
		return s
	}
	shown := operationKey{
		operation:     k.operation,
		provider:      m.providers.label(k.provider, true),
		requestModel:  m.requestModels.label(k.requestModel, exists),
		responseModel: m.responseModels.label(k.responseModel, exists),
		errorType:     m.errorTypes.label(k.errorType, true),
	}
	if s := m.operationSets.get(shown); s != nil {
		return s
	}
	if s := m.operationSets.put(shown, &operationSeries{key: shown}); s != nil {
		return s
	}
	return m.restOperations
}
