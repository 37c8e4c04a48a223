// Package stat summarises rounds of measurements: medians with their spread, and comparisons that pair the values of the same round, so that what slowed a whole
// round down falls out. Pure functions. A value that was not measured is NaN. Only packages below bench import it.
package stat
