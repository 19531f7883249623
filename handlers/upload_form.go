package handlers

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"os"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"gensubtitle/internal/storage"
	"gensubtitle/views"
)

const (
	stallTimeout = 30 * time.Second
	copyBuffer   = 256 << 10
	nameBytes    = 255
	// boundaryBytes is the most that a boundary may have (RFC 2046, 5.1.1).
	boundaryBytes = 70
	// headBytes is the most between two parts of a form: boundary and head.
	headBytes = 32 << 10
	// unnamed is what a file is called that came without a name.
	unnamed = "video"
	// zeroWidthJoiner is part of many emoji.
	zeroWidthJoiner = '\u200d'
)

// uploadForm reads the multipart body of an upload as it arrives (RFC 7578).
type uploadForm struct {
	c         *fiber.Ctx
	body      *steadyReader
	parts     *multipart.Reader
	fileLimit int64
	sessionID string // the only one the form may name
}

func (s *Server) newUploadForm(c *fiber.Ctx, fileLimit int64, sessionID string) (*uploadForm, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if kind != fiber.MIMEMultipartForm { // It is known although its parameters may not be.
		return nil, errContentType
	}
	boundary := params["boundary"]
	if err != nil || boundary == "" || len(boundary) > boundaryBytes {
		return nil, errMalformed
	}
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return nil, invalidField("file", fileRequired)
	}
	body := &steadyReader{
		ctx: c.Context(), stream: stream,
		length: int64(c.Request().Header.ContentLength()), limit: fileLimit + formBytes,
		headLimit: math.MaxInt64,
		pace:      s.newPace(),
		received:  s.Metrics.received.WithLabelValues(string(multipartUpload)),
	}
	return &uploadForm{
		// Without a reader this large the library would hand on 4 KiB at a time.
		c: c, body: body, parts: multipart.NewReader(bufio.NewReaderSize(body, copyBuffer), boundary),
		fileLimit: fileLimit, sessionID: sessionID,
	}, nil
}

// holds is how much of the disk the file will take at most.
func (f *uploadForm) holds() int64 {
	if f.body.length < 0 { // A chunked body does not say.
		return f.fileLimit
	}
	return min(f.body.length, f.fileLimit)
}

// store writes the form's file into file and returns its name and size.
// It succeeds only if the form is whole and says nothing wrong.
func (f *uploadForm) store(file storage.Incoming) (name string, size int64, err error) {
	defer f.body.finish(f.c)
	found := false
	for parts := 0; ; parts++ {
		part, err := f.nextPart()
		if err == io.EOF { // Bare after the closing boundary, wrapped where that is missing.
			break
		}
		if err != nil {
			return "", 0, f.readError("read form", err)
		}
		if parts == maxParts {
			return "", 0, errMalformed
		}
		switch part.FormName() {
		case "session_id":
			err = f.checkSession(part)
		case "file":
			if found {
				return "", 0, invalidField("file", func(t *views.Fields) string { return t.FileMoreThanOne })
			}
			found = true
			name = cleanName(part.FileName())
			size, err = f.storeFile(file, part)
		default:
			_, err = io.Copy(io.Discard, part)
			err = f.readError("read field", err)
		}
		if err != nil {
			return "", 0, err
		}
	}
	if err := f.body.rest(); err != nil {
		return "", 0, f.readError("read end of form", err)
	}
	if !found || (name == "" && size == 0) {
		return "", 0, invalidField("file", fileRequired)
	}
	return cmp.Or(name, unnamed), size, nil
}

// nextPart bounds the head of the part, which the library holds in memory.
func (f *uploadForm) nextPart() (*multipart.Part, error) {
	f.body.headLimit = f.body.read + headBytes
	part, err := f.parts.NextRawPart()
	f.body.headLimit = math.MaxInt64
	return part, err
}

func (f *uploadForm) checkSession(part io.Reader) error {
	value, err := io.ReadAll(io.LimitReader(part, formBytes))
	if err != nil {
		return f.readError("read session id", err)
	}
	if id := string(value); id != "" && id != f.sessionID {
		return errSessionMismatch
	}
	return nil
}

// storeFile copies one byte more than is allowed at most, to know that there is one.
func (f *uploadForm) storeFile(file storage.Incoming, part io.Reader) (int64, error) {
	n, err := io.CopyBuffer(diskWriter{file}, io.LimitReader(part, f.fileLimit+1), make([]byte, copyBuffer))
	if n > f.fileLimit {
		return n, fileTooLarge(f.fileLimit)
	}
	var disk *diskError
	if errors.As(err, &disk) {
		return n, fmt.Errorf("write upload: %w", disk.err)
	}
	return n, f.readError("read file", err)
}

// readError says what it means that the body could not be read to its end.
func (f *uploadForm) readError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooSlow):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s: %w: %w", doing, errStalled, err)
	case errors.Is(err, errFormTooLarge):
		return fileTooLarge(f.fileLimit)
	case f.body.failed == nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		// What came is wrong, not that it came to an end.
		return fmt.Errorf("%s: %w: %w", doing, errMalformed, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, errIncomplete, err)
}

func fileRequired(t *views.Fields) string { return t.FileRequired }

// diskWriter marks its errors, which io.Copy mixes with those of the source.
type diskWriter struct{ file io.Writer }

type diskError struct{ err error }

func (e *diskError) Error() string { return e.err.Error() }

func (w diskWriter) Write(b []byte) (int, error) {
	n, err := w.file.Write(b)
	if err != nil {
		err = &diskError{err}
	}
	return n, err
}

var (
	// errFormTooLarge ends a body that is longer than any that could be accepted.
	errFormTooLarge = errors.New("form is too large")
	errHeadTooLarge = errors.New("head of a form's part is too large")
)

// steadyReader reads a body of whatever length as long as it keeps its pace, and
// knows whether all of it came.
type steadyReader struct {
	ctx    *fasthttp.RequestCtx
	stream io.Reader
	length int64 // Content-Length; negative for a chunked body
	limit  int64
	read   int64
	ended  bool  // the stream said that it has ended
	failed error // by what, if not well
	// headLimit is what read may come to while the head of a part is read.
	headLimit int64
	pace      pace
	received  prometheus.Counter // of bytes
}

func (r *steadyReader) Read(b []byte) (int, error) {
	if r.read >= r.headLimit {
		return 0, errHeadTooLarge
	}
	b = b[:min(int64(len(b)), r.headLimit-r.read)]
	if err := r.ctx.SetReadDeadline(r.pace.deadline()); err != nil {
		return 0, err
	}
	n, err := r.stream.Read(b)
	r.read += int64(n)
	r.received.Add(float64(n))
	if err != nil {
		r.ended = true
	}
	err = r.pace.orTooSlow(err, r.read, r.length)
	// The server ends a body that was cut off without an error.
	if errors.Is(err, io.EOF) && r.length >= 0 && r.read < r.length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		r.failed = err
	}
	if err == nil && r.read > r.limit {
		err = errFormTooLarge
	}
	return n, err
}

// rest reads what follows the closing boundary.
func (r *steadyReader) rest() error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// finish tells the end of the request that nothing more is to come.
func (r *steadyReader) finish(c *fiber.Ctx) {
	if r.ended {
		c.Locals(bodyReadKey, true)
	}
}

// cleanName keeps of a file's name what is a name: no folders, nothing that
// cannot be seen, and no more than a file system would take.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != zeroWidthJoiner {
			return -1
		}
		return r
	}, name))
	if strings.Trim(name, "./"+string(zeroWidthJoiner)) == "" {
		return ""
	}
	for len(name) > nameBytes {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}
