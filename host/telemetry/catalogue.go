package telemetry

import "github.com/VictoriaMetrics/metrics"

// catalogue is every family Weir exposes, in the order of exposition.
type catalogue struct {
	buildInfo, reloads, reloadSuccess, degraded                       *family
	connections, connectionsShed, badRequests                         *family
	inFlight, requests, duration, overhead, clientLeft                *family
	attempts, retries, retryBudget, streamErrors                      *family
	tokens, uninspected                                               *family
	signals, phrases, promptBytes                                     *family
	plugins                                                           pluginFamilies
	stateEntries, stateBytes, stateEvicted                            *family
	recordsWritten, recordsDropped                                    *family
	tokenUsage, operationDuration, timeToFirstToken, timePerOutputTok *family

	all []*family
}

// Bucket bounds of the gen_ai_* histograms are those the OpenTelemetry semantic conventions for generative AI advise (gen-ai-metrics,
// ExplicitBucketBoundaries). Those of Weir's own reach from a microsecond-scale proxy to answers of ten minutes.
func newCatalogue() *catalogue {
	c := &catalogue{}
	operation := []string{"operation_name", "provider_name", "request_model", "response_model"}

	c.buildInfo = c.add("gauge", "weir_build_info", "1", "Always 1; the labels say what runs.", "version", "revision", "go_version")
	c.reloads = c.add("counter", "weir_reloads_total", "reloads", "Configuration reloads by result: ok or failed.", "result")
	c.reloadSuccess = c.add("gauge", "weir_config_last_reload_success_timestamp_seconds", "seconds since 1970", "When the configuration in force was loaded.")
	c.degraded = c.add("gauge", "weir_degraded", "0 or 1", "1 while a part does not do its work, though requests are served.", "part")

	c.connections = c.add("gauge", "weir_connections", "connections", "Open client connections.")
	c.connectionsShed = c.add("counter", "weir_connections_shed_total", "connections", "Client connections refused because limits.connections was reached.")
	c.badRequests = c.add("counter", "weir_bad_requests_total", "requests", "Requests refused for their framing, headers or body.", "reason")

	c.inFlight = c.add("gauge", "weir_requests_in_flight", "requests", "Requests accepted and not yet ended.")
	c.requests = c.add("counter", "weir_requests_total", "requests", "Requests ended, one outcome each.", "tenant", "route", "endpoint", "outcome")
	c.duration = c.histogram("weir_request_duration_seconds", "seconds", "From accepting a request to the last byte of its answer.",
		[]float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}, "route", "endpoint")
	c.overhead = c.histogram("weir_overhead_seconds", "seconds", "Time a request spent in Weir itself, waiting for models left out.",
		[]float64{5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, .001, .002, .005, .01, .05, .1, 1}, "endpoint")
	c.clientLeft = c.add("counter", "weir_client_left_total", "requests", "Requests whose client went away: before_first_byte or in_stream.", "phase")

	c.attempts = c.add("counter", "weir_upstream_attempts_total", "attempts", "Attempts at a target: ok, status_429, status_4xx, status_5xx, or why there was no answer.", "target", "result")
	c.retries = c.add("counter", "weir_retries_total", "attempts", "Attempts after the first, at this target, by why the one before failed.", "target", "reason")
	c.retryBudget = c.add("counter", "weir_retry_budget_exhausted_total", "retries", "Retries not made because the target's retry budget was spent.", "target")
	c.streamErrors = c.add("counter", "weir_stream_errors_total", "requests", "Answers that broke off after their first byte, by error type.", "target", "reason")

	c.tokens = c.add("counter", "weir_tokens_total", "tokens",
		"Tokens by type (input holds cached and cache_write, output holds reasoning) and source: reported by the upstream, or estimated.", "tenant", "route", "type", "source")
	c.uninspected = c.add("counter", "weir_uninspected_total", "parts", "Parts of requests that nobody could read.", "kind")

	c.signals = c.add("counter", "weir_signal_requests_total", "requests", "Requests whose texts held what honest text seldom does, by kind.", "tenant", "signal")
	c.phrases = c.add("counter", "weir_phrase_requests_total", "requests", "Requests whose texts held a phrase of a configured list.", "tenant", "list")
	c.promptBytes = c.add("counter", "weir_prompt_bytes_total", "bytes",
		"Text of prompts whose beginning, up to there, this process had or had not seen before.", "tenant", "seen")

	c.plugins.add(c)
	c.stateEntries = c.add("gauge", "weir_state_entries", "entries", "Counters, values and once-keys that are kept for plugins.")
	c.stateBytes = c.add("gauge", "weir_state_bytes", "bytes", "What it takes to keep them.")
	c.stateEvicted = c.add("counter", "weir_state_evicted_total", "entries", "Entries given up for want of room before their time.")

	c.recordsWritten = c.add("counter", "weir_records_written_total", "records", "Request records written to the file.")
	c.recordsDropped = c.add("counter", "weir_records_dropped_total", "records", "Request records lost because the queue was full or the file could not be written.")

	c.tokenUsage = c.histogram("gen_ai_client_token_usage", "tokens", "Tokens of one operation as the upstream reported them (gen_ai.client.token.usage).",
		metrics.ExponentialBuckets(1, 4, 14), append(operation[:4:4], "token_type")...)
	c.operationDuration = c.histogram("gen_ai_client_operation_duration_seconds", "seconds", "Duration of one operation (gen_ai.client.operation.duration).",
		metrics.ExponentialBuckets(.01, 2, 14), append(operation[:4:4], "error_type")...)
	c.timeToFirstToken = c.histogram("gen_ai_server_time_to_first_token_seconds", "seconds", "Time to the first byte of a streamed answer that succeeded (gen_ai.server.time_to_first_token).",
		[]float64{.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}, operation...)
	c.timePerOutputTok = c.histogram("gen_ai_server_time_per_output_token_seconds", "seconds", "Mean time per output token after the first of a streamed answer that succeeded (gen_ai.server.time_per_output_token).",
		[]float64{.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5}, operation...)
	return c
}

func (c *catalogue) add(kind, name, unit, help string, labels ...string) *family {
	f := &family{name: name, kind: kind, unit: unit, help: help, labels: labels, set: metrics.NewSet()}
	c.all = append(c.all, f)
	return f
}

func (c *catalogue) histogram(name, unit, help string, buckets []float64, labels ...string) *family {
	f := c.add("histogram", name, unit, help, labels...)
	f.buckets = buckets
	return f
}
