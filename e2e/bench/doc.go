// Package bench measures the built program against the least that could do the
// same work, both in one run on one machine. It prints figures and passes no
// judgement: run it with `go test -bench=. ./bench`.
package bench
