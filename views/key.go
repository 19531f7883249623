package views

import "crypto/rand"

// KeyField is the hidden field by which a form that is sent twice is known: every
// form that is shown has a key of its own.
const KeyField = "idempotency_key"

// keyValue is that field for a form that htmx alone sends to where it changes
// something, and the browser elsewhere.
func keyValue() map[string]string { return map[string]string{KeyField: rand.Text()} }
