// Package telemetry tells what Weir does: metrics in the Prometheus text format, one record a request, and logs that cannot be forged or leak.
//
//   - [Metrics] counts, on VictoriaMetrics/metrics, with bounded labels. Each instance has its own series.
//   - [PluginSeries] counts what a plugin does for a tenant; [Metrics.PluginInstances] and [Metrics.State] read what others keep count of.
//   - [Sink] takes the account of a request that has ended, once: it counts it and writes its [Record], without allocating or waiting for the disk.
//   - [Records] is the file of records: rotated, locked, whole lines only; it survives full disks.
//   - [NewLogHandler] and [NewLimited] make slog handlers; [Secret], [Redact] and [RedactHeader] keep credentials out of what is printed.
//
// README.md lists every metric and every field of a record.
//
// It does not serve HTTP (that is admin), read configuration, know dialects or tenants, or decide what an outcome is: the caller fills in the
// Record. Only [Records] starts a goroutine, one, which [Records.Close] ends.
//
// Any package above may import telemetry; it imports sdk/abi alone of Weir.
package telemetry
