// Package guests holds the plugins that tests run: working ones, one for each thing the ABI offers, and hostile ones, one for each
// thing a host has to survive. README.md lists them. They are built by build.sh from the sources beside them, and lock.json says
// from what and by which compiler; a test holds all three together.
//
// Only tests, fuzz targets and benchmarks import it. It owns no goroutine.
package guests
