package telemetry

import "github.com/VictoriaMetrics/metrics"

// Uploaded counts what became of a plugin that a tenant brought through the admin API, or took away; result is a word of the code.
func (m *Metrics) Uploaded(tenant, result string) { m.uploadsBy.of(tenant, result).Inc() }

// PluginTotal is what a plugin came to, all tenants and hooks together.
type PluginTotal struct{ Calls, Faults int64 }

// PluginTotals returns what plugins came to by the name under which they are shown, TENANT/NAME for a tenant's own. Those beyond the bounds are all under "other".
func (m *Metrics) PluginTotals() map[string]PluginTotal {
	totals := map[string]PluginTotal{}
	for _, s := range m.pluginsBy.every() {
		t := totals[s.key.plugin]
		for hook := range s.hooks {
			if h := s.hooks[hook].Load(); h != nil {
				t.Calls += h.read(new(buckets))
			}
		}
		s.faults.each(func(c *metrics.Counter) { t.Faults += int64(c.Get()) })
		totals[s.key.plugin] = t
	}
	return totals
}
