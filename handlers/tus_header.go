package handlers

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/views"
)

const (
	chunkType = "application/offset+octet-stream"
	// checksumAlgorithms are those that newHash knows.
	checksumAlgorithms = "sha1,md5,sha256"
)

// isChunk reports whether the body is said to hold bytes of an upload.
func isChunk(c *fiber.Ctx) bool {
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	return err == nil && kind == chunkType
}

func hasBody(c *fiber.Ctx) bool {
	return c.Context().RequestBodyStream() != nil && c.Request().Header.ContentLength() != 0
}

// wrongHeader says what is wrong with one header of the protocol.
func wrongHeader(name string, text fieldText) *problem {
	return &problem{
		status: fiber.StatusBadRequest, kind: "invalid", fields: map[string]fieldText{name: text},
		words: func(t *views.Text) views.Problem { return t.Problems.TusHeaders },
	}
}

// checkMetadata requires that Upload-Metadata is what the protocol says: pairs
// of a key, which comes once, and a Base64 value, which may be left out. The
// library would leave out what it cannot read.
func checkMetadata(header string) error {
	if header == "" {
		return nil
	}
	wrong := wrongHeader("Upload-Metadata", func(f *views.Fields) string { return f.MetadataInvalid })
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if _, err := base64.StdEncoding.DecodeString(value); err != nil || key == "" || seen[key] {
			return wrong
		}
		seen[key] = true
	}
	return nil
}

// checksum is what the bytes of one request have to come to.
type checksum struct {
	hash.Hash
	want []byte
}

func (s *checksum) matches() bool { return bytes.Equal(s.Sum(nil), s.want) }

// checksumOf reads Upload-Checksum; it is nil where there is none.
func checksumOf(c *fiber.Ctx) (*checksum, error) {
	header := c.Get("Upload-Checksum")
	if header == "" {
		return nil, nil
	}
	algorithm, value, _ := strings.Cut(header, " ")
	sum := newHash(algorithm)
	if sum == nil {
		return nil, wrongHeader("Upload-Checksum", func(f *views.Fields) string {
			return f.ChecksumUnknown.With(checksumAlgorithms)
		})
	}
	want, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(want) != sum.Size() {
		return nil, wrongHeader("Upload-Checksum", func(f *views.Fields) string { return f.ChecksumInvalid })
	}
	return &checksum{sum, want}, nil
}

// newHash is nil for an algorithm that is not offered.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "sha1":
		return sha1.New()
	case "md5":
		return md5.New()
	case "sha256":
		return sha256.New()
	}
	return nil
}
