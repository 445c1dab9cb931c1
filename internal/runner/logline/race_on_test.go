//go:build race

package logline

// raceEnabled: under the race detector sync.Pool forgets on purpose.
const raceEnabled = true
