package telemetry

// pluginFamilies are what is told of plugins.
type pluginFamilies struct {
	calls, faults, fuel, seconds, frameBytes *family
	memo, breaker, refusals, own             *family
	instances, instanceBytes, instanceEvents *family
	uploads                                  *family
}

func (f *pluginFamilies) add(c *catalogue) {
	f.calls = c.add("counter", "weir_plugin_calls_total", "calls",
		"Calls of plugins' hooks by the gravest action of the verdict; none: it had nothing to say.", "plugin", "tenant", "hook", "action")
	f.faults = c.add("counter", "weir_plugin_faults_total", "faults", "What went wrong with plugins; busy, open and load: they were not called.", "plugin", "tenant", "class")
	f.fuel = c.add("counter", "weir_plugin_fuel_total", "units", "Fuel that plugins spent.", "plugin", "tenant")
	f.seconds = c.add("histogram", "weir_plugin_seconds", "seconds", "Duration of one call of a hook, the host's part included.", "plugin", "hook")
	f.frameBytes = c.add("counter", "weir_plugin_frame_bytes_total", "bytes", "Frames that plugins were shown.", "plugin", "tenant")
	f.memo = c.add("counter", "weir_plugin_memo_total", "messages", "Messages that a plugin judging one by one was spared (hit), or shown (miss).", "plugin", "result")
	f.breaker = c.add("gauge", "weir_plugin_breaker", "tenants", "Tenants for whom the plugin's hook is left alone because it failed time after time; its fail mode is in force.", "plugin", "hook")
	f.refusals = c.add("counter", "weir_plugin_refusals_total", "calls", "Calls of hooks in which a host function was refused: quota, capability, argument.", "plugin", "tenant", "function")
	f.own = c.add("counter", "weir_plugin_metric_total", "—", "What plugins count themselves, by the name they give it.", "plugin", "tenant", "name")
	f.instances = c.add("gauge", "weir_plugin_instances", "instances", "Instances of plugins, idle ones included.", "plugin")
	f.instanceBytes = c.add("gauge", "weir_plugin_instance_bytes", "bytes", "Memory that they take.", "plugin")
	f.instanceEvents = c.add("counter", "weir_plugin_instance_events_total", "instances",
		"Instances made, failed (could not be made), discarded (after a fault) and evicted (idle, for want of memory).", "plugin", "event")
	f.uploads = c.add("counter", "weir_plugin_uploads_total", "requests",
		"Plugins that tenants brought, or took away, through the admin API: added, replaced, unchanged, deleted, refused (the tenant's to mend), failed (Weir's).", "tenant", "result")
}
