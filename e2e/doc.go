// Package e2e tests the built program from outside: as a process with flags
// and signals, over HTTP, and through a real browser. It holds no code of its
// own besides tests and knows nothing of the program's packages, so a change
// inside that users cannot see needs no change here.
package e2e
