// Package auth holds the rules by which people prove who they are: what a
// username and a password may be, how a password is kept, what a token says,
// and how often somebody may guess.
//
// It answers four threats. A stolen database should not give passwords away, so
// they are kept as argon2id hashes. Guessing over the network should be slow, so
// failures are counted and hashing is rationed. Nobody should learn which
// accounts exist, so an unknown user costs as much time as a wrong password. And
// nobody should pass for another by a name that looks the same, so names come
// from two alphabets only and are compared in one normal form.
//
// The package knows nothing of HTTP, of the database or of pages. All of its
// types may be used by many goroutines at once, unless they say otherwise.
package auth
