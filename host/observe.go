package host

import (
	"time"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/host/policy"
	"weir/host/telemetry"
	"weir/sdk/abi"
)

// pluginSeries counts what plugins do on the requests' way. It is policy.Observer.
type pluginSeries struct{ *telemetry.Metrics }

// Series is policy.Observer.
func (p pluginSeries) Series(plugin, tenant string) policy.Series {
	return series{p.Plugin(plugin, tenant)}
}

type series struct{ *telemetry.PluginSeries }

// Called is policy.Series.
func (s series) Called(v *policy.Verdict, bytes int) {
	s.PluginSeries.Called(&telemetry.PluginCall{
		Hook: v.Hook, Action: v.Action, Ran: v.Calls > 0, Took: time.Duration(v.Took), Fuel: v.Fuel, Frame: bytes, Fault: v.Fault.String(),
	})
}

// pluginEvents counts what plugins do beside that. It is plugin.Observer.
type pluginEvents struct{ *telemetry.Metrics }

// Counter is plugin.Observer.
func (p pluginEvents) Counter(name, tenant, metric string) plugin.Counter {
	return p.PluginCounter(name, tenant, metric)
}

// Refused is plugin.Observer.
func (p pluginEvents) Refused(name, tenant, function string) {
	p.Plugin(name, tenant).Refused(function)
}

// Ticked is plugin.Observer.
func (p pluginEvents) Ticked(name, tenant string, c *frame.Call, f *frame.Fault) {
	call := telemetry.PluginCall{Hook: abi.HookTick, Ran: true, Took: c.Took(), Fuel: c.Fuel, Frame: c.Size}
	if f != nil {
		call.Fault = f.Class.String()
	}
	p.Plugin(name, tenant).Called(&call)
}
