//go:build race

package e2e

// raceEnabled says that the tests, and with them the program, are built with
// the race detector.
const raceEnabled = true
