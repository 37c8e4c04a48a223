package plugin

import "weir/sdk/abi"

// hostMetricAdd: (name, name_len, value i64) → i32, 0 when it was counted. Counters only rise.
func hostMetricAdd(i *instance, stack []uint64) {
	i.charge(fuelMetric)
	i.quota.metrics++
	name, ok := i.view(stack[0], stack[1], abi.MaxName)
	value := int64(stack[2])
	stack[0] = refused
	if !ok || value < 0 || i.quota.metrics > abi.MetricCalls {
		i.refuse(refusedMetric, "metric_add")
		return
	}
	c, known := i.counters[string(name)]
	if !known {
		c = i.newCounter(name)
	}
	if c == nil {
		i.refuse(refusedMetric, "metric_add")
		return
	}
	c.Add(value)
	stack[0] = 0
}

// newCounter resolves a name, once an instance. nil when it is malformed or one too many.
func (i *instance) newCounter(name []byte) Counter {
	if i.phase != serving || !metricName(name) || !i.grant.shared.newMetric(string(name)) {
		return nil
	}
	c := i.grant.observer.Counter(i.grant.plugin, i.grant.tenant, string(name))
	if c == nil {
		return nil
	}
	if i.counters == nil {
		i.counters = make(map[string]Counter)
	}
	i.counters[string(name)] = c
	return c
}

// metricName tells whether name matches [a-z][a-z0-9_]*.
func metricName(name []byte) bool {
	for n, c := range name {
		if !('a' <= c && c <= 'z' || n > 0 && (c == '_' || '0' <= c && c <= '9')) {
			return false
		}
	}
	return len(name) > 0
}
